import { assert } from '../../assert.ts';
import { limits } from '../../limits.ts';
import { segmentNumberOf, type Lsn } from '../../storage/journal.ts';
import type { DurableStream } from '../queue/queue-host.ts';
import type { StreamChunk, StreamSegment } from '../queue/stream-segment.ts';
import type { DurableLog } from './durable-log.ts';
import { decodeRecord, encodeDefinition, type CheckpointChunk } from './records.ts';

/** Up to where a stream will be durable once the journal is. */
interface Unshown {
  readonly stream: DurableStream;
  readonly end: number;
  readonly lsn: Lsn;
}

interface Piece {
  readonly stream: DurableStream;
  readonly segment: StreamSegment;
  readonly chunk: StreamChunk;
}

/**
 * Keeps streams in the journal. What a turn adds to one is a chunk, which is written with the
 * turn; retention needs no record, for each chunk says how far it had come. Of segments that are
 * full only some stay in memory: those that were filled or read last.
 */
export class DurableStreams {
  readonly #log: DurableLog;
  readonly #streams = new Set<DurableStream>();
  readonly #grown = new Set<DurableStream>();
  /** Segments that were filled in the turn at hand. */
  #full: StreamSegment[] = [];
  #pending: Piece[] = [];
  /** What was written, and is not durable yet. */
  #unshown: Unshown[] = [];
  /** Segments that may leave memory, and octets of each, in the order in which they came there. */
  readonly #resident = new Map<StreamSegment, number>();
  #residentBytes = 0;
  /** Segments that are being brought back, and what waits for each. */
  readonly #loading = new Map<StreamSegment, (() => void)[]>();

  constructor(log: DurableLog) {
    this.#log = log;
  }

