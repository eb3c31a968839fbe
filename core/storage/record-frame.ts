/** The bytes of a segment, as FORMAT.md describes them. */
import type { Block } from '../protocol/bytes.ts';
import { crc32c } from './crc32c.ts';

export const FORMAT_VERSION = 1;

/** "TabMQlog" */
const MAGIC = [0x5461_624d, 0x516c_6f67] as const;

/** Offsets in the header of a segment. */
const VERSION = 8;
const NUMBER = 12;
const SALT = 16;
const SALT_COPY = 20;
/** Where the durable mark and the CRC of the header lie, which are written anew together. */
export const DURABLE_MARK = 24;
const HEADER_CRC = 28;
export const SEGMENT_HEADER_BYTES = 32;

/** Offsets in a frame. */
const KIND_AND_LENGTH = 0;
const RECORD_CRC = 4;
const FRAME_CRC = 8;
export const FRAME_BYTES = 12;

/** What a mark says: where the batch before it ended. */
const MARK_RECORD_BYTES = 8;
export const MARK_BYTES = FRAME_BYTES + MARK_RECORD_BYTES;

/** Behind the first mark of a segment lies its tally, in a gap, as versions before read it. */
const TALLY = SEGMENT_HEADER_BYTES + MARK_BYTES;
const TALLY_RECORD = TALLY + FRAME_BYTES;
const TALLY_RECORD_BYTES = 12;
const TALLY_CRC = TALLY_RECORD + 8;
export const TALLY_BYTES = FRAME_BYTES + TALLY_RECORD_BYTES;
/** All of a segment that is before its first record, where this version made it. */
export const SEGMENT_HEAD_BYTES = TALLY + TALLY_BYTES;

const LENGTH_BITS = 29;
/** Largest record. */
export const RECORD_BYTES_MAX = 2 ** LENGTH_BITS - 1;

