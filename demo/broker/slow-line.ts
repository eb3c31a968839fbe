import { framesOf } from '../../core/management/index.ts';
import type { Clock } from '../../core/ports.ts';
import type { LinkData } from '../clients/protocol.ts';
import { methodOf } from './breakpoints.ts';

/** One way between a client and the broker, on which each message may take its time. */
export class SlowLine {
  readonly #clock: Clock;
  /** The method that a message begins with, this way. */
  readonly #method: string;
  readonly #what: string;
  /** Clock time at which the last thing on its way arrives, and how much is on its way. */
  #freeAt = 0;
  #underWay = 0;

  constructor(clock: Clock, method: 'basic.publish' | 'basic.deliver', what: string) {
    this.#clock = clock;
    this.#method = method;
    this.#what = what;
  }

  /** Hands data on, each message `delayMs` after the one before it; nothing is overtaken. */
  pass(data: LinkData, delayMs: number, arrive: (data: LinkData) => void): void {
    if (delayMs === 0 || typeof data === 'string') {
      this.#queue(data, 0, arrive);
      return;
    }
    for (const frame of framesOf(new Uint8Array(data))) {
      const begins = methodOf(frame) === this.#method;
      this.#queue(frame.slice().buffer, begins ? delayMs : 0, arrive);
    }
  }

  #queue(data: LinkData, delayMs: number, arrive: (data: LinkData) => void): void {
    const now = this.#clock.now();
    this.#freeAt = Math.max(this.#freeAt, now) + delayMs;
    if (this.#freeAt === now && this.#underWay === 0) {
      arrive(data);
      return;
    }
    this.#underWay++;
    this.#clock.setTimer(this.#freeAt - now, () => {
      this.#underWay--;
      arrive(data);
    }, this.#what);
  }
}
