import { blockOf, copy, type Block } from '../../protocol/bytes.ts';
import { emptyRecord, readRecord, writeRecord, type StreamEntry } from './stream-record.ts';

const CAPACITY_MIN = 4096;

/** A piece of a stream: messages with consecutive offsets, which go together. */
export class StreamSegment {
  /** Offset of its first message. */
  readonly first: number;
  block: Block;
  /** Messages in it, and octets written. */
  count = 0;
  used = 0;
  /** Wall-clock times at which its first and its last message came; milliseconds. */
  firstTimestamp = Infinity;
  lastTimestamp = -Infinity;
  /** Retention took it away. */
  dropped = false;

  constructor(first: number) {
    this.first = first;
    this.block = blockOf(new Uint8Array(CAPACITY_MIN));
  }

  /** Offset of the first message behind it. */
  get end(): number {
    return this.first + this.count;
  }

  append(entry: StreamEntry, timestamp: number): void {
    this.#reserve(entry.bytes);
    writeRecord(this.block, this.used, entry, this.end, timestamp);
    this.used += entry.bytes;
    this.count++;
    this.#timed(timestamp);
  }

  #timed(timestamp: number): void {
    this.firstTimestamp = Math.min(this.firstTimestamp, timestamp);
    this.lastTimestamp = Math.max(this.lastTimestamp, timestamp);
  }

  /** Where the first message lies that is neither before `offset` nor older than `since`. */
  find(offset: number, since: number): { offset: number; position: number } {
    if (offset >= this.end) return { offset: this.end, position: this.used };
    const record = emptyRecord();
    let position = 0;
    let at = this.first;
    for (; at < this.end; at++) {
      readRecord(this.block, position, record);
      if (at >= offset && record.timestamp >= since) break;
      position = record.end;
    }
    return { offset: at, position };
  }

  /** Small streams are many: a block grows as it must. */
  #reserve(bytes: number): void {
    const needed = this.used + bytes;
    if (needed <= this.block.bytes.length) return;
    const larger = blockOf(new Uint8Array(Math.max(needed, 2 * this.block.bytes.length)));
    copy(larger, 0, this.block, 0, this.used);
    this.block = larger;
  }
}
