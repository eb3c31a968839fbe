import { assert } from '../../assert.ts';
import type { Address, Slot } from './address.ts';
import { Entries, type Entry } from './entries.ts';

/** One entry for many messages: what is read next takes the place of what was read. */
export type MutableEntry = { -readonly [K in keyof Entry]: Entry[K] };

/** Where the bytes of a message are that the journal alone has. */
export const ABSENT = -1 as Address;
/** The same, where the journal cannot be read. */
export const LOST = -2 as Address;

/** Rows of one chunk. */
const ROWS = 0x4000;
const ROW_MASK = ROWS - 1;
const ROW_SHIFT = 14;

/** Columns of a row as 64-bit numbers: 0 to 3; as 32-bit integers: 8 to 13. */
const LSN = 0;
const BYTES_ADDRESS = 1;
const ORDER = 2;
const UNTIL = 3;
const REFERENCES = 8;
const BODY_BYTES = 9;
const TAIL_BYTES = 10;
const NAMES_AND_MARKS = 11;
/** In that column, beside the marks: the message came somewhere in the turn at hand. */
const ARRIVES = 0x8000;
const MARKS_MASK = 0x7fff;
/** The first destination; in a free row the next free one. */
const DESTINATION = 12;
const COUNT_AND_PRIORITY = 13;
const ROW_NUMBERS = 7;
const ROW_INTEGERS = 2 * ROW_NUMBERS;
/** In the column of the count: the lower octet is the priority, the next two bits the death. */
const ONE_DEATH = 0x100;
const DEATH_MASK = 3;
const ONE_TIME = 0x400;
const COUNT_SHIFT = 10;
const COUNT_MAX = 0x3f_ffff;

/** What a message takes in the journal beside its own bytes and its entries, about. */
const RECORD_OVERHEAD_BYTES = 48;
const RECORD_ENTRY_BYTES = 12;

class Chunk {
  readonly index: number;
  readonly numbers = new Float64Array(ROWS * ROW_NUMBERS);
  readonly integers: Uint32Array;
  /** Rows below this one were used at some time. */
  begun = 0;
  used = 0;
  /** The first of the free rows among those, plus 1; 0: there is none. */
  free = 0;
  /** Whether it is listed among those that have free rows. */
  listed = false;

  constructor(index: number) {
    this.index = index;
    this.integers = new Uint32Array(this.numbers.buffer);
  }
}

/**
 * What is known of each persistent message while its bytes may lie on the disk alone: 56 bytes a
 * message, in arrays beside the heap, for millions of them may wait.
 */
export class MessageTable {
  /** Bytes of the records in the journal that are about these messages. */
  keptBytes = 0;
  readonly #chunks: (Chunk | undefined)[] = [];
  readonly #freeIndexes: number[] = [];
  /** Chunks with free rows. */
  readonly #roomy: Chunk[] = [];
  #current: Chunk;
  /** Entries beyond the first of each message that has several. */
  readonly #further = new Map<Slot, Entries>();
  /** When the first of them is ready again, of the few that are not. */
  readonly #readyAt = new Map<Slot, number>();

  constructor() {
    this.#current = this.#addChunk();
  }

  /** Adds a message that one refers to, whose bytes are at `bytesAddress`, or ABSENT. */
  add(
    bytesAddress: Address, tailBytes: number, bodyBytes: number, namesBytes: number, marks: number,
  ): Slot {
    const chunk = this.#roomyChunk();
    const row = this.#takeRow(chunk);
    const { numbers, integers } = chunk;
    const at = row * ROW_NUMBERS;
    numbers[at + LSN] = 0;
    numbers[at + BYTES_ADDRESS] = bytesAddress;
    numbers[at + ORDER] = 0;
    numbers[at + UNTIL] = Infinity;
    const word = row * ROW_INTEGERS;
    integers[word + REFERENCES] = 1;
    integers[word + BODY_BYTES] = bodyBytes;
    integers[word + TAIL_BYTES] = tailBytes;
    integers[word + NAMES_AND_MARKS] = (namesBytes << 16) | marks;
    integers[word + DESTINATION] = 0;
    integers[word + COUNT_AND_PRIORITY] = 0;
    return chunk.index * ROWS + row + 1 as Slot;
  }

