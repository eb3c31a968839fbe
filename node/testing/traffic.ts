import { Subject } from 'rxjs';
import type { Broker } from '../../core/index.ts';
import { eventLoopTurn, hostNow } from './host-time.ts';

/**
 * Turns of the event loop without a byte after which the connections count as quiet. A client
 * that collects its writes needs one or two to answer what it has read.
 */
const QUIET_TURNS = 16;

/** Silence after which a client of another process counts as quiet: its bytes are not in sight. */
const FOREIGN_QUIET_MS = 50;

/** A client that reads nothing for so long is not waited for until it does. */
const STALLED_MS = 100;

/** Longest wait for quiet: a client may well never stop publishing. */
const QUIET_MS_MAX = 2000;

/** A connection, as far as bytes are on their way over it. */
export interface Watched {
  /** undefined: they cannot be counted, as its client is in another process. */
  readonly bytesOnTheWay: number | undefined;
}

/** Knows whether bytes are on their way between the broker and its clients. */
export class Traffic {
  /** Something went in or out, or something happened that may let a test go on. */
  readonly moved$ = new Subject<void>();
  readonly #wires: () => Iterable<Watched>;
  /** Octets that a client leaves unread. */
  readonly #stalled = new WeakMap<Watched, number>();
  #moves = 0;

  constructor(wires: () => Iterable<Watched>) {
    this.#wires = wires;
  }

  /** How often something moved. */
  get moves(): number {
    return this.#moves;
  }

  moved(): void {
    this.#moves++;
    this.moved$.next();
  }

  /** Resolves when all bytes have come and none has followed for some turns of the event loop. */
  async untilQuiet(): Promise<void> {
    const isOver = deadlineIn(QUIET_MS_MAX);
    let seen = this.#moves;
    let movedAt = hostNow();
    for (let turns = 0; ; turns++) {
      await eventLoopTurn();
      const now = hostNow();
      if (isOver()) return;
      if (this.#moves !== seen) {
        seen = this.#moves;
        movedAt = now;
        turns = 0;
      }
      if (now - movedAt > STALLED_MS) this.#giveUpStalled();
      if (this.#isOnTheWay()) turns = 0;
      const isLongEnough = !this.#hasForeign() || now - movedAt >= FOREIGN_QUIET_MS;
      if (turns >= QUIET_TURNS && isLongEnough) return;
    }
  }

  #isOnTheWay(): boolean {
    for (const wire of this.#wires()) {
      const bytes = wire.bytesOnTheWay ?? 0;
      if (bytes > 0 && bytes !== this.#stalled.get(wire)) return true;
    }
    return false;
  }

  #hasForeign(): boolean {
    for (const wire of this.#wires()) if (wire.bytesOnTheWay === undefined) return true;
    return false;
  }

  #giveUpStalled(): void {
    for (const wire of this.#wires()) this.#stalled.set(wire, wire.bytesOnTheWay ?? 0);
  }

  /** Waits until no more than `count` deliveries are unacknowledged, or for so long. */
  async untilUnacked(broker: Broker, count: number, patienceMs: number): Promise<void> {
    if (unackedCount(broker) <= count) return;
    const isOver = deadlineIn(patienceMs);
    while (unackedCount(broker) > count && !isOver()) await eventLoopTurn();
    await this.untilQuiet();
  }
}

/**
 * Answers whether that time is over; it is to be asked once a turn of the event loop. While a
 * machine stands still no client has any time, so that it does not end before some turns.
 */
function deadlineIn(milliseconds: number): () => boolean {
  const end = hostNow() + milliseconds;
  let turns = 0;
  return () => ++turns > QUIET_TURNS && hostNow() >= end;
}

/** Deliveries of all queues that nobody has settled. */
export function unackedCount(broker: Broker): number {
  let count = 0;
  for (const { queues } of broker.vhosts.values()) {
    for (const queue of queues.values()) count += queue.unackedCount;
  }
  return count;
}
