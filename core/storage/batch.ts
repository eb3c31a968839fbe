import { assert } from '../assert.ts';
import { blockOf, type Block } from '../protocol/bytes.ts';
import type { Lsn } from './journal.ts';
import {
  FRAME_BYTES, FrameKind, MARK_BYTES, RECORD_BYTES_MAX, SEGMENT_HEAD_BYTES, TALLY_BYTES, lengthAt,
  writeFrame, writeMark, type MessagesIn, type Place,
} from './record-frame.ts';
import type { RecordGroup } from './record-group.ts';
import type { Segment } from './segment.ts';

/** Below this size a loop of moves is faster than a call of `set`. */
const SHORT_BYTES_MAX = 32;

/** Bytes on their way to one segment: what one write and one sync will make durable. */
export class Batch {
  readonly segment: Segment;
  /** Where it begins in its segment. */
  readonly start: number;
  /** The last record in it; where it has none, the last before it. */
  last: Lsn;
  /** Whether its write has begun, so that nothing can be added any more. */
  sealed = false;
  used = 0;
  /** How many messages its records are. */
  messages = 0;
  #block: Block;
  readonly #messagesIn: MessagesIn;

  constructor(segment: Segment, block: Block, last: Lsn, messagesIn: MessagesIn) {
    this.segment = segment;
    this.#messagesIn = messagesIn;
    this.start = segment.end;
    this.last = last;
    this.#block = block;
  }

  get block(): Block {
    return this.#block;
  }

  get bytes(): Uint8Array {
    return this.#block.bytes.subarray(0, this.used);
  }

  /** Makes room for so many bytes more. */
  reserve(bytes: number): void {
    const needed = this.used + bytes;
    const { length } = this.#block.bytes;
    if (needed <= length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * length));
    grown.set(this.#block.bytes.subarray(0, this.used));
    this.#block = blockOf(grown);
  }

  /** Adds the mark that says where the batch before ended. The room is reserved. */
  addMark(before: Place): void {
    writeMark(this.#block, this.used, before, this.segment.salt, this.segment.end);
    this.#grow(MARK_BYTES);
  }

  /** Adds the tally of a segment that begins, behind its first mark. The room is reserved. */
  addTally(messagesBefore: number): void {
    this.segment.begin(this.#block.bytes.subarray(0, this.used), messagesBefore);
    const tally = this.segment.head!.subarray(SEGMENT_HEAD_BYTES - TALLY_BYTES);
    this.#block.bytes.set(tally, this.used);
    this.#grow(TALLY_BYTES);
  }

  /** Adds a record of its own and answers where its frame begins. The room is reserved. */
  addRecord(record: Uint8Array): number {
    const offset = this.segment.end;
    const at = this.used;
    const { length } = record;
    copyRecord(this.#block, at + FRAME_BYTES, record);
    writeFrame(this.#block, at, FrameKind.whole, length, this.segment.salt, offset);
    this.#count(at + FRAME_BYTES, length);
    this.#grow(FRAME_BYTES + length);
    return offset;
  }

  /** Adds a group of records and answers where the frame of each begins. The room is reserved. */
  addGroup(group: RecordGroup): number[] {
    const start = this.segment.end;
    const at = this.used;
    const { count } = group;
    group.copyTo(this.#block, at);
    const offsets: number[] = [];
    for (let index = 0; index < count; index++) {
      const frame = group.startOf(index);
      const length = group.startOf(index + 1) - frame - FRAME_BYTES;
      assert(length <= RECORD_BYTES_MAX, 'a record fits a frame');
      const kind = group.isAtomic ? kindIn(index, count) : FrameKind.whole;
      writeFrame(this.#block, at + frame, kind, length, this.segment.salt, start + frame);
      this.#count(at + frame + FRAME_BYTES, length);
      offsets.push(start + frame);
    }
    this.#grow(group.bytes);
    return offsets;
  }

  /** Whether a frame that begins at `offset` of the segment is in it. */
  covers(segment: Segment, offset: number): boolean {
    return segment === this.segment && offset >= this.start && offset < this.start + this.used;
  }

  /** The record whose frame begins at `offset` in the segment. */
  peek(offset: number): Uint8Array {
    const at = offset - this.start;
    const start = at + FRAME_BYTES;
    return this.#block.bytes.subarray(start, start + lengthAt(this.#block, at));
  }

  #count(start: number, length: number): void {
    const messages = this.#messagesIn(this.#block, start, start + length);
    this.messages += messages;
    this.segment.messages += messages;
  }

  #grow(bytes: number): void {
    this.used += bytes;
    this.segment.end += bytes;
  }
}

/** What a record of a group is marked as, by its place among so many. */
function kindIn(index: number, count: number): FrameKind {
  if (count === 1) return FrameKind.whole;
  if (index === 0) return FrameKind.first;
  return index === count - 1 ? FrameKind.last : FrameKind.middle;
}

function copyRecord(target: Block, at: number, record: Uint8Array): void {
  if (record.length > SHORT_BYTES_MAX) {
    target.bytes.set(record, at);
    return;
  }
  const { bytes } = target;
  for (let index = 0; index < record.length; index++) bytes[at + index] = record[index]!;
}
