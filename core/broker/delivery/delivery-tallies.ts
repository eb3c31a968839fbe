import { DeliveryCounters, type ConsumerCounts } from '../counters.ts';
import type { MemoryAccount } from '../memory-account.ts';

/** Tallies after which those of queues that are gone are looked for. */
const SWEEP_MIN = 64;

/** A queue that counts what goes out of it. */
export interface CountedQueue {
  readonly name: string;
  readonly vhost: { readonly name: string };
  /** Whether it is deleted. */
  readonly gone: boolean;
  /** What went out of it, but for what its present consumers got. */
  readonly pastCounters: DeliveryCounters;
}

/** A consumer that counts what it gets itself. */
export interface CountedConsumer extends ConsumerCounts {
  readonly queue: CountedQueue;
}

/** What went out to one channel, by queue, as far as there is room for that; exact in total. */
export class DeliveryTallies {
  /** Of queues that are gone, of those without room, and of what is from no queue. */
  readonly others = new DeliveryCounters();
  readonly #memory: MemoryAccount;
  readonly #byQueue = new Map<CountedQueue, DeliveryCounters>();
  /** Consumers that count what they get themselves. */
  readonly #consumers = new Set<CountedConsumer>();
  #sweepAt = SWEEP_MIN;
  /** The one that was asked for last: the next one is mostly of the same queue. */
  #lastQueue: CountedQueue | undefined;
  #last: DeliveryCounters = this.others;

  constructor(memory: MemoryAccount) {
    this.#memory = memory;
  }

  /** Counts what goes out of this queue but by consumers; not to be kept. */
  of(queue: CountedQueue): DeliveryCounters {
    if (queue === this.#lastQueue) return this.#last;
    this.#lastQueue = queue;
    return (this.#last = this.#byQueue.get(queue) ?? this.#add(queue));
  }

  join(consumer: CountedConsumer): void {
    this.#consumers.add(consumer);
  }

  leave(consumer: CountedConsumer): void {
    if (this.#consumers.delete(consumer)) this.of(consumer.queue).addConsumer(consumer);
  }

  /** By queue, of those that are there. */
  get all(): ReadonlyMap<CountedQueue, DeliveryCounters> {
    this.#sweep();
    const all = new Map<CountedQueue, DeliveryCounters>();
    const of = (queue: CountedQueue): DeliveryCounters => {
      const counters = all.get(queue) ?? new DeliveryCounters();
      all.set(queue, counters);
      return counters;
    };
    for (const [queue, counters] of this.#byQueue) of(queue).add(counters);
    for (const consumer of this.#consumers) of(consumer.queue).addConsumer(consumer);
    return all;
  }

  /** All of it. */
  get total(): DeliveryCounters {
    const total = new DeliveryCounters();
    total.add(this.others);
    for (const counters of this.#byQueue.values()) total.add(counters);
    for (const consumer of this.#consumers) total.addConsumer(consumer);
    return total;
  }

  /** The channel ended. */
  clear(): void {
    this.#memory.countTally(-this.#byQueue.size);
    this.#byQueue.clear();
    this.#lastQueue = undefined;
    this.#last = this.others;
  }

  #add(queue: CountedQueue): DeliveryCounters {
    if (this.#byQueue.size >= this.#sweepAt) this.#sweep();
    if (queue.gone || !this.#memory.hasRoomForTally) return this.others;
    const counters = new DeliveryCounters();
    this.#byQueue.set(queue, counters);
    this.#memory.countTally(1);
    return counters;
  }

  #sweep(): void {
    for (const [queue, counters] of this.#byQueue) {
      if (!queue.gone) continue;
      this.others.add(counters);
      this.#byQueue.delete(queue);
      this.#memory.countTally(-1);
    }
    this.#lastQueue = undefined;
    this.#sweepAt = Math.max(SWEEP_MIN, 2 * this.#byQueue.size);
  }
}
