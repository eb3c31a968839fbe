import { blockOf, copy, type Block } from '../../protocol/bytes.ts';
import type { Lsn } from '../../storage/journal.ts';
import { emptyRecord, readRecord, writeRecord, type StreamEntry } from './stream-record.ts';

const CAPACITY_MIN = 4096;

/** A part of a segment that the journal keeps in one record. */
export interface StreamChunk {
  /** Number of that record; 0: it is not written yet. */
  readonly lsn: Lsn;
  /** Offset of its first message. */
  readonly offset: number;
  /** Where its octets lie in the segment. */
  readonly start: number;
  readonly end: number;
}

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
  #chunks: StreamChunk[] = [];
  /** Offset and place of the first message that the journal has not. */
  #unkept = { offset: 0, start: 0 };

  constructor(first: number) {
    this.first = first;
    this.#unkept.offset = first;
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

  /** Takes back records that the journal kept. */
  restore(records: Uint8Array, lsn: Lsn): void {
    this.#reserve(records.length);
    this.block.bytes.set(records, this.used);
    const record = emptyRecord();
    const end = this.used + records.length;
    while (this.used < end) {
      readRecord(this.block, this.used, record);
      this.used = record.end;
      this.count++;
      this.#timed(record.timestamp);
    }
    this.keep({ ...this.#rest, lsn });
  }

  /** Its parts in the journal, where there is one. */
  get chunks(): readonly StreamChunk[] {
    return this.#chunks;
  }

  /** The part that the journal has not; undefined where it has all. */
  get unkept(): StreamChunk | undefined {
    return this.#unkept.start === this.used ? undefined : this.#rest;
  }

  /** All of it as one part. */
  get whole(): StreamChunk {
    return { lsn: 0, offset: this.first, start: 0, end: this.used };
  }

  /** The journal keeps this part, instead of what it had there before. */
  keep(chunk: StreamChunk): void {
    if (chunk.start < this.#unkept.start) {
      const isOther = ({ start, end }: StreamChunk): boolean =>
        end <= chunk.start || start >= chunk.end;
      this.#chunks = this.#chunks.filter(isOther);
    }
    this.#chunks.push(chunk);
    if (chunk.end > this.#unkept.start) this.#unkept = { offset: this.end, start: chunk.end };
  }

  get #rest(): StreamChunk {
    return { lsn: 0, ...this.#unkept, end: this.used };
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
