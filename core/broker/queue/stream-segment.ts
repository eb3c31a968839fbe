import { assert } from '../../assert.ts';
import { blockOf, copy, type Block } from '../../protocol/bytes.ts';
import type { Lsn } from '../../storage/journal.ts';
import { emptyRecord, readRecord, writeRecord, type StreamEntry } from './stream-record.ts';

const CAPACITY_MIN = 4096;

/** A part of a segment that the journal keeps in one record. */
export interface StreamChunk {
  /** Number of that record; 0: it is not written yet. */
  readonly lsn: Lsn;
  /** Offset of its first message, and how many messages there are. */
  readonly offset: number;
  readonly count: number;
  /** Where its octets lie in the segment. */
  readonly start: number;
  readonly end: number;
}

/** A piece of a stream: messages with consecutive offsets, which go together. */
export class StreamSegment {
  /** Offset of its first message. */
  readonly first: number;
  /** Messages in it, and octets of their records. */
  count = 0;
  used = 0;
  /** Wall-clock times at which its first and its last message came; milliseconds. */
  firstTimestamp = Infinity;
  lastTimestamp = -Infinity;
  /** It is not a part of the stream any more. */
  dropped = false;
  /** Undefined: the journal alone has its octets. */
  #block: Block | undefined;
  #chunks: StreamChunk[] = [];
  /** How many messages and octets the journal has. */
  #kept = { count: 0, bytes: 0 };

  constructor(first: number) {
    this.first = first;
  }

  /** Offset of the first message behind it. */
  get end(): number {
    return this.first + this.count;
  }

  /** Its octets; only while they are in memory. */
  get block(): Block {
    assert(this.#block !== undefined, 'a segment is read while it is in memory');
    return this.#block;
  }

  get isResident(): boolean {
    return this.#block !== undefined || this.used === 0;
  }

  /** Whether the journal has all of it. */
  get isKept(): boolean {
    return this.#kept.bytes === this.used;
  }

  /** Its parts in the journal, where there is one. */
  get chunks(): readonly StreamChunk[] {
    return this.#chunks;
  }

  append(entry: StreamEntry, timestamp: number): void {
    const block = this.#reserve(entry.bytes);
    writeRecord(block, this.used, entry, this.end, timestamp);
    this.#grow(1, entry.bytes, timestamp, timestamp);
  }

  /** Knows from now on of a part that the journal has. */
  adopt(
    lsn: Lsn, count: number, bytes: number, firstTimestamp: number, lastTimestamp: number,
  ): void {
    assert(this.#block === undefined, 'what is adopted lies behind nothing that is in memory');
    this.#grow(count, bytes, firstTimestamp, lastTimestamp);
    this.keep({ ...this.#rest, lsn });
  }

  /** The octets are in memory again. */
  load(bytes: Uint8Array): void {
    this.#block = blockOf(bytes);
  }

  /** The octets are in the journal alone. */
  unload(): void {
    assert(this.isKept, 'what leaves memory is in the journal');
    this.#block = undefined;
  }

  /** The part that the journal has not; undefined where it has all. */
  get unkept(): StreamChunk | undefined {
    return this.isKept ? undefined : this.#rest;
  }

  /** All of it as one part. */
  get whole(): StreamChunk {
    return { lsn: 0, offset: this.first, count: this.count, start: 0, end: this.used };
  }

  /** The journal keeps this part, instead of what it had there before. */
  keep(chunk: StreamChunk): void {
    if (chunk.start < this.#kept.bytes) {
      const isOther = ({ start, end }: StreamChunk): boolean =>
        end <= chunk.start || start >= chunk.end;
      this.#chunks = this.#chunks.filter(isOther);
    }
    this.#chunks.push(chunk);
    if (chunk.end <= this.#kept.bytes) return;
    this.#kept = { count: chunk.offset + chunk.count - this.first, bytes: chunk.end };
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

  get #rest(): StreamChunk {
    const { count, bytes } = this.#kept;
    return {
      lsn: 0, offset: this.first + count, count: this.count - count, start: bytes, end: this.used,
    };
  }

  #grow(count: number, bytes: number, firstTimestamp: number, lastTimestamp: number): void {
    this.count += count;
    this.used += bytes;
    this.firstTimestamp = Math.min(this.firstTimestamp, firstTimestamp);
    this.lastTimestamp = Math.max(this.lastTimestamp, lastTimestamp);
  }

  /** Small streams are many: a block grows as it must. */
  #reserve(bytes: number): Block {
    const needed = this.used + bytes;
    const block = this.#block;
    if (block !== undefined && needed <= block.bytes.length) return block;
    const capacity = Math.max(needed, CAPACITY_MIN, 2 * (block?.bytes.length ?? 0));
    const larger = blockOf(new Uint8Array(capacity));
    if (block !== undefined) copy(larger, 0, block, 0, this.used);
    this.#block = larger;
    return larger;
  }
}
