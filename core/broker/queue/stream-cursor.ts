import { emptyRecord, readRecord, type StreamRecord } from './stream-record.ts';
import type { StreamSegment } from './stream-segment.ts';

/** The log of a stream, as far as a reader of it needs it. */
interface ReadableLog {
  /** Readers may have what lies before this offset. */
  readonly readable: number;
  /** The segment that the message of this offset lies in. */
  segmentOf(offset: number): StreamSegment;
}

/** A place in a stream, which a reader moves on. */
export class StreamCursor {
  /** Offset of the message that comes next, or of one before it that is too old. */
  offset: number;
  /** The segment that this lies in; it may have to be loaded first. */
  segment: StreamSegment;
  readonly #log: ReadableLog;
  readonly #record = emptyRecord();
  /** Messages before this wall-clock time are passed over; milliseconds. */
  #since: number;
  /** Where in the segment the message lies; undefined: that is still to be found. */
  #position: number | undefined;

  constructor(log: ReadableLog, offset: number, since = -Infinity) {
    this.#log = log;
    this.offset = offset;
    this.#since = since;
    this.segment = log.segmentOf(offset);
  }

  /** Whether all was read that readers may have. */
  get atEnd(): boolean {
    return this.offset >= this.#log.readable;
  }

  /**
   * The message that comes next, valid until the cursor is asked again; undefined where there is
   * none, or none in memory.
   */
  read(): StreamRecord | undefined {
    for (;;) {
      if (this.segment.dropped || this.offset >= this.segment.end) this.#enterNext();
      const { segment } = this;
      if (this.atEnd || !segment.isResident) return undefined;
      const position = this.#position;
      if (position !== undefined) return readRecord(segment.block, position, this.#record);
      this.#find();
    }
  }

  /** Goes on behind the message that was read. */
  advance(): void {
    this.#position = this.#record.end;
    this.offset++;
  }

  #enterNext(): void {
    this.segment = this.#log.segmentOf(this.offset);
    this.#position = undefined;
  }

  /** Moves to the first message from here on that is there and not too old. */
  #find(): void {
    const { offset, position } = this.segment.find(this.offset, this.#since);
    this.offset = offset;
    this.#position = position;
    // Times rise with offsets: what follows is not too old.
    if (offset < this.segment.end) this.#since = -Infinity;
  }
}
