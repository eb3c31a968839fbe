import { assert } from '../assert.ts';
import { limits } from '../limits.ts';
import { blockOf, type Block } from '../protocol/bytes.ts';
import { JournalDamage } from './damage.ts';
import { readInto, withFile, type Directory } from './directory.ts';
import { FRAME_BYTES, FrameKind, frameAt, lengthAt } from './record-frame.ts';
import type { Segment } from './segment.ts';

/** Durable bytes of a segment, [start, end): nobody changes them any more. */
interface Piece {
  readonly segment: Segment;
  readonly start: number;
  /** Behind the last frame that lies wholly in it, once that is known. */
  end: number;
  readonly size: number;
  /** The bytes, once they are here. */
  block: Block | undefined;
  readonly loading: Promise<Block>;
  /** How many wait for the bytes. */
  readers: number;
  /** Whether what follows was asked for. */
  followed: boolean;
}

/**
 * Reads records back from the files. Neighbours are mostly read one after the other, as when a
 * long queue drains: a read takes in what follows, and where that is read indeed, more of it
 * comes before it is asked for.
 */
export class ReadAhead {
  readonly #directory: Directory;
  /** The one loaded last comes last. */
  readonly #pieces: Piece[] = [];
  #keptBytes = 0;
  /** The one that was looked into last. */
  #recent: Piece | undefined;
  /** Memory for pieces to come: what is used again costs no collection. */
  readonly #spare: Uint8Array[] = [];

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** The record whose frame begins at `offset`, where its bytes are here. */
  peek(segment: Segment, offset: number): Uint8Array | undefined {
    const piece = this.#find(segment, offset, offset + FRAME_BYTES);
    if (piece?.block === undefined) return undefined;
    if (!piece.followed && offset > (piece.start + piece.end) / 2) this.#follow(piece);
    return recordOf(piece, piece.block, offset);
  }

  /** A copy of the record whose frame begins at `offset`. */
  async read(segment: Segment, offset: number): Promise<Uint8Array> {
    const head = offset + FRAME_BYTES;
    const length = await this.#with(segment, offset, head, ({ start }, block) => {
      return lengthAt(block, offset - start);
    });
    return this.#with(segment, offset, head + length, (piece, block) => {
      const record = recordOf(piece, block, offset);
      if (record === undefined) throw damageAt(segment, offset);
      return record.slice();
    });
  }

  /** Forgets a segment that is gone. */
  drop(segment: Segment): void {
    for (const piece of this.#pieces.filter((each) => each.segment === segment)) {
      this.#forget(piece);
    }
  }

  /** Loads what lies behind a piece: twice as much, up to a limit. */
  #follow(piece: Piece): void {
    piece.followed = true;
    const { segment, start, end } = piece;
    if (end === segment.durableEnd || this.#find(segment, end, end + 1) !== undefined) return;
    this.#load(segment, end, Math.min(2 * (end - start), limits.journalReadAheadBytes));
  }

  async #with<T>(
    segment: Segment, start: number, end: number, use: (piece: Piece, block: Block) => T,
  ): Promise<T> {
    // Nothing reaches beyond what is durable but a length that is damaged.
    if (end > segment.durableEnd) throw damageAt(segment, start);
    const bytes = Math.max(end - start, limits.journalReadBytes);
    const piece = this.#find(segment, start, end) ?? this.#load(segment, start, bytes);
    piece.readers++;
    try {
      return use(piece, await piece.loading);
    } finally {
      piece.readers--;
    }
  }

  #find(segment: Segment, start: number, end: number): Piece | undefined {
    const recent = this.#recent;
    if (recent !== undefined && holds(recent, segment, start, end)) return recent;
    this.#recent = this.#pieces.findLast((piece) => holds(piece, segment, start, end));
    return this.#recent;
  }

  #load(segment: Segment, start: number, wanted: number): Piece {
    const end = Math.min(start + wanted, segment.durableEnd);
    const size = end - start;
    const loading = this.#read(segment, start, size);
    this.#keptBytes += size;
    while (this.#keptBytes > limits.journalReadKeptBytesMax && this.#pieces.length > 0) {
      this.#forget(this.#pieces[0]!);
    }
    const piece: Piece = {
      segment, start, end, size, block: undefined, loading, readers: 0, followed: false,
    };
    this.#pieces.push(piece);
    void this.#await(piece);
    return piece;
  }

  async #await(piece: Piece): Promise<void> {
    try {
      const block = await piece.loading;
      piece.block = block;
      piece.end = piece.start + (endOfFrames(block) || block.bytes.length);
    } catch {
      // Whoever waits for it learns why; a later read tries again.
      this.#forget(piece);
    }
  }

  #forget(piece: Piece): void {
    const index = this.#pieces.indexOf(piece);
    if (index === -1) return;
    this.#pieces.splice(index, 1);
    this.#keptBytes -= piece.size;
    if (this.#recent === piece) this.#recent = undefined;
    if (piece.block === undefined || piece.readers > 0) return;
    const memory = new Uint8Array(piece.block.bytes.buffer);
    if (memory.length === limits.journalReadAheadBytes && this.#spare.length < 2) {
      this.#spare.push(memory);
    }
  }

  async #read(segment: Segment, start: number, size: number): Promise<Block> {
    const usual = size === limits.journalReadAheadBytes;
    const memory = (usual ? this.#spare.pop() : undefined) ?? new Uint8Array(size);
    const bytes = await withFile(
      this.#directory, segment.name, (file) => readInto(file, start, memory),
    );
    if (bytes.length < size) throw damageAt(segment, start + bytes.length);
    return blockOf(bytes);
  }
}

function holds(piece: Piece, segment: Segment, start: number, end: number): boolean {
  return piece.segment === segment && piece.start <= start && end <= piece.end;
}

/** Behind the last frame that lies wholly in a block which begins with one. */
function endOfFrames(block: Block): number {
  const { length } = block.bytes;
  let at = 0;
  while (at + FRAME_BYTES <= length) {
    const end = at + FRAME_BYTES + lengthAt(block, at);
    if (end > length) break;
    at = end;
  }
  return at;
}

/** The record; undefined where it is damaged, or not wholly in the piece. */
function recordOf({ segment, start }: Piece, block: Block, offset: number): Uint8Array | undefined {
  const at = offset - start;
  const kind = frameAt(block, at, segment.salt, start);
  if (kind === undefined) return undefined;
  assert(kind < FrameKind.mark, 'the address of a record is read');
  const record = at + FRAME_BYTES;
  return block.bytes.subarray(record, record + lengthAt(block, at));
}

function damageAt(segment: Segment, offset: number): JournalDamage {
  const bytes = segment.durableEnd - offset;
  return new JournalDamage([{ file: segment.name, offset, bytes }]);
}
