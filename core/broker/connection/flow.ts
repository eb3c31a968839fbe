import { limits } from '../../limits.ts';
import type { Cancel, Clock } from '../../ports.ts';

/**
 * Whether a connection is in flow: it asks for more work than its share of the turns, and is read
 * as often as that lets. It comes and goes with each chunk, so what is told is whether it was held
 * up of late.
 */
export class Flow {
  active = false;
  readonly #clock: Clock;
  readonly #changed: (active: boolean) => void;
  /** Whether it was held up since that was looked at last. */
  #noted = false;
  #cancel: Cancel = () => {};
  #stopped = false;

  constructor(clock: Clock, changed: (active: boolean) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** It was held up. */
  note(): void {
    this.#noted = true;
    if (this.active || this.#stopped) return;
    this.active = true;
    this.#changed(true);
    this.#look();
  }

  /** The connection ends: what still comes on it, behind its close, is nobody's flow. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
    this.active = false;
  }

  #look(): void {
    this.#noted = false;
    this.#cancel = this.#clock.setTimer(limits.flowShownMs, () => {
      if (this.#noted) return this.#look();
      this.active = false;
      this.#changed(false);
    }, 'a connection in flow');
  }
}
