import type { Consumer } from '../delivery/consumer.ts';

/** Consumers of one priority that may be ready, in the order in which their turn comes. */
interface Ring {
  readonly priority: number;
  readonly members: Consumer[];
  /** Whose turn it is. */
  cursor: number;
}

/**
 * The consumers of a queue, and whose turn it is: highest priority first, round robin within.
 * BAS-14. A consumer that cannot take a delivery is parked: it leaves its ring until something
 * about it changes, so that a thousand full consumers cost nothing.
 */
export class Consumers {
  /** Only the first consumer is served, the next one takes over when it goes. QUE-25. */
  readonly #singleActive: boolean;
  /** In order of arrival. */
  readonly #all: Consumer[] = [];
  /** Highest priority first. */
  readonly #rings: Ring[] = [];
  readonly #onUnpark: () => void;

  constructor(singleActive: boolean, onUnpark: () => void) {
    this.#singleActive = singleActive;
    this.#onUnpark = onUnpark;
  }

  get count(): number {
    return this.#all.length;
  }

  /** In order of arrival. */
  get all(): readonly Consumer[] {
    return this.#all;
  }

  /** Whether a consumer asked to be the only one. */
  get exclusive(): boolean {
    return this.#all.some((consumer) => consumer.options.exclusive);
  }

  /** The consumer that a single-active-consumer queue serves. */
  get active(): Consumer | undefined {
    if (!this.#singleActive) return undefined;
    return this.#active;
  }

  #active: Consumer | undefined;

  add(consumer: Consumer): void {
    this.#all.push(consumer);
    this.#active ??= consumer;
    this.#ringOf(consumer.priority).members.push(consumer);
  }

  remove(consumer: Consumer): void {
    const index = this.#all.indexOf(consumer);
    if (index === -1) return;
    this.#all.splice(index, 1);
    if (consumer.parked) consumer.parked = false;
    else this.#leaveRing(consumer);
    if (this.#active === consumer) this.#active = this.#successor();
  }

  /** Ends all of them. */
  end(): void {
    for (const consumer of [...this.#all]) consumer.end();
  }

  /** The consumer whose turn it is, or undefined when none can be sent to. */
  next(): Consumer | undefined {
    if (this.#singleActive) return this.#active?.ready === true ? this.#active : undefined;
    const ring = this.#rings.find(hasReady);
    return ring?.members[ring.cursor++];
  }

  /** Whether some consumer can be sent to; whose turn it is does not change. */
  get anyReady(): boolean {
    if (this.#singleActive) return this.#active?.ready === true;
    return this.#rings.some(hasReady);
  }

  /** There is something new for each of them. */
  unparkAll(): void {
    for (const consumer of this.#all) this.unpark(consumer);
  }

  /** Something about a consumer changed so that it may be ready again. */
  unpark(consumer: Consumer): void {
    if (consumer.parked) {
      consumer.parked = false;
      this.#ringOf(consumer.priority).members.push(consumer);
    }
    this.#onUnpark();
  }

  /** Highest priority first, then the longest waiting. */
  #successor(): Consumer | undefined {
    return this.#all.reduce<Consumer | undefined>(
      (best, one) => (best === undefined || one.priority > best.priority ? one : best),
      undefined,
    );
  }

  #ringOf(priority: number): Ring {
    const index = this.#rings.findIndex((ring) => ring.priority <= priority);
    const found = this.#rings[index];
    if (found?.priority === priority) return found;
    const ring: Ring = { priority, members: [], cursor: 0 };
    this.#rings.splice(index === -1 ? this.#rings.length : index, 0, ring);
    return ring;
  }

  #leaveRing(consumer: Consumer): void {
    const ring = this.#ringOf(consumer.priority);
    const index = ring.members.indexOf(consumer);
    if (index === -1) return;
    ring.members.splice(index, 1);
    if (index < ring.cursor) ring.cursor--;
    if (ring.members.length === 0) this.#rings.splice(this.#rings.indexOf(ring), 1);
  }
}

/** Moves the cursor of a ring to a consumer that is ready, and parks those that are not. */
function hasReady(ring: Ring): boolean {
  const { members } = ring;
  while (members.length > 0) {
    if (ring.cursor >= members.length) ring.cursor = 0;
    const consumer = members[ring.cursor]!;
    if (consumer.ready) return true;
    consumer.park();
    members.splice(ring.cursor, 1);
  }
  return false;
}
