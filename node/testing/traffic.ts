import { Subject } from 'rxjs';
import type { Broker } from '../../core/index.ts';
import { eventLoopTurn, hostNow } from './host-time.ts';

/**
 * Turns of the event loop without a byte after which the connections count as quiet. A client in
 * this process needs one to read, and one or two more to answer where it collects its writes.
 */
const QUIET_TURNS = 16;

/** Longest wait for quiet: a client may well never stop publishing. */
const QUIET_MS_MAX = 2000;

/** Knows whether bytes are on their way between the broker and its clients. */
export class Traffic {
  /** Something went in or out, or something happened that may let a test go on. */
  readonly moved$ = new Subject<void>();
  #moves = 0;

  /** How often something moved. */
  get moves(): number {
    return this.#moves;
  }

  moved(): void {
    this.#moves++;
    this.moved$.next();
  }

  /** Resolves when nothing has moved for some turns of the event loop. */
  async untilQuiet(): Promise<void> {
    const deadline = hostNow() + QUIET_MS_MAX;
    let seen = this.#moves;
    for (let turns = 0; turns < QUIET_TURNS; turns++) {
      await eventLoopTurn();
      if (this.#moves === seen) continue;
      if (hostNow() > deadline) return;
      seen = this.#moves;
      turns = 0;
    }
  }

  /** Waits until no more than `count` deliveries are unacknowledged, or for so long. */
  async untilUnacked(broker: Broker, count: number, patienceMs: number): Promise<void> {
    const deadline = hostNow() + patienceMs;
    while (unackedCount(broker) > count && hostNow() < deadline) await eventLoopTurn();
    await this.untilQuiet();
  }
}

/** Deliveries of all queues that nobody has settled. */
export function unackedCount(broker: Broker): number {
  let count = 0;
  for (const { queues } of broker.vhosts.values()) {
    for (const queue of queues.values()) count += queue.unackedCount;
  }
  return count;
}
