import type { Cancel } from '../../ports.ts';
import type { Turn } from '../turn/turn.ts';

/** What gives timers whose work is a turn of its own. */
export interface Timers {
  readonly turn: Turn;
  setTimer(delayMs: number, run: () => void, what: string): Cancel;
}

/** Waits until the message at the head of a queue expires: one timer for all of them. QUE-14. */
export class ExpiryTimer {
  readonly #timers: Timers;
  readonly #expired: () => void;
  #at = Infinity;
  #cancel: Cancel | undefined;

  constructor(timers: Timers, expired: () => void) {
    this.#timers = timers;
    this.#expired = expired;
  }

  /** The head expires at this time of the clock; Infinity: never. */
  wait(at: number): void {
    if (at === this.#at) return;
    this.stop();
    this.#at = at;
    if (at === Infinity) return;
    this.#cancel = this.#timers.setTimer(at - this.#timers.turn.now, () => {
      this.#at = Infinity;
      this.#expired();
    }, 'a message expires');
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#at = Infinity;
  }
}