/** What a frame holds: its upper three bits. 0 is no frame, so that zeros are none. */
export const FrameKind = {
  /** A record on its own. */
  whole: 1,
  /** Records of a group, which counts only as a whole. */
  first: 2,
  middle: 3,
  last: 4,
  /** The beginning of a batch: everything before it was durable when it was written. */
  mark: 5,
  /** Bytes that a salvage gave up. */
  gap: 6,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

const MARK_WORD = FrameKind.mark * 2 ** LENGTH_BITS + MARK_RECORD_BYTES;

export interface SegmentHeader {
  readonly version: number;
  readonly number: number;
  /** Chosen at random, it goes into every CRC: no bytes of another segment can pass as frames. */
  readonly salt: number;
  /** Whether the CRC is right. */
  readonly intact: boolean;
  /** The salt as the header says it a second time. */
  readonly saltCopy: number;
  readonly mark: DurableMark;
}

/** What a segment says of itself, as far as it was written down: see FORMAT.md. */
export interface DurableMark {
  /** All before this offset was durable; 0: not known, as of what versions before wrote. */
  readonly end: number;
  /** Whether a later segment holds what was durable. */
  readonly continued: boolean;
  /** Whether nothing is needed any more of what came before it. */
  readonly oldest: boolean;
}

export const NO_MARK: DurableMark = { end: 0, continued: false, oldest: false };

/** Bits of the mark beside the offset; a segment that is too long for the rest has none. */
const CONTINUED = 2 ** 31;
const OLDEST = 2 ** 30;

function markWord({ end, continued, oldest }: DurableMark): number {
  return (end < OLDEST ? end : 0) + (continued ? CONTINUED : 0) + (oldest ? OLDEST : 0);
}

function markOf(word: number): DurableMark {
  return { end: word % OLDEST, continued: word >= CONTINUED, oldest: word % CONTINUED >= OLDEST };
}

/** How many messages the record is that lies from `start` to `end`. */
export type MessagesIn = (block: Block, start: number, end: number) => number;

/** A place in the log: the number of a segment, and an offset in it. */
export interface Place {
  readonly number: number;
  readonly offset: number;
}

export function writeSegmentHeader(
  { view }: Block, number: number, salt: number, mark = NO_MARK,
): void {
  view.setUint32(0, MAGIC[0]);
  view.setUint32(4, MAGIC[1]);
  view.setUint32(VERSION, FORMAT_VERSION);
  view.setUint32(NUMBER, number);
  view.setInt32(SALT, salt);
  view.setInt32(SALT_COPY, salt);
  view.setUint32(DURABLE_MARK, markWord(mark));
  view.setInt32(HEADER_CRC, crcOfHeader(view));
}

/** The header as it stands; undefined where the file is too short for one. */
export function readSegmentHeader({ view }: Block): SegmentHeader | undefined {
  if (view.byteLength < SEGMENT_HEADER_BYTES) return undefined;
  const hasMagic = view.getUint32(0) === MAGIC[0] && view.getUint32(4) === MAGIC[1];
  return {
    version: view.getUint32(VERSION),
    number: view.getUint32(NUMBER),
    salt: view.getInt32(SALT),
    saltCopy: view.getInt32(SALT_COPY),
    mark: markOf(view.getUint32(DURABLE_MARK)),
    intact: hasMagic && view.getInt32(HEADER_CRC) === crcOfHeader(view),
  };
}

function crcOfHeader(view: DataView): number {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return crc32c({ bytes, view }, 0, HEADER_CRC);
}

/**
 * Writes the frame of the `length` bytes that already lie behind it at `at`. `offset` is where
 * the frame will lie in its segment: it goes into the CRC, so that no copy elsewhere can pass.
 */
export function writeFrame(
  block: Block, at: number, kind: FrameKind, length: number, salt: number, offset: number,
): void {
  const { view } = block;
  const start = at + FRAME_BYTES;
  view.setUint32(at + KIND_AND_LENGTH, kind * 2 ** LENGTH_BITS + length);
  // What lies in a gap is damaged, and counts for nothing.
  const crc = kind === FrameKind.gap ? 0 : crc32c(block, start, start + length, salt);
  view.setInt32(at + RECORD_CRC, crc);
  view.setInt32(at + FRAME_CRC, crc32c(block, at, at + FRAME_CRC, salt ^ offset));
}

/** Writes the mark that begins a batch, and says where the one before it ended. */
export function writeMark(
  block: Block, at: number, before: Place, salt: number, offset: number,
): void {
  block.view.setUint32(at + FRAME_BYTES, before.number);
  block.view.setUint32(at + FRAME_BYTES + 4, before.offset);
  writeFrame(block, at, FrameKind.mark, MARK_RECORD_BYTES, salt, offset);
}

/** Where the batch before the first one of a segment ended; undefined where no mark says it. */
export function readFirstMark(block: Block, salt: number): Place | undefined {
  const at = SEGMENT_HEADER_BYTES;
  if (frameAt(block, at, salt) !== FrameKind.mark) return undefined;
  const { view } = block;
  return { number: view.getUint32(at + FRAME_BYTES), offset: view.getUint32(at + FRAME_BYTES + 4) };
}

/** How many messages came to a segment and to the one before, so that what is lost is counted. */
export interface Tally {
  /** Of what was durable when it was noted. */
  readonly messages: number;
  readonly before: number;
}

/** Writes the tally into the head of a segment, which begins with its block. */
export function writeTally(block: Block, { messages, before }: Tally, salt: number): void {
  const { view } = block;
  writeFrame(block, TALLY, FrameKind.gap, TALLY_RECORD_BYTES, salt, TALLY);
  view.setUint32(TALLY_RECORD, messages);
  view.setUint32(TALLY_RECORD + 4, before);
  view.setInt32(TALLY_CRC, crc32c(block, TALLY_RECORD, TALLY_CRC, salt));
}

/** The tally in the head of a segment; undefined where it has none, or a damaged one. */
export function readTally(block: Block, salt: number): Tally | undefined {
  const { view } = block;
  const isThere = frameAt(block, TALLY, salt) === FrameKind.gap &&
    lengthAt(block, TALLY) === TALLY_RECORD_BYTES &&
    view.getInt32(TALLY_CRC) === crc32c(block, TALLY_RECORD, TALLY_CRC, salt);
  if (!isThere) return undefined;
  return { messages: view.getUint32(TALLY_RECORD), before: view.getUint32(TALLY_RECORD + 4) };
}

/** The length that the frame at `at` claims for its record. */
export function lengthAt({ view }: Block, at: number): number {
  return view.getUint32(at + KIND_AND_LENGTH) % 2 ** LENGTH_BITS;
}

/**
 * The kind of the frame at `at` in a block that begins at `offset` in its segment; undefined
 * where none lies there, or none that is whole and undamaged.
 */
export function frameAt(
  block: Block, at: number, salt: number, offset = 0,
): FrameKind | undefined {
  const { view } = block;
  const start = at + FRAME_BYTES;
  if (start > view.byteLength) return undefined;
  const kind = view.getUint8(at) >>> 5;
  if (kind < FrameKind.whole || kind > FrameKind.gap) return undefined;
  const frameCrc = crc32c(block, at, at + FRAME_CRC, salt ^ (offset + at));
  if (view.getInt32(at + FRAME_CRC) !== frameCrc) return undefined;
  const end = start + lengthAt(block, at);
  if (end > view.byteLength) return undefined;
  if (kind === FrameKind.gap) return kind;
  const recordCrc = crc32c(block, start, end, salt);
  return view.getInt32(at + RECORD_CRC) === recordCrc ? (kind as FrameKind) : undefined;
}

/** Where the next undamaged mark lies, from `from` on; undefined where there is none. */
export function findMark(block: Block, from: number, salt: number): number | undefined {
  const { view } = block;
  for (let at = from; at + MARK_BYTES <= view.byteLength; at++) {
    if (view.getUint32(at) === MARK_WORD && frameAt(block, at, salt) !== undefined) return at;
  }
  return undefined;
}

/** Where the next undamaged frame lies that no group before it owns, from `from` on. */
export function findFrame(
  block: Block, from: number, until: number, salt: number,
): number {
  for (let at = from; at < until; at++) {
    const kind = frameAt(block, at, salt);
    if (kind === undefined || kind === FrameKind.middle || kind === FrameKind.last) continue;
    return at;
  }
  return until;
}
