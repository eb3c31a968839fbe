import { assert } from '../../assert.ts';
import { limits } from '../../limits.ts';
import { blockOf, copy, type Block } from '../../protocol/bytes.ts';
import { addressOf, isPersistent, slotOf, type Address, type Slot } from './address.ts';
import { copyMessage, recut, type MessageBytes } from './bytes.ts';
import { ABSENT, MessageTable } from './table.ts';

const ADDRESS_UNIT = 0x10_0000;
const OFFSET_MASK = ADDRESS_UNIT - 1;

/** Offsets in a record: three integers of 32 bits, two of 16. */
const TAIL_BYTES = 0;
const REFERENCES = 4;
const BODY_BYTES = 8;
const NAMES_BYTES = 12;
const MARKS = 14;
const RECORD_HEADER_BYTES = 16;

/** Mark of a message whose x-death this broker wrote: only then its counts are believed. */
export const MARK_DEAD_LETTERED = 1;
/** Mark of a message with a BCC header, which no receiver may see. BAS-04. */
export const MARK_BCC = 2;
/** Mark of a message that the journal can keep: it has a row in the table. BAS-07. */
export const MARK_PERSISTENT = 4;
/** Mark of such a message that is not persistent itself: only a queue that keeps all keeps it. */
export const MARK_TRANSIENT = 8;

/**
 * Five bits of the marks: how many messages a dead-lettered one has become, as twice the binary
 * logarithm.
 */
const MARK_COPIES_SHIFT = 8;
const MARK_COPIES_BITS = 0x1f;

/** Twice the binary logarithm of how many messages it was that became this one. */
export function copiesOf(marks: number): number {
  return (marks >>> MARK_COPIES_SHIFT) & MARK_COPIES_BITS;
}

/** The same marks for a message that is one of so many. */
export function withCopies(marks: number, copies: number): number {
  const others = marks & ~(MARK_COPIES_BITS << MARK_COPIES_SHIFT);
  return others | (Math.min(copies, MARK_COPIES_BITS) << MARK_COPIES_SHIFT);
}

class Segment {
  readonly index: number;
  block: Block;
  /** Bytes written, and those of them that belong to messages somebody refers to. */
  used = 0;
  live = 0;
  /** Where its messages went when they were moved together, by their old offsets. */
  moved: Map<number, Address> | undefined;

  constructor(index: number, block: Block) {
    this.index = index;
    this.block = block;
  }
}

function addressIn({ index }: Segment, offset: number): Address {
  return index * ADDRESS_UNIT + offset as Address;
}

/**
 * The messages of a broker, as bytes in append-only segments. Each record counts who refers to
 * it. A segment without live records is freed; segments with few live ones are moved together, so
 * that a slow queue does not keep the bytes of a busy one beside it.
 *
 * A record holds the tail of its own basic.deliver: names, frame end, header frame, body frames.
 * To deliver it is to write a prefix and to copy the rest.
 */
export class MessageStore {
  /** The record that `locate` found: its tail is block[start, end). */
  block: Block;
  start = 0;
  end = 0;
  namesBytes = 0;
  bodyBytes = 0;
  marks = 0;
  /** Bytes of messages that somebody refers to, and of all segments. */
  liveBytes = 0;
  allocatedBytes = 0;
  /** Told of each message that nobody refers to any more; set only while somebody looks. */
  onFreed: ((address: Address) => void) | undefined;
  /** Bytes of persistent messages that are in memory. */
  residentBytes = 0;
  /** The persistent messages. */
  readonly table = new MessageTable();
  readonly #segments: (Segment | undefined)[] = [];
  readonly #freeIndexes: number[] = [];
  readonly #spare: Block[] = [];
  #current: Segment;
  #moving = false;

  constructor() {
    this.#current = this.#addSegment(blockOf(new Uint8Array(0)));
    this.block = this.#current.block;
  }

  /** Copies a message in; the caller holds the first reference. */
  append(message: MessageBytes, marks = 0): Address {
    // Frames as a publisher likes them are cut anew: what is at rest is always alike.
    const canonical = message.canonical ? message : recut(message);
    const bytesAddress = this.#appendBytes(canonical, marks);
    if ((marks & MARK_PERSISTENT) === 0) return bytesAddress;
    const { namesStart, namesEnd, contentStart, contentEnd, bodyBytes } = canonical;
    const namesBytes = namesEnd - namesStart;
    const tailBytes = namesBytes + 1 + contentEnd - contentStart;
    this.residentBytes += tailBytes;
    return addressOf(this.table.add(bytesAddress, tailBytes, bodyBytes, namesBytes, marks));
  }

