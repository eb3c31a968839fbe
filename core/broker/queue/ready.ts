import { Delivery, type Settler } from '../delivery/delivery.ts';
import type { Address, AddressArray } from '../message/address.ts';

const CAPACITY_MIN = 16;
/** What the places of the first block take. */
const FIRST_BYTES = CAPACITY_MIN * Float64Array.BYTES_PER_ELEMENT;
/** Messages of one block at most. A block more is all that one message more can cost. */
const CAPACITY_MAX = 2048;
/** A message that was out more often was out so often, after a restart. */
const COUNT_MAX = 0xffff;

/** A part of the messages that never left. */
class Block {
  readonly addresses: AddressArray;
  /** Made when the first message that expires comes. */
  expirations: Float64Array | undefined;
  /** How often each was out, as `Entry` says it; made when the first comes that was. */
  counts: Uint16Array | undefined;
  next: Block | undefined;

  constructor(capacity: number) {
    this.addresses = new Float64Array(capacity) as AddressArray;
  }
}

/** Sees what a message that waits will go out as; answers false where it has seen enough. */
export type VisitReady = (delivery: Delivery) => unknown;

/**
 * The messages of a queue that wait, oldest first. Those that never left lie in blocks of plain
 * numbers; those that came back lie before them, sorted by the place they had. Whatever comes
 * back is older than all that never left, so two ordered parts make the whole order. BAS-21.
 */
export class Ready {
  readonly #queue: Settler;
  readonly #priority: number;
  /** Positions of those in blocks run from here on, one each. */
  #headPosition = 0;
  #first = new Block(CAPACITY_MIN);
  #last = this.#first;
  /** Where the oldest lies in the first block, and where the next one comes in the last. */
  #head = 0;
  #tail = 0;
  #blockedLength = 0;
  readonly #count: (bytes: number) => void;
  /** A block that was read to its end, for the next one that is needed. */
  #spare: Block | undefined;
  /** Latest first, so that the oldest is popped from the end. */
  #returned: Delivery[] = [];
  #sorted = true;

  /** `count` hears of the bytes that its places take, beyond the first few. */
  constructor(queue: Settler, priority = 0, count: (bytes: number) => void = () => {}) {
    this.#queue = queue;
    this.#count = count;
    this.#priority = priority;
  }

  get length(): number {
    return this.#blockedLength + this.#returned.length;
  }

  push(address: Address, expiresAt: number, _priority = 0): void {
    if (this.#tail === this.#last.addresses.length) this.#extend();
    const block = this.#last;
    const index = this.#tail++;
    this.#blockedLength++;
    block.addresses[index] = address;
    if (expiresAt !== Infinity || block.expirations !== undefined) {
      block.expirations ??= new Float64Array(block.addresses.length).fill(Infinity);
      block.expirations[index] = expiresAt;
    }
    if (block.counts !== undefined) block.counts[index] = 0;
  }

  /** Takes the oldest out. */
  shift(): Delivery | undefined {
    if (this.#returned.length > 0) {
      this.#sort();
      return this.#returned.pop();
    }
    return this.#blockedLength === 0 ? undefined : this.#shiftBlock();
  }

  #shiftBlock(): Delivery {
    const block = this.#first;
    const delivery = this.#deliveryAt(block, this.#head++, this.#headPosition++);
    if (--this.#blockedLength === 0) {
      this.#head = 0;
      this.#tail = 0;
    } else if (this.#head === block.addresses.length) {
      this.#first = block.next!;
      this.#count(-block.addresses.byteLength);
      this.#head = 0;
      block.next = undefined;
      this.#spare = block;
    }
    return delivery;
  }

  #deliveryAt(block: Block, index: number, position: number): Delivery {
    const expiresAt = block.expirations?.[index] ?? Infinity;
    const delivery = new Delivery(
      this.#queue, block.addresses[index]!, position, this.#priority, expiresAt,
    );
    const count = block.counts?.[index] ?? 0;
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
    if (this.#blockedLength === 0) return Infinity;
    return this.#first.expirations?.[this.#head] ?? Infinity;
  }

  /** The address of the oldest; there is one. */
  get headAddress(): Address {
    if (this.#returned.length > 0) {
      this.#sort();
      return this.#returned.at(-1)!.address;
    }
    return this.#first.addresses[this.#head]!;
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
    const block = this.#last;
    block.counts ??= new Uint16Array(block.addresses.length);
    block.counts[this.#tail - 1] = Math.min(outCount, COUNT_MAX);
  }

  /** Nobody asks for it any more: all that was in it is out. */
  release(): void {
    this.#count(FIRST_BYTES - this.#last.addresses.byteLength);
  }

  /** Takes all out at once, and answers what has them now. */
  takeAll(): Ready {
    const taken = new Ready(this.#queue, this.#priority, this.#count);
    taken.#headPosition = this.#headPosition;
    taken.#first = this.#first;
    taken.#last = this.#last;
    taken.#head = this.#head;
    taken.#tail = this.#tail;
    taken.#blockedLength = this.#blockedLength;
    taken.#returned = this.#returned;
    taken.#sorted = this.#sorted;
    this.#headPosition += this.#blockedLength;
    this.#first = new Block(CAPACITY_MIN);
    this.#last = this.#first;
    this.#head = 0;
    this.#tail = 0;
    this.#blockedLength = 0;
    this.#returned = [];
    this.#sorted = true;
    return taken;
  }

  /**
   * Keeps the next place for a message that was out and comes back later, with `requeue`. All that
   * is here is older, so it lies with what came back.
   */
  restoreLater(
    address: Address, expiresAt: number, outCount: number, _priority = 0,
  ): Delivery {
    while (this.#blockedLength > 0) this.requeue(this.#shiftBlock());
    this.restore(address, expiresAt, outCount);
    return this.#shiftBlock();
  }

  /** Visits those that wait, oldest first, and leaves them there; false: it was stopped. */
  forEach(visit: VisitReady): boolean {
    this.#sort();
    for (let i = this.#returned.length - 1; i >= 0; i--) {
      if (visit(this.#returned[i]!) === false) return false;
    }
    let block = this.#first;
    let index = this.#head;
    for (let i = 0; i < this.#blockedLength; i++, index++) {
      if (index === block.addresses.length) {
        block = block.next!;
        index = 0;
      }
      if (visit(this.#deliveryAt(block, index, this.#headPosition + i)) === false) return false;
    }
    return true;
  }

  #sort(): void {
    if (this.#sorted) return;
    this.#returned.sort((a, b) => b.position - a.position);
    this.#sorted = true;
  }

  /** Adds a block, twice as large as the last one, up to a size. */
  #extend(): void {
    const spare = this.#spare;
    const { length } = this.#last.addresses;
    const capacity = Math.min(2 * length, CAPACITY_MAX);
    const block = spare?.addresses.length === capacity ? spare : new Block(capacity);
    this.#spare = undefined;
    this.#count(block.addresses.byteLength);
    this.#last.next = block;
    this.#last = block;
    this.#tail = 0;
  }
}
