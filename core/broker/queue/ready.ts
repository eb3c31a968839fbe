import { Delivery } from '../delivery/delivery.ts';
import type { Address } from '../message/store.ts';
import type { Queue } from './abstract-queue.ts';

const CAPACITY_MIN = 16;
/** A message that was out more often was out so often, after a restart. */
const COUNT_MAX = 0xffff;

/** Sees what a message that waits will go out as; answers false where it has seen enough. */
export type VisitReady = (delivery: Delivery) => unknown;

/**
 * The messages of a queue that wait, oldest first. Those that never left lie in a ring of plain
 * numbers; those that came back lie before them, sorted by the place they had. Whatever comes
 * back is older than all that never left, so two ordered parts make the whole order. BAS-21.
 */
export class Ready {
  readonly #queue: Queue;
  readonly #priority: number;
  /** Positions of the ring run from here on, one each. */
  #headPosition = 0;
  #addresses: Float64Array = new Float64Array(CAPACITY_MIN);
  /** Made when the first message that expires comes. */
  #expirations: Float64Array | undefined;
  /** How often each was out, as `Entry` says it; made when the first comes that was. */
  #counts: Uint16Array | undefined;
  #head = 0;
  #ringLength = 0;
  /** Latest first, so that the oldest is popped from the end. */
  readonly #returned: Delivery[] = [];
  #sorted = true;

  constructor(queue: Queue, priority = 0) {
    this.#queue = queue;
    this.#priority = priority;
  }

  get length(): number {
    return this.#ringLength + this.#returned.length;
  }

  push(address: Address, expiresAt: number, _priority = 0): void {
    if (this.#ringLength === this.#addresses.length) this.#resize(2 * this.#ringLength);
    const index = (this.#head + this.#ringLength++) & (this.#addresses.length - 1);
    this.#addresses[index] = address;
    if (expiresAt !== Infinity || this.#expirations !== undefined) {
      this.#expirations ??= new Float64Array(this.#addresses.length).fill(Infinity);
      this.#expirations[index] = expiresAt;
    }
    if (this.#counts !== undefined) this.#counts[index] = 0;
  }

  /** Takes the oldest out. */
  shift(): Delivery | undefined {
    if (this.#returned.length > 0) {
      this.#sort();
      return this.#returned.pop();
    }
    return this.#ringLength === 0 ? undefined : this.#shiftRing();
  }

  #shiftRing(): Delivery {
    const head = this.#head;
    const delivery = this.#deliveryAt(head, this.#headPosition++);
    this.#head = (head + 1) & (this.#addresses.length - 1);
    if (--this.#ringLength === 0) this.#shrink();
    return delivery;
  }

  #deliveryAt(index: number, position: number): Delivery {
    const expiresAt = this.#expirations?.[index] ?? Infinity;
    const delivery = new Delivery(
      this.#queue, this.#addresses[index]!, position, this.#priority, expiresAt,
    );
    const count = this.#counts?.[index] ?? 0;
    if (count > 0) {
      delivery.redelivered = true;
      delivery.deliveryCount = count - 1;
    }
    return delivery;
  }

  /** When the oldest expires; Infinity where there is none, or never. */
  get expiresAt(): number {
    if (this.#returned.length > 0) {
      this.#sort();
      return this.#returned.at(-1)!.expiresAt;
    }
    if (this.#ringLength === 0) return Infinity;
    return this.#expirations?.[this.#head] ?? Infinity;
  }

  /** The address of the oldest; there is one. */
  get headAddress(): Address {
    if (this.#returned.length > 0) {
      this.#sort();
      return this.#returned.at(-1)!.address;
    }
    return this.#addresses[this.#head]!;
  }

  /** Puts a delivery back to the place it had. */
  requeue(delivery: Delivery): void {
    const last = this.#returned.at(-1);
    if (last !== undefined && last.position < delivery.position) this.#sorted = false;
    this.#returned.push(delivery);
  }

  /** Adds a message after a restart, which was out with consumers so often, as `Entry` says it. */
  restore(address: Address, expiresAt: number, outCount: number, _priority = 0): void {
    this.push(address, expiresAt);
    if (outCount === 0) return;
    this.#counts ??= new Uint16Array(this.#addresses.length);
    this.#counts[(this.#head + this.#ringLength - 1) & (this.#addresses.length - 1)] =
      Math.min(outCount, COUNT_MAX);
  }

  /**
   * Keeps the next place for a message that was out and comes back later, with `requeue`. All that
   * is here is older, so it lies with what came back.
   */
  restoreLater(
    address: Address, expiresAt: number, outCount: number, _priority = 0,
  ): Delivery {
    while (this.#ringLength > 0) this.requeue(this.#shiftRing());
    this.restore(address, expiresAt, outCount);
    return this.#shiftRing();
  }

  /** Visits those that wait, oldest first, and leaves them there; false: it was stopped. */
  forEach(visit: VisitReady): boolean {
    this.#sort();
    for (let i = this.#returned.length - 1; i >= 0; i--) {
      if (visit(this.#returned[i]!) === false) return false;
    }
    const mask = this.#addresses.length - 1;
    for (let i = 0; i < this.#ringLength; i++) {
      const index = (this.#head + i) & mask;
      if (visit(this.#deliveryAt(index, this.#headPosition + i)) === false) return false;
    }
    return true;
  }

  #sort(): void {
    if (this.#sorted) return;
    this.#returned.sort((a, b) => b.position - a.position);
    this.#sorted = true;
  }

  /** An emptied ring gives its memory back. */
  #shrink(): void {
    this.#head = 0;
    if (this.#addresses.length <= 4096) return;
    this.#addresses = new Float64Array(CAPACITY_MIN);
    this.#expirations = undefined;
    this.#counts = undefined;
  }

  #resize(capacity: number): void {
    this.#addresses = this.#moved(this.#addresses, new Float64Array(capacity));
    this.#expirations &&= this.#moved(this.#expirations, new Float64Array(capacity));
    this.#counts &&= this.#moved(this.#counts, new Uint16Array(capacity));
    this.#head = 0;
  }

  #moved<T extends Float64Array | Uint16Array>(ring: T, larger: T): T {
    const firstPart = ring.subarray(this.#head);
    larger.set(firstPart);
    larger.set(ring.subarray(0, this.#head), firstPart.length);
    return larger;
  }
}
