import type { Broker } from '../../core/index.ts';
import type { TestClock } from './test-clock.ts';
import { unackedCount, type Traffic } from './traffic.ts';
import type { Wire } from './wire.ts';

/** Steps of heartbeats alone after which the clients may read what has piled up. */
const HEARTBEAT_STEPS_MAX = 256;

export interface TimelineParts {
  readonly broker: Broker;
  /** Time of queues, messages and consumers. */
  readonly clock: TestClock;
  /** Time of handshakes and heartbeats, which always flows: clients go by the wall clock. */
  readonly sessionClock: TestClock;
  readonly traffic: Traffic;
  readonly wires: Iterable<Wire>;
  /** Real milliseconds that a handler may take over a delivery before time goes on. */
  readonly patienceMs: number;
}

/**
 * Moves time forward from one timer to the next, and lets the clients answer in between: what
 * they send belongs to the time at which they had cause to.
 */
export class Timeline {
  readonly #parts: TimelineParts;
  /** The end of the advance at hand: two at once run one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(parts: TimelineParts) {
    this.#parts = parts;
  }

  /** Resolves when all that is due within that time has happened. */
  advance(milliseconds: number): Promise<void> {
    this.#last = this.#last.then(() => this.#advance(milliseconds));
    return this.#last;
  }

  async #advance(milliseconds: number): Promise<void> {
    const { broker, clock, sessionClock, traffic, patienceMs } = this.#parts;
    await traffic.untilQuiet();
    await traffic.untilUnacked(broker, 0, patienceMs);
    let left = milliseconds;
    for (let quietSteps = 0; ; quietSteps++) {
      // Sessions flow in fractions of a millisecond; whole ones keep the time of queues exact.
      const delay = Math.min(clock.nextDelay, Math.ceil(sessionClock.nextDelay));
      if (delay > left) break;
      left -= delay;
      const answered = await this.#step(delay, quietSteps >= HEARTBEAT_STEPS_MAX);
      if (answered) quietSteps = 0;
    }
    this.#skip(left);
    await traffic.untilQuiet();
  }

  /** Moves to the next timer; whether clients had time to answer, as heartbeats need none. */
  async #step(delay: number, mustWait: boolean): Promise<boolean> {
    const { broker, clock, traffic, patienceMs } = this.#parts;
    const isBrokerDue = clock.nextDelay <= delay;
    const { moves } = traffic;
    const unacked = unackedCount(broker);
    this.#skip(delay);
    if (!isBrokerDue && traffic.moves === moves && !mustWait) return false;
    await traffic.untilQuiet();
    await traffic.untilUnacked(broker, unacked, patienceMs);
    return true;
  }

  #skip(delay: number): void {
    const { clock, sessionClock, wires } = this.#parts;
    // A client that lives by the wall clock cannot send the heartbeats of an hour in a moment:
    // silence counts only where the test made it.
    for (const wire of wires) if (!wire.deaf) wire.vouch();
    sessionClock.skip(delay);
    clock.skip(delay);
  }
}