  retain(slot: Slot): void {
    const { integers } = this.#find(slot);
    integers[this.#word + REFERENCES]!++;
  }

  /** One less refers to the message; whether it was the last one, and the row is free now. */
  release(slot: Slot): boolean {
    const chunk = this.#find(slot);
    const word = this.#word;
    const references = chunk.integers[word + REFERENCES]! - 1;
    assert(references >= 0, 'a message is released as often as it was retained');
    chunk.integers[word + REFERENCES] = references;
    if (references > 0) return false;
    this.setLsn(slot, 0);
    this.#further.delete(slot);
    this.#readyAt.delete(slot);
    this.#freeRow(chunk, word);
    return true;
  }

  references(slot: Slot): number {
    return this.#integer(slot, REFERENCES);
  }

  /** Where the bytes are in memory; ABSENT or LOST. */
  bytesAddress(slot: Slot): Address {
    return this.#number(slot, BYTES_ADDRESS) as Address;
  }

  setBytesAddress(slot: Slot, address: Address): void {
    this.#find(slot).numbers[this.#at + BYTES_ADDRESS] = address;
  }

  bodyBytes(slot: Slot): number {
    return this.#integer(slot, BODY_BYTES);
  }

  tailBytes(slot: Slot): number {
    return this.#integer(slot, TAIL_BYTES);
  }

  namesBytes(slot: Slot): number {
    return this.#integer(slot, NAMES_AND_MARKS) >>> 16;
  }

  marks(slot: Slot): number {
    return this.#integer(slot, NAMES_AND_MARKS) & MARKS_MASK;
  }

  /** Notes that the message came somewhere in this turn; whether for the first time. */
  arrive(slot: Slot): boolean {
    const { integers } = this.#find(slot);
    const word = this.#word + NAMES_AND_MARKS;
    const before = integers[word]!;
    integers[word] = before | ARRIVES;
    return (before & ARRIVES) === 0;
  }

  /** The turn in which the message came somewhere ends. */
  endArrival(slot: Slot): void {
    this.#find(slot).integers[this.#word + NAMES_AND_MARKS]! &= ~ARRIVES;
  }

  /** Where the journal keeps the message; 0: nowhere, or there is no message any more. */
  lsn(slot: Slot): number {
    return this.#chunks[(slot - 1) >>> ROW_SHIFT] === undefined ? 0 : this.#number(slot, LSN);
  }

  /** The journal keeps the message there from now on; 0: no more. */
  setLsn(slot: Slot, lsn: number): void {
    const before = this.lsn(slot);
    if (before !== 0) this.keptBytes -= this.#recordBytes(slot);
    if (lsn !== 0) this.keptBytes += this.#recordBytes(slot);
    this.#find(slot).numbers[this.#at + LSN] = lsn;
  }

  /** Its place among all messages: where the journal kept it first. */
  order(slot: Slot): number {
    return this.#number(slot, ORDER) || this.lsn(slot);
  }

  setOrder(slot: Slot, order: number): void {
    this.#find(slot).numbers[this.#at + ORDER] = order;
  }

  /** Its priority, where it came to a queue that asks for it. */
  priority(slot: Slot): number {
    return this.#integer(slot, COUNT_AND_PRIORITY) & 0xff;
  }

  setPriority(slot: Slot, priority: number): void {
    const { integers } = this.#find(slot);
    const before = integers[this.#word + COUNT_AND_PRIORITY]!;
    integers[this.#word + COUNT_AND_PRIORITY] = before - (before & 0xff) + priority;
  }

  /** The message came to a destination; the entry is copied. */
  enter(slot: Slot, entry: Entry): void {
    if (this.#integer(slot, DESTINATION) === 0) {
      this.#setFirst(slot, entry);
      return;
    }
    let further = this.#further.get(slot);
    if (further === undefined) this.#further.set(slot, further = new Entries());
    further.add({ ...entry });
  }

  /** The message left a destination; whether it lies in no other. */
  leave(slot: Slot, destination: number): boolean {
    const first = this.#integer(slot, DESTINATION);
    const further = this.#further.get(slot);
    if (first === destination) {
      const next = further?.pop();
      this.#setFirst(slot, next ?? NO_ENTRY);
      return next === undefined;
    }
    further?.remove(destination);
    return first === 0;
  }

  /** What is known of it in a destination is this from now on, where it is there. */
  change(slot: Slot, entry: Entry): void {
    if (this.#integer(slot, DESTINATION) === entry.destination) {
      this.#setFirst(slot, entry);
      return;
    }
    this.#further.get(slot)?.replace({ ...entry });
  }

  /** What is known of it in a destination; undefined: it is not there. */
  entry(slot: Slot, destination: number): Entry | undefined {
    const first = this.#integer(slot, DESTINATION);
    if (first === 0) return undefined;
    return first === destination
      ? this.firstEntry(slot)
      : this.#further.get(slot)?.find(destination);
  }

  /** It may have been out, wherever it lies: it counts as redelivered. */
  redeliver(slot: Slot): void {
    const { integers } = this.#find(slot);
    const word = this.#word + COUNT_AND_PRIORITY;
    if (integers[word]! < ONE_TIME) integers[word]! += ONE_TIME;
    const { all = [] } = this.#further.get(slot) ?? {};
    all.forEach((entry, index) => {
      if (entry.outCount === 0) all[index] = { ...entry, outCount: 1 };
    });
  }

  /** The first of its destinations; 0: it lies in none. */
  destination(slot: Slot): number {
    return this.#integer(slot, DESTINATION);
  }

  entryCount(slot: Slot): number {
    if (this.#integer(slot, DESTINATION) === 0) return 0;
    return 1 + (this.#further.get(slot)?.all.length ?? 0);
  }

  firstEntry(slot: Slot): Entry {
    const entry: MutableEntry = { ...NO_ENTRY };
    this.readOnlyEntry(slot, entry);
    return entry;
  }

  /** Reads where it lies into `entry`, if it lies in one destination; whether it does. */
  readOnlyEntry(slot: Slot, entry: MutableEntry): boolean {
    const { numbers, integers } = this.#find(slot);
    entry.destination = integers[this.#word + DESTINATION]!;
    entry.until = numbers[this.#at + UNTIL]!;
    const count = integers[this.#word + COUNT_AND_PRIORITY]!;
    entry.outCount = count >>> COUNT_SHIFT;
    entry.death = (count >>> 8) & DEATH_MASK;
    entry.readyAt = this.#readyAt.size === 0 ? 0 : this.#readyAt.get(slot) ?? 0;
    return entry.destination !== 0 && (this.#further.size === 0 || !this.#further.has(slot));
  }

  /** All destinations that the message lies in. */
  entries(slot: Slot): readonly Entry[] {
    if (this.#integer(slot, DESTINATION) === 0) return [];
    const further = this.#further.get(slot);
    return further === undefined
      ? [this.firstEntry(slot)]
      : [this.firstEntry(slot), ...further.all];
  }

  #recordBytes(slot: Slot): number {
    return RECORD_OVERHEAD_BYTES + this.tailBytes(slot) + RECORD_ENTRY_BYTES;
  }

  #setFirst(slot: Slot, { destination, until, outCount, death, readyAt }: Entry): void {
    const { numbers, integers } = this.#find(slot);
    const word = this.#word;
    numbers[this.#at + UNTIL] = until;
    integers[word + DESTINATION] = destination;
    const priority = integers[word + COUNT_AND_PRIORITY]! & 0xff;
    const count = Math.min(outCount, COUNT_MAX);
    integers[word + COUNT_AND_PRIORITY] = count * ONE_TIME + death * ONE_DEATH + priority;
    if (readyAt !== 0) this.#readyAt.set(slot, readyAt);
    else if (this.#readyAt.size > 0) this.#readyAt.delete(slot);
  }

  /** Where the row that `#find` found last begins, as numbers and as integers. */
  #at = 0;
  #word = 0;

  #find(slot: Slot): Chunk {
    const row = (slot - 1) & ROW_MASK;
    this.#at = row * ROW_NUMBERS;
    this.#word = row * ROW_INTEGERS;
    return this.#chunks[(slot - 1) >>> ROW_SHIFT]!;
  }

  #number(slot: Slot, column: number): number {
    return this.#find(slot).numbers[this.#at + column]!;
  }

  #integer(slot: Slot, column: number): number {
    return this.#find(slot).integers[this.#word + column]!;
  }

  #roomyChunk(): Chunk {
    while (!hasRoom(this.#current)) {
      const roomy = this.#roomy.pop();
      if (roomy !== undefined) roomy.listed = false;
      this.#current = roomy ?? this.#addChunk();
    }
    return this.#current;
  }

  #takeRow(chunk: Chunk): number {
    chunk.used++;
    if (chunk.free === 0) return chunk.begun++;
    const row = chunk.free - 1;
    chunk.free = chunk.integers[row * ROW_INTEGERS + DESTINATION]!;
    return row;
  }

  #freeRow(chunk: Chunk, word: number): void {
    chunk.integers[word + DESTINATION] = chunk.free;
    chunk.free = word / ROW_INTEGERS + 1;
    chunk.used--;
    if (chunk === this.#current) return;
    if (!chunk.listed) {
      chunk.listed = true;
      this.#roomy.push(chunk);
    }
    // What a backlog took is given back after it, but for a chunk or two.
    if (chunk.used === 0 && this.#roomy.length > 1) this.#drop(chunk);
  }

  #drop(chunk: Chunk): void {
    this.#roomy.splice(this.#roomy.indexOf(chunk), 1);
    this.#chunks[chunk.index] = undefined;
    this.#freeIndexes.push(chunk.index);
  }

  #addChunk(): Chunk {
    const index = this.#freeIndexes.pop() ?? this.#chunks.length;
    const chunk = new Chunk(index);
    this.#chunks[index] = chunk;
    return chunk;
  }
}

/** No place; and what a message begins with in one. */
export const NO_ENTRY: Entry = {
  destination: 0, until: Infinity, outCount: 0, death: 0, readyAt: 0,
};

function hasRoom({ begun, free }: Chunk): boolean {
  return begun < ROWS || free !== 0;
}
