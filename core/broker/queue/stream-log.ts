import type { Lsn } from '../../storage/journal.ts';
import type { Retention } from './arguments.ts';
import type { StreamOffset } from './stream-offset.ts';
import {
  emptyRecord, readRecord, type MutableRecord, type StreamEntry, type StreamRecord,
} from './stream-record.ts';
import { StreamSegment } from './stream-segment.ts';

/** A part of a stream as the journal kept it. */
export interface KeptChunk {
  readonly lsn: Lsn;
  /** Offset of its first message, and of the first message of its segment. */
  readonly offset: number;
  readonly segment: number;
  readonly records: Uint8Array;
}

/**
 * The messages of a stream in segments, oldest first. Retention drops whole segments, never the
 * last one: what was published last stays. QUE-31.
 */
export class StreamLog {
  /** Octets of all records. */
  bytes = 0;
  readonly #retention: Retention;
  #segments: StreamSegment[] = [new StreamSegment(0)];
  /** The segment, as the journal has it, of which the last part was taken back. */
  #restoring = -1;

  constructor(retention: Retention) {
    this.#retention = retention;
  }

  /** Offset of the oldest message. */
  get first(): number {
    return this.#segments[0]!.first;
  }

  /** Offset that the next message will have. */
  get next(): number {
    return this.#last.end;
  }

  append(entry: StreamEntry, now: number): void {
    const { segmentBytes, maxAgeMs } = this.#retention;
    const { used, count, firstTimestamp } = this.#last;
    const full = used + entry.bytes > segmentBytes || now - firstTimestamp > maxAgeMs;
    if (full && count > 0) this.#segments.push(new StreamSegment(this.next));
    this.#last.append(entry, now);
    this.bytes += entry.bytes;
  }

  /** Takes back what the journal kept; call in the order of offsets. */
  restore({ offset, segment, records, lsn }: KeptChunk): void {
    // Chunks that were joined are there once more.
    if (offset < this.next) return;
    // What is missing in between was lost, and is not there for readers.
    if (segment !== this.#restoring || offset !== this.next) {
      this.#restoring = segment;
      const begun = new StreamSegment(offset);
      this.#segments = this.next === this.first ? [begun] : [...this.#segments, begun];
    }
    this.#last.restore(records, lsn);
    this.bytes += records.length;
  }

  /** Drops what is too much or too old; answers when there will be something too old. */
  trim(now: number): number {
    const { maxBytes, maxAgeMs } = this.#retention;
    const segments = this.#segments;
    let dropped = 0;
    while (dropped < segments.length - 1) {
      const { lastTimestamp, used } = segments[dropped]!;
      if (this.bytes <= maxBytes && now - lastTimestamp <= maxAgeMs) break;
      segments[dropped]!.dropped = true;
      this.bytes -= used;
      dropped++;
    }
    if (dropped > 0) this.#segments = segments.slice(dropped);
    return this.#segments.length === 1 ? Infinity : this.#segments[0]!.lastTimestamp + maxAgeMs;
  }

  /** A cursor where a consumer wants to begin. `now` is wall-clock time. */
  open(at: StreamOffset, now: number): StreamCursor {
    if (at === 'first') return this.#find(0, -Infinity);
    if (at === 'next') return this.#find(Infinity, -Infinity);
    if (at === 'last') return this.#find(this.next - 1, -Infinity);
    if ('number' in at) return this.#find(at.number, -Infinity);
    return this.#find(0, 'age' in at ? now - at.age : at.since);
  }

  /** The segment that follows; where retention overtook a reader, the oldest that there is. */
  after(segment: StreamSegment): StreamSegment {
    if (segment.dropped) return this.#segments[0]!;
    return this.#segments[this.#indexOf(segment.first) + 1]!;
  }

  /** Oldest first. */
  get segments(): readonly StreamSegment[] {
    return this.#segments;
  }

  #find(offset: number, since: number): StreamCursor {
    const old = this.#segments.find((each) => each.lastTimestamp >= since) ?? this.#last;
    const segment = this.#segments[this.#indexOf(Math.max(offset, old.first))]!;
    const found = segment.find(offset, since);
    return new StreamCursor(this, segment, found.offset, found.position);
  }

  /** Which segment an offset lies in, or the nearest one. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#segments[middle]!.first <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  get #last(): StreamSegment {
    return this.#segments.at(-1)!;
  }
}

/** A place in a stream, which a reader moves on. */
export class StreamCursor {
  /** Offset of the message that comes next. */
  offset: number;
  readonly #log: StreamLog;
  readonly #record: MutableRecord = emptyRecord();
  #segment: StreamSegment;
  #position: number;

  constructor(log: StreamLog, segment: StreamSegment, offset: number, position: number) {
    this.#log = log;
    this.#segment = segment;
    this.offset = offset;
    this.#position = position;
  }

  /** Whether all was read. */
  get atEnd(): boolean {
    return this.offset === this.#log.next;
  }

  /** The message that comes next, where there is one; valid until the cursor is asked again. */
  read(): StreamRecord {
    if (this.#segment.dropped || this.offset === this.#segment.end) {
      this.#segment = this.#log.after(this.#segment);
      this.offset = this.#segment.first;
      this.#position = 0;
    }
    return readRecord(this.#segment.block, this.#position, this.#record);
  }

  /** Goes on behind the message that was read. */
  advance(): void {
    this.#position = this.#record.end;
    this.offset++;
  }
}