  /** Whether the bytes of a message are in memory, so that it can be read. */
  isResident(address: Address): boolean {
    return !isPersistent(address) || this.table.bytesAddress(slotOf(address)) >= 0;
  }

  /** Brings back the bytes of a persistent message: its tail, as the journal kept it. */
  load(slot: Slot, tail: Uint8Array): void {
    const { table } = this;
    const bytesAddress = this.#addHeader(
      tail.length, table.bodyBytes(slot), table.namesBytes(slot), table.marks(slot),
    );
    this.#find(bytesAddress).block.bytes.set(tail, this.#offset + RECORD_HEADER_BYTES);
    table.setBytesAddress(slot, bytesAddress);
    this.residentBytes += tail.length;
  }

  /** Leaves the bytes of a persistent message to the journal. */
  unload(slot: Slot): void {
    const bytesAddress = this.table.bytesAddress(slot);
    if (bytesAddress < 0) return;
    this.residentBytes -= this.table.tailBytes(slot);
    this.table.setBytesAddress(slot, ABSENT);
    this.release(bytesAddress);
  }

  #appendBytes(message: MessageBytes, marks: number): Address {
    const namesBytes = message.namesEnd - message.namesStart;
    const tailBytes = namesBytes + 1 + message.contentEnd - message.contentStart;
    const address = this.#addHeader(tailBytes, message.bodyBytes, namesBytes, marks);
    copyMessage(this.#find(address).block, this.#offset + RECORD_HEADER_BYTES, message);
    return address;
  }

  /** Begins a record that one refers to; its tail is still to be copied behind its header. */
  #addHeader(tailBytes: number, bodyBytes: number, namesBytes: number, marks: number): Address {
    const segment = this.#room(RECORD_HEADER_BYTES + tailBytes);
    const at = this.#grow(segment, RECORD_HEADER_BYTES + tailBytes);
    const { view } = segment.block;
    view.setUint32(at + TAIL_BYTES, tailBytes);
    view.setUint32(at + REFERENCES, 1);
    view.setUint32(at + BODY_BYTES, bodyBytes);
    view.setUint16(at + NAMES_BYTES, namesBytes);
    view.setUint16(at + MARKS, marks);
    return addressIn(segment, at);
  }

  /** One more refers to the message; answers the bytes of its body. */
  retain(address: Address): number {
    if (isPersistent(address)) {
      const slot = slotOf(address);
      this.table.retain(slot);
      return this.table.bodyBytes(slot);
    }
    const { view } = this.#find(address).block;
    const at = this.#offset;
    view.setUint32(at + REFERENCES, view.getUint32(at + REFERENCES) + 1);
    return view.getUint32(at + BODY_BYTES);
  }

  /** One less refers to it; whether it was the last one. */
  release(address: Address): boolean {
    if (isPersistent(address)) return this.#releaseRow(slotOf(address));
    const segment = this.#segments[(address / ADDRESS_UNIT) | 0];
    assert(segment !== undefined, 'an address lies in a segment');
    const offset = address & OFFSET_MASK;
    if (segment.moved !== undefined) return this.#releaseMoved(segment, segment.moved, offset);
    const { view } = segment.block;
    const references = view.getUint32(offset + REFERENCES) - 1;
    assert(references >= 0, 'a message is released as often as it was retained');
    view.setUint32(offset + REFERENCES, references);
    if (references > 0) return false;
    const size = RECORD_HEADER_BYTES + view.getUint32(offset + TAIL_BYTES);
    segment.live -= size;
    this.liveBytes -= size;
    this.onFreed?.(address);
    if (segment.live === 0) this.#empty(segment);
    return true;
  }

  /** Points the fields of this store at a record, until the next call of any method. */
  locate(address: Address): void {
    const { block } = this.#find(address);
    const { view } = block;
    const at = this.#offset;
    this.block = block;
    this.start = at + RECORD_HEADER_BYTES;
    this.end = this.start + view.getUint32(at + TAIL_BYTES);
    this.bodyBytes = view.getUint32(at + BODY_BYTES);
    this.namesBytes = view.getUint16(at + NAMES_BYTES);
    this.marks = view.getUint16(at + MARKS);
  }

  bodyBytesOf(address: Address): number {
    if (isPersistent(address)) return this.table.bodyBytes(slotOf(address));
    const { view } = this.#find(address).block;
    return view.getUint32(this.#offset + BODY_BYTES);
  }

  /** Offset of the record that `#find` found last. */
  #offset = 0;

  #releaseRow(slot: Slot): boolean {
    // With the last reference the bytes go as well.
    if (this.table.references(slot) === 1) this.unload(slot);
    const dead = this.table.release(slot);
    if (dead) this.onFreed?.(addressOf(slot));
    return dead;
  }

  #find(address: Address): Segment {
    if (isPersistent(address)) {
      const bytesAddress = this.table.bytesAddress(slotOf(address));
      assert(bytesAddress >= 0, 'a message is in memory when it is read');
      return this.#find(bytesAddress);
    }
    const segment = this.#segments[(address / ADDRESS_UNIT) | 0];
    assert(segment !== undefined, 'an address lies in a segment');
    this.#offset = address & OFFSET_MASK;
    if (segment.moved === undefined) return segment;
    const now = segment.moved.get(this.#offset);
    assert(now !== undefined, 'a message that was moved left its new address');
    return this.#find(now);
  }

  #releaseMoved(segment: Segment, moved: Map<number, Address>, offset: number): boolean {
    const dead = this.release(moved.get(offset)!);
    if (dead) {
      moved.delete(offset);
      this.onFreed?.(addressIn(segment, offset));
      if (moved.size === 0) this.#drop(segment);
    }
    return dead;
  }

  #room(bytes: number): Segment {
    if (bytes > limits.sharedRecordBytesMax) {
      return this.#addSegment(blockOf(new Uint8Array(bytes)));
    }
    // A new segment may be full at once: with messages that were moved together.
    while (this.#current.used + bytes > this.#current.block.bytes.length) this.#startSegment();
    return this.#current;
  }

  #grow(segment: Segment, bytes: number): number {
    const at = segment.used;
    segment.used += bytes;
    segment.live += bytes;
    this.liveBytes += bytes;
    return at;
  }

  #startSegment(): void {
    const full = this.#current;
    this.#current = this.#addSegment(
      this.#spare.pop() ?? blockOf(new Uint8Array(limits.segmentBytes)),
    );
    if (full.live === 0) this.#drop(full);
    const dead = this.allocatedBytes - this.liveBytes;
    const isMuch = dead > limits.deadBytesMax && dead > this.liveBytes;
    if (!this.#moving && isMuch) this.#moveTogether();
  }

  #addSegment(block: Block): Segment {
    const index = this.#freeIndexes.pop() ?? this.#segments.length;
    const segment = new Segment(index, block);
    this.#segments[index] = segment;
    this.allocatedBytes += block.bytes.length;
    return segment;
  }

  /** Nobody refers to anything in it: the current one starts anew, others are freed. */
  #empty(segment: Segment): void {
    if (segment === this.#current) segment.used = 0;
    else this.#drop(segment);
  }

  #drop(segment: Segment): void {
    this.#segments[segment.index] = undefined;
    this.#freeIndexes.push(segment.index);
    this.#freeBlock(segment);
  }

  #freeBlock(segment: Segment): void {
    const { block } = segment;
    this.allocatedBytes -= block.bytes.length;
    const reusable = block.bytes.length === limits.segmentBytes;
    if (reusable && this.#spare.length < limits.spareSegmentsMax) this.#spare.push(block);
    segment.block = NO_BLOCK;
  }

  /** Copies the live messages out of segments that are mostly dead, and frees those. */
  #moveTogether(): void {
    this.#moving = true;
    for (const segment of this.#segments) {
      if (segment === undefined || segment === this.#current) continue;
      if (segment.moved === undefined && segment.live * 4 < segment.used) this.#move(segment);
    }
    this.#moving = false;
  }

  #move(from: Segment): void {
    const moved = new Map<number, Address>();
    const { view } = from.block;
    for (let at = 0; at < from.used;) {
      const size = RECORD_HEADER_BYTES + view.getUint32(at + TAIL_BYTES);
      if (view.getUint32(at + REFERENCES) > 0) {
        const to = this.#room(size);
        const offset = this.#grow(to, size);
        copy(to.block, offset, from.block, at, at + size);
        moved.set(at, addressIn(to, offset));
      }
      at += size;
    }
    this.liveBytes -= from.live;
    from.moved = moved;
    this.#freeBlock(from);
  }
}

const NO_BLOCK = blockOf(new Uint8Array(0));
