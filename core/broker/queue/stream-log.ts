import type { Lsn } from '../../storage/journal.ts';
import type { Retention } from './arguments.ts';
import { StreamCursor } from './stream-cursor.ts';
import type { StreamOffset } from './stream-offset.ts';
import type { StreamEntry } from './stream-record.ts';
import { StreamSegment } from './stream-segment.ts';

/** A part of a stream that the journal keeps, without its octets. */
export interface KeptChunk {
  readonly lsn: Lsn;
  /** Offset of the first message of its segment, and of its own first message. */
  readonly segment: number;
  readonly offset: number;
  readonly count: number;
  /** Octets of its messages. */
  readonly bytes: number;
  /** Wall-clock times in milliseconds. */
  readonly firstTimestamp: number;
  readonly lastTimestamp: number;
}

/**
 * The messages of a stream in segments, oldest first. Retention drops whole segments, never the
 * last one: what was published last stays. QUE-31.
 */
export class StreamLog {
  /** Octets of all records. */
  bytes = 0;
  /** Offset that readers do not go beyond: what is not durable yet may still be taken back. */
  readable = 0;
  /** How much it keeps; what is more goes when it is trimmed. */
  retention: Retention;
  readonly #onFull: (segment: StreamSegment) => void;
  #segments: StreamSegment[] = [new StreamSegment(0)];
  /** The segment, as the journal has it, of which the last part was adopted. */
  #adopting = -1;

  /** `onFull` hears of each segment to which nothing will be added any more. */
  constructor(retention: Retention, onFull: (segment: StreamSegment) => void) {
    this.retention = retention;
    this.#onFull = onFull;
  }

  /** Offset of the oldest message. */
  get first(): number {
    return this.#segments[0]!.first;
  }

  /** Offset that the next message will have. */
  get next(): number {
    return this.#last.end;
  }

  /** Oldest first. */
  get segments(): readonly StreamSegment[] {
    return this.#segments;
  }

  append(entry: StreamEntry, now: number): void {
    const { segmentBytes, maxAgeMs } = this.retention;
    const last = this.#last;
    const isFull = last.used + entry.bytes > segmentBytes || now - last.firstTimestamp > maxAgeMs;
    if (!last.isResident || (isFull && last.count > 0)) {
      this.#onFull(last);
      this.#segments.push(new StreamSegment(this.next));
    }
    this.#last.append(entry, now);
    this.bytes += entry.bytes;
  }

  /** Takes back what the journal kept; call in the order of offsets. */
  adopt(chunk: KeptChunk): void {
    const { segment, offset, count, bytes } = chunk;
    // Chunks that were joined are there once more.
    if (offset < this.next) return;
    // What is missing in between was lost, and is not there for readers.
    if (segment !== this.#adopting || offset !== this.next) {
      this.#adopting = segment;
      const begun = new StreamSegment(offset);
      this.#segments = this.next === this.first ? [begun] : [...this.#segments, begun];
    }
    this.#last.adopt(chunk.lsn, count, bytes, chunk.firstTimestamp, chunk.lastTimestamp);
    this.bytes += bytes;
  }

  /** Drops what is too much or too old; answers when there will be something too old. */
  trim(now: number): number {
    const { maxBytes, maxAgeMs } = this.retention;
    const oldest = (): StreamSegment => this.#segments[0]!;
    const isTooMuch = (): boolean =>
      this.bytes > maxBytes || now - oldest().lastTimestamp > maxAgeMs;
    while (this.#segments.length > 1 && isTooMuch()) this.drop(oldest());
    return this.#segments.length === 1 ? Infinity : oldest().lastTimestamp + maxAgeMs;
  }

  /** A segment goes: retention took it, or it cannot be read. */
  drop(segment: StreamSegment): void {
    if (segment.dropped) return;
    segment.dropped = true;
    this.bytes -= segment.used;
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    if (this.#segments.length === 0) this.#segments.push(new StreamSegment(segment.end));
  }

  /** A cursor where a consumer wants to begin. `now` is wall-clock time. */
  open(at: StreamOffset, now: number): StreamCursor {
    if (at === 'first') return new StreamCursor(this, this.first);
    if (at === 'next') return new StreamCursor(this, this.next);
    if (at === 'last') return new StreamCursor(this, this.#last.end - 1);
    if ('number' in at) return new StreamCursor(this, Math.min(at.number, this.next));
    const since = 'age' in at ? now - at.age : at.since;
    const segment = this.#segments.find(({ lastTimestamp }) => lastTimestamp >= since);
    return new StreamCursor(this, segment?.first ?? this.next, since);
  }

  /** The segment in which an offset lies, or else the next one; behind the end: the last one. */
  segmentOf(offset: number): StreamSegment {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#segments[middle]!.end > offset) high = middle;
      else low = middle + 1;
    }
    return this.#segments[low]!;
  }

  get #last(): StreamSegment {
    return this.#segments.at(-1)!;
  }
}
