import { Arrivals } from '../arrivals.ts';
import type { Consumer } from '../delivery/consumer.ts';

/**
 * Consumers of one priority: all of them, and in a ring those that may be ready, in the order in
 * which their turn comes. The ring is linked through the consumers, so that each joins and leaves
 * it at the same small cost however many there are.
 */
export class Ring {
  readonly priority: number;
  /** In order of arrival, whether they are ready or not. */
  readonly all = new Arrivals<Consumer>();
  /** Whether it is in the heap of rings that may have somebody ready. */
  inHeap = false;
  #first: Consumer | undefined;
  #last: Consumer | undefined;
  /** Whose turn it is; undefined: the first one's, or that of one who joins before. */
  #cursor: Consumer | undefined;

  constructor(priority: number) {
    this.priority = priority;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** The consumer has its turn after all others. */
  join(consumer: Consumer): void {
    consumer.previous = this.#last;
    if (this.#last === undefined) this.#first = consumer;
    else this.#last.next = consumer;
    this.#last = consumer;
    this.#cursor ??= consumer;
  }

  leave(consumer: Consumer): void {
    const { previous, next } = consumer;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    if (this.#cursor === consumer) this.#cursor = next;
    consumer.previous = undefined;
    consumer.next = undefined;
  }

  /** The next one that is ready; those before that are not are parked. */
  findReady(): Consumer | undefined {
    for (;;) {
      const consumer = this.#cursor ?? this.#first;
      if (consumer === undefined) return undefined;
      if (consumer.ready) {
        this.#cursor = consumer;
        return consumer;
      }
      this.leave(consumer);
      consumer.park();
    }
  }

  /** Whose turn it was has had it. */
  advance(): void {
    this.#cursor = this.#cursor?.next;
  }
}

/** Rings with the highest priority on top. */
export class RingHeap {
  #rings: Ring[] = [];

  get size(): number {
    return this.#rings.length;
  }

  get top(): Ring | undefined {
    return this.#rings[0];
  }

  push(ring: Ring): void {
    const rings = this.#rings;
    let at = rings.length;
    for (let above = (at - 1) >> 1; at > 0; at = above, above = (at - 1) >> 1) {
      if (rings[above]!.priority >= ring.priority) break;
      rings[at] = rings[above]!;
    }
    rings[at] = ring;
  }

  pop(): Ring {
    const rings = this.#rings;
    const top = rings[0]!;
    const last = rings.pop()!;
    if (rings.length > 0) this.#sink(last);
    return top;
  }

  /** Keeps these only. */
  filter(keep: (ring: Ring) => boolean): void {
    // Sorted from the highest priority down, an array is a heap.
    this.#rings = this.#rings.filter(keep).sort((a, b) => b.priority - a.priority);
  }

  #sink(ring: Ring): void {
    const rings = this.#rings;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= rings.length) break;
      const other = rings[below + 1];
      if (other !== undefined && other.priority > rings[below]!.priority) below++;
      if (rings[below]!.priority <= ring.priority) break;
      rings[at] = rings[below]!;
      at = below;
    }
    rings[at] = ring;
  }
}
