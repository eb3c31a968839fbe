import { assert } from '../assert.ts';
import { limits } from '../limits.ts';
import { blockOf, type Block } from '../protocol/bytes.ts';
import { JournalDamage } from './damage.ts';
import { readAll, withFile, type Directory } from './directory.ts';
import { FRAME_BYTES, FrameKind, frameAt, lengthAt } from './record-frame.ts';
import type { Segment } from './segment.ts';

/** Durable bytes of a segment, [start, end): nobody changes them any more. */
interface Piece {
  readonly segment: Segment;
  readonly start: number;
  readonly end: number;
  /** The bytes, once they are here. */
  block: Block | undefined;
  loading: Promise<Block>;
}

/**
 * Reads records back from the files. Neighbours are mostly read one after the other, as when a
 * long queue drains, so a read takes in what follows, and the next ones find it at hand.
 */
export class ReadAhead {
  readonly #directory: Directory;
  /** The one loaded last comes last. */
  #pieces: Piece[] = [];

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** A copy of the record whose frame begins at `offset`; at once where its bytes are here. */
  read(segment: Segment, offset: number): Uint8Array | Promise<Uint8Array> {
    const piece = this.#find(segment, offset, offset + FRAME_BYTES);
    if (piece?.block !== undefined) {
      const record = recordOf(piece, piece.block, offset);
      if (record !== undefined) return record;
    }
    return this.#readLater(segment, offset);
  }

  /** Forgets a segment that is gone. */
  drop(segment: Segment): void {
    this.#pieces = this.#pieces.filter((piece) => piece.segment !== segment);
  }

  async #readLater(segment: Segment, offset: number): Promise<Uint8Array> {
    const piece = this.#pieceWith(segment, offset, offset + FRAME_BYTES);
    const block = await piece.loading;
    const end = offset + FRAME_BYTES + lengthAt(block, offset - piece.start);
    const whole = this.#pieceWith(segment, offset, end);
    const record = recordOf(whole, await whole.loading, offset);
    if (record === undefined) throw damageAt(segment, offset);
    return record;
  }

  #pieceWith(segment: Segment, start: number, end: number): Piece {
    // Nothing reaches beyond what is durable but a length that is damaged.
    if (end > segment.durableEnd) throw damageAt(segment, start);
    return this.#find(segment, start, end) ?? this.#load(segment, start, end);
  }

  #find(segment: Segment, start: number, end: number): Piece | undefined {
    return this.#pieces.findLast(
      (piece) => piece.segment === segment && piece.start <= start && end <= piece.end,
    );
  }

  #load(segment: Segment, start: number, atLeast: number): Piece {
    const wanted = Math.max(atLeast, start + limits.journalReadBytes);
    const end = Math.min(wanted, segment.durableEnd);
    const loading = this.#read(segment, start, end);
    const piece: Piece = { segment, start, end, block: undefined, loading };
    this.#pieces.push(piece);
    if (this.#pieces.length > limits.journalReadPiecesMax) this.#pieces.shift();
    loading.then(
      (block) => (piece.block = block),
      // Whoever waits for it learns why; a later read tries again.
      () => (this.#pieces = this.#pieces.filter((other) => other !== piece)),
    );
    return piece;
  }

  async #read(segment: Segment, start: number, end: number): Promise<Block> {
    const bytes = await withFile(
      this.#directory, segment.name, (file) => readAll(file, start, end - start),
    );
    if (bytes.length < end - start) throw damageAt(segment, start + bytes.length);
    return blockOf(bytes);
  }
}

/** A copy of the record; undefined where it is damaged, or not wholly in the piece. */
function recordOf({ segment, start }: Piece, block: Block, offset: number): Uint8Array | undefined {
  const at = offset - start;
  const kind = frameAt(block, at, segment.salt, start);
  if (kind === undefined) return undefined;
  assert(kind < FrameKind.mark, 'the address of a record is read');
  const record = at + FRAME_BYTES;
  return block.bytes.slice(record, record + lengthAt(block, at));
}

function damageAt(segment: Segment, offset: number): JournalDamage {
  const bytes = segment.durableEnd - offset;
  return new JournalDamage([{ file: segment.name, offset, bytes }]);
}