  /** Octets of all that streams keep. */
  get bytes(): number {
    let bytes = 0;
    for (const { log } of this.#alive()) bytes += log.bytes;
    return bytes;
  }

  /** There is a new stream. */
  add(stream: DurableStream): void {
    this.#streams.add(stream);
  }

  /** Something was published to the stream. */
  grown(stream: DurableStream): void {
    this.#grown.add(stream);
  }

  /** Nothing will be added to the segment any more. */
  full(segment: StreamSegment): void {
    this.#full.push(segment);
  }

  /** The records of what the turn added; `written` is to be called where they are written. */
  take(): Uint8Array[] {
    this.#pending = [];
    for (const stream of this.#grown) {
      if (!stream.gone) this.#pending.push(...piecesOf(stream));
    }
    this.#grown.clear();
    return this.#pending.map((piece) => {
      const { segment, chunk } = piece;
      return this.#recordOf(piece, segment.block.bytes.subarray(chunk.start, chunk.end));
    });
  }

  written(numbers: readonly Lsn[]): void {
    this.#pending.forEach(({ segment, chunk }, index) => {
      segment.keep({ ...chunk, lsn: numbers[index]! });
    });
    const { last: lsn, durable } = this.#log.journal;
    for (const stream of new Set(this.#pending.map((piece) => piece.stream))) {
      this.#unshown.push({ stream, end: stream.log.next, lsn });
    }
    this.#pending = [];
    this.durable(durable);
    for (const segment of this.#full.splice(0)) this.#remain(segment);
  }

  /** The journal is durable up to there. */
  durable(upTo: Lsn): void {
    const waiting = this.#unshown.findIndex(({ lsn }) => lsn > upTo);
    const due = this.#unshown.splice(0, waiting === -1 ? Infinity : waiting);
    for (const { stream, end } of due) stream.show(end);
  }

  /** What lies in these segments of the journal. */
  between(fromSegment: number, beforeSegment: number): CheckpointChunk[] {
    const pieces = this.#piecesIn(fromSegment, beforeSegment);
    return Array.from(pieces, ({ stream, segment, chunk }) => ({
      lsn: chunk.lsn,
      destination: this.#log.numberOf(stream),
      first: stream.log.first,
      segment: segment.first,
      offset: chunk.offset,
      count: chunk.count,
      bytes: chunk.end - chunk.start,
      // Of the whole segment, which is what retention and readers ask for; the clock has fractions.
      firstTimestamp: Math.floor(segment.firstTimestamp),
      lastTimestamp: Math.ceil(segment.lastTimestamp),
    }));
  }

  /** Writes anew what lies in these segments of the journal, in memory or not. */
  async move(
    fromSegment: number, beforeSegment: number, append: (record: Uint8Array) => Lsn,
  ): Promise<void> {
    for (const piece of [...this.#piecesIn(fromSegment, beforeSegment)]) {
      const { segment, chunk } = piece;
      const records = await this.#read(segment, chunk.start);
      if (segment.dropped || !segment.chunks.includes(chunk)) continue;
      segment.keep({ ...chunk, lsn: append(this.#recordOf(piece, records)) });
    }
  }

  /**
   * Brings a segment back into memory; one that cannot be read is dropped. `use` runs at once
   * then: later, what was brought for another reader may have made it leave again, and two of
   * them would bring theirs back in turns for ever.
   */
  load(stream: DurableStream, segment: StreamSegment, use: () => void): void {
    const waiting = this.#loading.get(segment);
    if (waiting === undefined) {
      this.#loading.set(segment, [use]);
      void this.#load(stream, segment);
    } else {
      waiting.push(use);
    }
  }

  async #load(stream: DurableStream, segment: StreamSegment): Promise<void> {
    try {
      segment.load(await this.#octetsOf(segment));
      this.#remain(segment);
    } catch (error) {
      stream.log.drop(segment);
      this.#log.unreadable((error as Error).message);
    }
    const waiting = this.#loading.get(segment)!;
    this.#loading.delete(segment);
    for (const use of waiting) use();
  }

  async #octetsOf(segment: StreamSegment): Promise<Uint8Array> {
    const bytes = new Uint8Array(segment.used);
    for (const { start } of segment.chunks) bytes.set(await this.#read(segment, start), start);
    return bytes;
  }

  /** The octets of a chunk. */
  async #read(segment: StreamSegment, start: number): Promise<Uint8Array> {
    const bytes = await this.#log.readMoving(
      () => segment.chunks.find((chunk) => chunk.start === start)!.lsn,
    );
    const record = decodeRecord(bytes);
    assert(record.kind === 'stream.chunk', 'a chunk lies where it was written');
    return record.args.records;
  }

  /** The segment is in memory and may leave it; those that are there longest do. */
  #remain(segment: StreamSegment): void {
    // Retention may have dropped it in the turn that filled it, before it was written.
    if (!segment.isResident || segment.dropped) return;
    // The last one, brought back for a reader, may have been filled since.
    this.#forget(segment);
    this.#resident.set(segment, segment.used);
    this.#residentBytes += segment.used;
    const { streamResidentBytes } = this.#log.options;
    for (const oldest of this.#resident.keys()) {
      if (this.#residentBytes <= streamResidentBytes || this.#resident.size === 1) break;
      this.#forget(oldest);
      // What a turn brought to one that retention dropped at once is nowhere else.
      if (oldest.isKept) oldest.unload();
    }
  }

  #forget(segment: StreamSegment): void {
    this.#residentBytes -= this.#resident.get(segment) ?? 0;
    this.#resident.delete(segment);
  }

  *#alive(): Iterable<DurableStream> {
    for (const stream of this.#streams) {
      if (stream.gone) this.#streams.delete(stream);
      else yield stream;
    }
  }

  *#piecesIn(fromSegment: number, beforeSegment: number): Iterable<Piece> {
    for (const stream of this.#alive()) {
      for (const segment of stream.log.segments) {
        for (const chunk of segment.chunks) {
          const number = segmentNumberOf(chunk.lsn);
          if (number >= fromSegment && number < beforeSegment) yield { stream, segment, chunk };
        }
      }
    }
  }

  #recordOf({ stream, segment, chunk }: Piece, records: Uint8Array): Uint8Array {
    return encodeDefinition('stream.chunk', {
      destination: this.#log.numberOf(stream),
      first: stream.log.first,
      segment: segment.first,
      offset: chunk.offset,
      records,
    });
  }
}

/** What of a stream is not in the journal, and what is there in too many pieces. */
function* piecesOf(stream: DurableStream): Iterable<Piece> {
  const { segments } = stream.log;
  // What was published last lies in the last segments.
  for (let i = segments.length - 1; i >= 0; i--) {
    const segment = segments[i]!;
    const isFull = i < segments.length - 1 && segment.isResident;
    const isScattered = segment.chunks.length > limits.streamChunksMax;
    const chunk = isFull && isScattered ? segment.whole : segment.unkept;
    if (chunk === undefined) return;
    yield { stream, segment, chunk };
  }
}
