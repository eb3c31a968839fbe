import type { VirtualClock } from '../clock/virtual-clock.ts';
import type { Cancel, Clock } from '../ports.ts';

/**
 * The clock of one process. Once that is killed, nothing that it waits for happens any more.
 * What it defers is a timer too, so that one task at a time can be watched.
 */
export class ProcessClock implements Clock {
  /** Timers and tasks that have not run: 0 when nothing is left behind. */
  pending = 0;
  readonly #clock: VirtualClock;
  readonly #afterTask: () => void;
  readonly #wallOffset: () => number;
  #killed = false;

  constructor(clock: VirtualClock, afterTask: () => void, wallOffset: () => number) {
    this.#clock = clock;
    this.#afterTask = afterTask;
    this.#wallOffset = wallOffset;
  }

  get killed(): boolean {
    return this.#killed;
  }

  kill(): void {
    this.#killed = true;
  }

  now(): number {
    return this.#clock.now();
  }

  wall(): number {
    return this.#clock.wall() + this.#wallOffset();
  }

  setTimer(delayMs: number, run: () => void): Cancel {
    this.pending++;
    let waits = true;
    const done = (): boolean => {
      if (!waits) return false;
      waits = false;
      this.pending--;
      return !this.#killed;
    };
    // Whole milliseconds, so that wall-clock times lose nothing when they are computed with.
    const cancel = this.#clock.setTimer(Math.ceil(delayMs), () => {
      if (!done()) return;
      run();
      this.#afterTask();
    });
    return () => {
      if (done()) cancel();
    };
  }

  defer(run: () => void): void {
    this.setTimer(0, run);
  }
}
