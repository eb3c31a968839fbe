import { PublishCounters } from '../counters.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Route } from '../exchange/router.ts';
import type { MemoryAccount } from '../memory-account.ts';
import type { Destination } from '../turn/run.ts';

/** Routes that are counted apart, each in its slot, until the slot is needed for another one. */
const SLOTS = 16;
/** Tallies after which those of what is gone are looked for. */
const SWEEP_MIN = 64;

/** What one channel published to an exchange, and how many messages of that came to each queue. */
export interface PublishTally {
  readonly counters: PublishCounters;
  readonly byQueue: ReadonlyMap<Destination, number>;
}

class Tally implements PublishTally {
  readonly counters = new PublishCounters();
  readonly byQueue = new Map<Destination, number>();
}

/** What one channel published, by exchange and queue, as far as there is room; exact in total. */
export class PublishTallies {
  /** Of exchanges that are gone, and of those without room. */
  readonly #others = new PublishCounters();
  readonly #memory: MemoryAccount;
  readonly #byExchange = new Map<Exchange, Tally>();
  /** Places that the account was told of. */
  #places = 0;
  #sweepAt = SWEEP_MIN;
  /** How many went over each of these routes, which is not added up yet. */
  readonly #routes: (Route | undefined)[] = new Array<undefined>(SLOTS).fill(undefined);
  readonly #routeCounts: number[] = new Array<number>(SLOTS).fill(0);
  /** The exchange of the last publish that is to be confirmed. */
  #exchange: Exchange | undefined;
  /** What is to be confirmed: publishes up to this sequence number went to this exchange. */
  #unconfirmed: { readonly exchange: Exchange; readonly upTo: number }[] = [];

  constructor(memory: MemoryAccount) {
    this.#memory = memory;
  }

  /** Counts a publish. `confirms` tells the sequence number of the one before. */
  note(route: Route, confirms: { readonly published: number } | undefined): void {
    if (confirms !== undefined && route.exchange !== this.#exchange) {
      this.#change(route.exchange, confirms);
    }
    const slot = route.number % SLOTS;
    if (this.#routes[slot] === route) this.#routeCounts[slot]!++;
    else this.#takeSlot(slot, route);
  }

  /** A message that no queue took: it goes back, or is dropped. */
  noteLost(exchange: Exchange, how: 'returned' | 'dropped'): void {
    exchange.pastCounters[how]++;
    this.#of(exchange)[how]++;
  }

  /** Publishes with these sequence numbers, both included, are confirmed. */
  noteConfirmed(from: number, to: number): void {
    let next = from;
    let passed = 0;
    for (const { exchange, upTo } of this.#unconfirmed) {
      if (upTo >= next) {
        const last = Math.min(upTo, to);
        this.#confirm(exchange, last - next + 1);
        next = last + 1;
      }
      if (upTo > to) break;
      passed++;
    }
    if (passed > 0) this.#unconfirmed.splice(0, passed);
    if (next <= to) this.#confirm(this.#exchange!, to - next + 1);
  }

  /** Adds what was counted by route to exchanges and queues. */
  settle(): void {
    for (let slot = 0; slot < SLOTS; slot++) this.#settleSlot(slot);
  }

  /** By exchange, of those that are there. */
  get all(): ReadonlyMap<Exchange, PublishTally> {
    this.settle();
    this.#sweep();
    return this.#byExchange;
  }

  /** Whether anything was published. */
  get hasPublished(): boolean {
    return this.total.published > 0;
  }

  /** All of it. */
  get total(): PublishCounters {
    this.settle();
    const total = new PublishCounters();
    total.add(this.#others);
    for (const { counters } of this.#byExchange.values()) total.add(counters);
    return total;
  }

  /** The channel ended. */
  clear(): void {
    this.settle();
    this.#memory.countTally(-this.#places);
    this.#places = 0;
    this.#byExchange.clear();
    this.#routes.fill(undefined);
    this.#exchange = undefined;
    this.#unconfirmed = [];
  }

  #change(exchange: Exchange, confirms: { readonly published: number }): void {
    if (this.#exchange !== undefined) {
      this.#unconfirmed.push({ exchange: this.#exchange, upTo: confirms.published });
    }
    this.#exchange = exchange;
  }

  #takeSlot(slot: number, route: Route): void {
    this.#settleSlot(slot);
    this.#routes[slot] = route;
    this.#routeCounts[slot] = 1;
  }

  #confirm(exchange: Exchange, count: number): void {
    exchange.pastCounters.confirmed += count;
    this.#of(exchange).confirmed += count;
  }

  #of(exchange: Exchange): PublishCounters {
    return this.#tallyOf(exchange)?.counters ?? this.#others;
  }

  #settleSlot(slot: number): void {
    const route = this.#routes[slot];
    const count = this.#routeCounts[slot]!;
    if (route === undefined || count === 0) return;
    this.#routeCounts[slot] = 0;
    const tally = this.#tallyOf(route.exchange);
    for (const counters of [route.exchange.pastCounters, tally?.counters ?? this.#others]) {
      counters.published += count;
      counters.routed += count * route.queueCount;
    }
    for (const queue of route.destinations) {
      if (tally !== undefined && queue.kind === 'queue') this.#addToQueue(tally, queue, count);
    }
  }

  #addToQueue({ byQueue }: Tally, queue: Destination, count: number): void {
    const before = byQueue.get(queue);
    if (before === undefined && (queue.gone || !this.#takePlace())) return;
    byQueue.set(queue, (before ?? 0) + count);
  }

  #tallyOf(exchange: Exchange): Tally | undefined {
    const known = this.#byExchange.get(exchange);
    if (known !== undefined) return known;
    if (!this.#takePlace()) return undefined;
    const tally = new Tally();
    this.#byExchange.set(exchange, tally);
    return tally;
  }

  #takePlace(): boolean {
    if (this.#places >= this.#sweepAt) this.#sweep();
    if (!this.#memory.hasRoomForTally) return false;
    this.#places++;
    this.#memory.countTally(1);
    return true;
  }

  #sweep(): void {
    for (const [exchange, { counters, byQueue }] of this.#byExchange) {
      for (const queue of byQueue.keys()) {
        if (queue.gone) this.#leavePlace(byQueue.delete(queue));
      }
      if (!exchange.gone) continue;
      this.#others.add(counters);
      for (const queue of byQueue.keys()) this.#leavePlace(byQueue.delete(queue));
      this.#leavePlace(this.#byExchange.delete(exchange));
    }
    this.#sweepAt = Math.max(SWEEP_MIN, 2 * this.#places);
  }

  #leavePlace(left: boolean): void {
    if (!left) return;
    this.#places--;
    this.#memory.countTally(-1);
  }
}
