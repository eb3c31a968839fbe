import type { Clock } from '../../core/ports.ts';

/** Rest of a world that has nothing to do, which ends when something stirs. */
export class Sleep {
  readonly #host: Clock;
  /** Something stirred since the last rest. */
  #stirred = false;
  #end: () => void = () => {};

  constructor(host: Clock) {
    this.#host = host;
  }

  /** Whether a rest would begin at all. */
  get isDue(): boolean {
    return !this.#stirred;
  }

  /** Rests for so many milliseconds of the wall, or without an end where they are not given. */
  async rest(milliseconds: number | undefined): Promise<void> {
    if (this.isDue) {
      await new Promise<void>((resolve) => {
        const cancel = milliseconds === undefined
          ? () => {}
          : this.#host.setTimer(milliseconds, resolve);
        this.#end = () => {
          cancel();
          resolve();
        };
      });
    }
    this.#stirred = false;
    this.#end = () => {};
  }

  wake(): void {
    this.#stirred = true;
    this.#end();
  }
}
