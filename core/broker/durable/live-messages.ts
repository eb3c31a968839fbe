import { segmentNumberOf, type Lsn } from '../../storage/journal.ts';
import type { Slot, SlotArray } from '../message/address.ts';
import type { MessageTable } from '../message/table.ts';

const CAPACITY_MIN = 64;

/** The rows of one segment's messages, in the order of their records. */
class SlotList {
  slots = new Uint32Array(CAPACITY_MIN) as SlotArray;
  length = 0;

  push(slot: Slot): void {
    if (this.length === this.slots.length) {
      const larger = new Uint32Array(2 * this.length) as SlotArray;
      larger.set(this.slots);
      this.slots = larger;
    }
    this.slots[this.length++] = slot;
  }
}

/**
 * Which messages lie in which segment of the journal: four bytes a message. Those that were
 * settled stay listed, for nobody looks for them; what the table says of a row decides.
 */
export class LiveMessages {
  readonly #table: MessageTable;
  readonly #segments = new Map<number, SlotList>();

  constructor(table: MessageTable) {
    this.#table = table;
  }

  /** Size of the records of all messages that are not settled. */
  get bytes(): number {
    return this.#table.keptBytes;
  }

  /** The journal keeps the message there from now on. */
  add(slot: Slot, lsn: Lsn): void {
    const number = segmentNumberOf(lsn);
    let list = this.#segments.get(number);
    if (list === undefined) {
      list = new SlotList();
      this.#segments.set(number, list);
    }
    list.push(slot);
    this.#table.setLsn(slot, lsn);
  }

  /** Those with addresses from one segment number to before another, in their order. */
  between(fromSegment: number, beforeSegment: number): Slot[] {
    const found: Slot[] = [];
    for (let number = fromSegment; number < beforeSegment; number++) {
      for (const slot of this.#inSegment(number)) found.push(slot);
    }
    return found;
  }

  /** All that were added, settled or not, in the order of their records. */
  *all(): Generator<Slot> {
    for (const { slots, length } of this.#segments.values()) {
      for (let i = 0; i < length; i++) yield slots[i]!;
    }
  }

  /** Calls back with all that `all` has: a loop over a million is faster so. */
  forEach(visit: (slot: Slot) => void): void {
    for (const { slots, length } of this.#segments.values()) {
      for (let i = 0; i < length; i++) visit(slots[i]!);
    }
  }

  /** The message whose record this is, while rows that were settled are not used again. */
  find(lsn: Lsn): Slot | undefined {
    const list = this.#segments.get(segmentNumberOf(lsn));
    if (list === undefined) return undefined;
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#table.lsn(list.slots[middle]!) < lsn) low = middle + 1;
      else high = middle;
    }
    const slot = list.slots[low];
    return low < list.length && this.#table.lsn(slot!) === lsn ? slot : undefined;
  }

  /** Forgets the segments before this one. */
  trim(beforeSegment: number): void {
    for (const number of this.#segments.keys()) {
      if (number < beforeSegment) this.#segments.delete(number);
    }
  }

  #inSegment(number: number): Slot[] {
    const list = this.#segments.get(number);
    if (list === undefined) return [];
    const slots: Slot[] = [];
    for (let i = 0; i < list.length; i++) {
      const slot = list.slots[i]!;
      if (segmentNumberOf(this.#table.lsn(slot)) === number) slots.push(slot);
    }
    // A row that was used again in the same segment is listed twice.
    return [...new Set(slots)].sort((a, b) => this.#table.lsn(a) - this.#table.lsn(b));
  }
}
