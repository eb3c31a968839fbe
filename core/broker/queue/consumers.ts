import type { Consumer } from '../delivery/consumer.ts';
import { Ring, RingHeap } from './consumer-rings.ts';

/** Rings that nobody is in any more are looked for once there are so many more than others. */
const EMPTY_RINGS_KEPT = 16;

/**
 * The consumers of a queue, and whose turn it is: highest priority first, round robin within.
 * BAS-14. A consumer that cannot take a delivery is parked: it leaves its ring until something
 * about it changes, so that a thousand full consumers cost nothing.
 */
export class Consumers {
  /** Only the first consumer is served, the next one takes over when it goes. QUE-25. */
  readonly #singleActive: boolean;
  /** In order of arrival. */
  readonly #all = new Set<Consumer>();
  #exclusiveCount = 0;
  /** By priority: those that somebody is in, and some that nobody is in any more. */
  readonly #rings = new Map<number, Ring>();
  /** All of them; those that nobody is in are dropped when they come up. */
  readonly #present = new RingHeap();
  /** Those that may have somebody ready. */
  readonly #ready = new RingHeap();
  /** Whether the active one gives way to one of a higher priority. */
  readonly #takesOver: boolean;
  /** The one that takes over once the active one holds nothing. */
  #heir: Consumer | undefined;
  readonly #onUnpark: () => void;

  constructor(singleActive: boolean, onUnpark: () => void, takesOver = false) {
    this.#singleActive = singleActive;
    this.#takesOver = takesOver;
    this.#onUnpark = onUnpark;
  }

  get count(): number {
    return this.#all.size;
  }

  /** In order of arrival. */
  get all(): readonly Consumer[] {
    return [...this.#all];
  }

  /** Whether a consumer asked to be the only one. */
  get exclusive(): boolean {
    return this.#exclusiveCount > 0;
  }

  /** The consumer that a single-active-consumer queue serves. */
  get active(): Consumer | undefined {
    if (!this.#singleActive) return undefined;
    return this.#active;
  }

  #active: Consumer | undefined;

  add(consumer: Consumer): void {
    this.#all.add(consumer);
    if (consumer.options.exclusive) this.#exclusiveCount++;
    this.#active ??= consumer;
    const ring = this.#ringOf(consumer.priority);
    ring.all.add(consumer);
    this.#join(ring, consumer);
    this.#chooseHeir();
  }

  remove(consumer: Consumer): void {
    if (!this.#all.delete(consumer)) return;
    if (consumer.options.exclusive) this.#exclusiveCount--;
    const ring = this.#rings.get(consumer.priority)!;
    ring.all.delete(consumer);
    if (consumer.parked) consumer.parked = false;
    else ring.leave(consumer);
    if (this.#active === consumer) this.#active = this.#successor();
    if (ring.all.size === 0) this.#dropEmptyRings();
    this.#chooseHeir();
  }

  /** Ends one of them at each call; whether there was one. */
  stepper(): () => boolean {
    const rest = this.#all.values();
    return () => {
      const { value: consumer } = rest.next();
      consumer?.end();
      return consumer !== undefined;
    };
  }

  /** Ends all of them. */
  end(): void {
    for (const consumer of [...this.#all]) consumer.end();
  }

  /** The consumer whose turn it is, or undefined when none can be sent to. */
  next(): Consumer | undefined {
    if (this.#singleActive) return this.#isActiveReady ? this.#active : undefined;
    const ring = this.#findReadyRing();
    const consumer = ring?.findReady();
    ring?.advance();
    return consumer;
  }

  /** Whether some consumer can be sent to; whose turn it is does not change. */
  get anyReady(): boolean {
    if (this.#singleActive) return this.#isActiveReady;
    return this.#findReadyRing() !== undefined;
  }

  /** There is something new for each of them. */
  unparkAll(): void {
    for (const consumer of this.#all) this.unpark(consumer);
  }

  /** Something about a consumer changed so that it may be ready again. */
  unpark(consumer: Consumer): void {
    if (consumer.parked) {
      consumer.parked = false;
      this.#join(this.#rings.get(consumer.priority)!, consumer);
    }
    this.#succeed();
    this.#onUnpark();
  }

  /** An active one that is to give way gets nothing more. */
  get #isActiveReady(): boolean {
    return this.#heir === undefined && this.#active?.ready === true;
  }

  #chooseHeir(): void {
    if (!this.#takesOver) return;
    const successor = this.#successor();
    const isHigher = successor !== undefined && successor.priority > this.#active!.priority;
    this.#heir = isHigher ? successor : undefined;
    this.#succeed();
  }

  #succeed(): void {
    if (this.#heir === undefined || this.#active!.unacked > 0) return;
    this.#active = this.#heir;
    this.#heir = undefined;
  }

  /** Highest priority first, then the longest waiting. */
  #successor(): Consumer | undefined {
    for (let ring = this.#present.top; ring !== undefined; ring = this.#present.top) {
      if (ring.all.size > 0) return ring.all.first;
      this.#rings.delete(this.#present.pop().priority);
    }
    return undefined;
  }

  #join(ring: Ring, consumer: Consumer): void {
    ring.join(consumer);
    if (ring.inHeap) return;
    ring.inHeap = true;
    this.#ready.push(ring);
  }

  /** The ring of the highest priority in which somebody is ready. */
  #findReadyRing(): Ring | undefined {
    for (let ring = this.#ready.top; ring !== undefined; ring = this.#ready.top) {
      if (ring.findReady() !== undefined) return ring;
      this.#ready.pop().inHeap = false;
    }
    return undefined;
  }

  #ringOf(priority: number): Ring {
    const known = this.#rings.get(priority);
    if (known !== undefined) return known;
    const ring = new Ring(priority);
    this.#rings.set(priority, ring);
    this.#present.push(ring);
    return ring;
  }

  /** Now and then, so that to leave costs little on the whole. */
  #dropEmptyRings(): void {
    if (this.#rings.size <= 2 * this.count + EMPTY_RINGS_KEPT) return;
    const isTaken = (ring: Ring): boolean => ring.all.size > 0;
    for (const [priority, ring] of this.#rings) {
      if (!isTaken(ring)) this.#rings.delete(priority);
    }
    this.#present.filter(isTaken);
    this.#ready.filter((ring) => isTaken(ring) || ((ring.inHeap = false)));
  }
}
