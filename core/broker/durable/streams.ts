import { segmentNumberOf, type Lsn } from '../../storage/journal.ts';
import type { StreamLog } from '../queue/stream-log.ts';
import type { StreamChunk, StreamSegment } from '../queue/stream-segment.ts';
import type { Persistence } from './persistence.ts';
import { encodeDefinition } from './records.ts';

/** More pieces than this, and a full segment is written once more, as one. */
const CHUNKS_MAX = 16;

/** A stream that the journal keeps. */
export interface DurableStream {
  readonly gone: boolean;
  readonly log: StreamLog;
}

interface Piece {
  readonly stream: DurableStream;
  readonly segment: StreamSegment;
  readonly chunk: StreamChunk;
}

/**
 * Keeps streams in the journal. What a turn adds to one is a chunk, which is written with the
 * turn; retention needs no record, for each chunk says how far it had come.
 */
export class DurableStreams {
  readonly #persistence: Persistence;
  readonly #streams = new Set<DurableStream>();
  readonly #grown = new Set<DurableStream>();
  #pending: Piece[] = [];

  constructor(persistence: Persistence) {
    this.#persistence = persistence;
  }

  /** Octets of all that streams keep. */
  get bytes(): number {
    let bytes = 0;
    for (const { log } of this.#alive()) bytes += log.bytes;
    return bytes;
  }

  /** The stream is there, and what it holds so far is in the journal. */
  add(stream: DurableStream): void {
    this.#streams.add(stream);
  }

  /** Something was published to the stream. */
  grown(stream: DurableStream): void {
    this.#grown.add(stream);
  }

  /** The records of what the turn added; `written` is to be called where they are written. */
  take(): Uint8Array[] {
    this.#pending = [];
    for (const stream of this.#grown) {
      if (!stream.gone) this.#pending.push(...piecesOf(stream));
    }
    this.#grown.clear();
    return this.#pending.map((piece) => this.#recordOf(piece));
  }

  written(numbers: readonly Lsn[]): void {
    this.#pending.forEach(({ segment, chunk }, index) => {
      segment.keep({ ...chunk, lsn: numbers[index]! });
    });
    this.#pending = [];
  }

  /** Prepares to move what lies in a segment of the journal: the records to be written anew. */
  move(number: number): Uint8Array[] {
    this.#pending = [];
    for (const stream of this.#alive()) {
      for (const segment of stream.log.segments) {
        for (const chunk of segment.chunks) {
          if (segmentNumberOf(chunk.lsn) === number) this.#pending.push({ stream, segment, chunk });
        }
      }
    }
    return this.#pending.map((piece) => this.#recordOf(piece));
  }

  *#alive(): Iterable<DurableStream> {
    for (const stream of this.#streams) {
      if (stream.gone) this.#streams.delete(stream);
      else yield stream;
    }
  }

  #recordOf({ stream, segment, chunk }: Piece): Uint8Array {
    return encodeDefinition('stream.chunk', {
      destination: this.#persistence.numberOf(stream),
      first: stream.log.first,
      segment: segment.first,
      offset: chunk.offset,
      records: segment.block.bytes.subarray(chunk.start, chunk.end),
    });
  }
}

/** What of a stream is not in the journal, and what is there in too many pieces. */
function* piecesOf(stream: DurableStream): Iterable<Piece> {
  const { segments } = stream.log;
  // What was published last lies in the last segments.
  for (let i = segments.length - 1; i >= 0; i--) {
    const segment = segments[i]!;
    const isFull = i < segments.length - 1;
    const chunk = isFull && segment.chunks.length > CHUNKS_MAX ? segment.whole : segment.unkept;
    if (chunk === undefined) return;
    yield { stream, segment, chunk };
  }
}
