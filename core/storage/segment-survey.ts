import { blockOf, type Block } from '../protocol/bytes.ts';
import { NewerFormat, type Dropped } from './damage.ts';
import { readAll, readInto, withFile, type Directory } from './directory.ts';
import { SEGMENT_UNIT, type Lsn } from './journal.ts';
import {
  FORMAT_VERSION, MARK_BYTES, NO_MARK, SEGMENT_HEAD_BYTES, SEGMENT_HEADER_BYTES, readFirstMark,
  readSegmentHeader, readTally, type DurableMark, type MessagesIn, type Place, type Tally,
} from './record-frame.ts';
import { countMessages, scanSegment, trimZeros, type Area, type Scan } from './segment-scan.ts';
import { numberOfSegment, segmentName } from './segment-name.ts';

/** What a survey found of one segment. */
export interface SegmentState {
  readonly number: number;
  /** What frames are read with; undefined where the header is lost, or the file. */
  readonly salt: number | undefined;
  readonly headerIntact: boolean;
  /** Size of the file. */
  readonly size: number;
  /** Behind the last frame that counts. */
  readonly end: number;
  readonly damages: readonly Area[];
  /** Whether each of its frames was looked at. */
  readonly verified: boolean;
  /** Whether nothing is needed of what came before it. */
  readonly oldest: boolean;
  /** All before its first record, where there is a tally in that. */
  readonly head: Block | undefined;
  /** Messages that came to it, by its tally or that of the next; undefined: nobody knows. */
  readonly messages: number | undefined;
  /** Those of them that can be read; counted of the last one, and of those that are damaged. */
  readonly messagesLeft: number;
}

export interface Survey {
  /** Those that hold something, oldest first, and those that are missing between them. */
  readonly segments: readonly SegmentState[];
  /** Segments in which nothing was ever durable: made in advance, or cut short by a crash. */
  readonly empty: readonly number[];
  readonly damages: readonly Dropped[];
  /** The batch that a crash cut short. */
  readonly torn: Dropped | undefined;
  readonly last: Lsn;
  /** Whether the journal was closed by rule. */
  readonly sealed: boolean;
}

/** The beginning of a segment. */
interface Head {
  readonly number: number;
  readonly size: number;
  readonly salt: number | undefined;
  readonly headerIntact: boolean;
  /** Where the segment before ended, by the first mark. */
  readonly before: Place | undefined;
  readonly mark: DurableMark;
  readonly block: Block;
  readonly tally: Tally | undefined;
}

/** A segment that is not the last; it ends at `durableEnd`, where that is known and not 0. */
interface Sealed {
  readonly head: Head;
  readonly salt: number;
  readonly durableEnd: number;
}

const NO_BYTES = new Uint8Array(0);
/** Bytes of a segment up to `length`. */
export async function readSegment(
  directory: Directory, number: number, length: number,
): Promise<Block> {
  const name = segmentName(number);
  return blockOf(await withFile(directory, name, (file) => readAll(file, 0, length)));
}

/**
 * Reads a journal without touching it: what is needed to append to it, and so many bytes before
 * that, in whole segments, the newest first.
 */
export async function surveyJournal(
  directory: Directory, verifyBytes = Infinity, messagesIn?: MessagesIn,
): Promise<Survey> {
  const heads = await readHeads(directory);
  const empty: number[] = [];
  let torn: Dropped | undefined;
  let tail: Scan | undefined;
  for (let head = heads.at(-1); head !== undefined; head = heads.at(-1)) {
    const block = await readSegment(directory, head.number, head.size);
    tail = head.salt === undefined ? undefined
      : scanSegment(block, head.salt, 0, head.mark.end);
    const name = segmentName(head.number);
    if (tail !== undefined && tail.tornBytes > 0) {
      torn = { file: name, offset: tail.end, bytes: tail.tornBytes };
    }
    if (tail === undefined && trimZeros(block, SEGMENT_HEADER_BYTES) > SEGMENT_HEADER_BYTES) break;
    if (tail !== undefined && tail.end > SEGMENT_HEADER_BYTES) break;
    empty.push(head.number);
    heads.pop();
  }
  const scans = await scanSealed(directory, heads, verifyBytes);
  if (tail !== undefined) scans.set(heads.at(-1)!, tail);
  const segments: SegmentState[] = [];
  let last: Lsn = 0;
  for (const [index, head] of heads.entries()) {
    const next = heads[index + 1];
    const scan = scans.get(head);
    const state = stateOf(head, next, scan);
    const isCounted = next === undefined || state.damages.length > 0;
    const messagesLeft = isCounted && messagesIn !== undefined
      ? await countLeft(directory, state, messagesIn)
      : 0;
    segments.push({ ...state, messagesLeft });
    if (scan !== undefined && scan.lastRecord > 0) last = lsnOf(head.number, scan.lastRecord);
    const missing = next && missingBetween(head, next);
    if (missing !== undefined) segments.push(missing);
  }
  const first = missingFirst(heads);
  if (first !== undefined) segments.unshift(first);
  const behind = missingLast(heads, empty);
  if (behind !== undefined) segments.push(behind);
  last ||= await findLast(directory, segments);
  const damages = segments.flatMap(messagesIn === undefined ? placesOf : droppedOf);
  return {
    segments, damages, torn, last,
    empty: empty.filter((number) => number !== behind?.number),
    sealed: behind === undefined && tail?.sealed === true,
  };
}

export function lsnOf(number: number, offset: number): Lsn {
  return number * SEGMENT_UNIT + offset;
}

async function readHeads(directory: Directory): Promise<Head[]> {
  const numbers = (await directory.list())
    .map(numberOfSegment)
    .filter((number) => number > 0)
    .sort((a, b) => a - b);
  const heads: Head[] = [];
  for (const number of numbers) heads.push(await readHead(directory, number));
  return heads;
}

async function readHead(directory: Directory, number: number): Promise<Head> {
  const name = segmentName(number);
  const [size, block] = await withFile(directory, name, async (file) => [
    await file.size(),
    blockOf(await readAll(file, 0, SEGMENT_HEAD_BYTES)),
  ] as const);
  const header = readSegmentHeader(block);
  if (header?.intact && header.version > FORMAT_VERSION) {
    throw new NewerFormat(name, header.version);
  }
  const headerIntact = header?.intact === true && header.number === number;
  // One that was copied to another place has nothing of its own to tell.
  const isForeign = header?.intact === true && !headerIntact;
  const salts = header === undefined || isForeign ? [] : [header.salt, header.saltCopy];
  const mark = headerIntact ? header.mark : NO_MARK;
  // Where the header is damaged, the first mark tells whether one of the salts is not.
  const salt = headerIntact ? salts[0] : salts.find((salt) => readFirstMark(block, salt));
  const before = salt === undefined ? undefined : readFirstMark(block, salt);
  const tally = salt === undefined ? undefined : readTally(block, salt);
  return { number, size, headerIntact, salt, before, mark, block, tally };
}

async function countLeft(
  directory: Directory, { number, salt, size, end, damages }: SegmentState, messagesIn: MessagesIn,
): Promise<number> {
  if (salt === undefined) return 0;
  const block = await readSegment(directory, number, Math.min(size, end));
  return countMessages(block, block.bytes.length, damages, messagesIn);
}

/**
 * Scans the segments before the last: those that are to be verified, and those whose end nobody
 * knows. Each is read while the one before it is scanned, and all into the same memory.
 */
async function scanSealed(
  directory: Directory, heads: readonly Head[], verifyBytes: number,
): Promise<Map<Head, Scan>> {
  const sealed: Sealed[] = [];
  let bytesLeft = verifyBytes;
  for (let index = heads.length - 2; index >= 0; index--) {
    const head = heads[index]!;
    const durableEnd = endBefore(head, heads[index + 1]!);
    bytesLeft -= head.size;
    if (head.salt === undefined || (bytesLeft < 0 && durableEnd > 0)) continue;
    sealed.push({ head, salt: head.salt, durableEnd });
  }
  const scans = new Map<Head, Scan>();
  for await (const [{ head, salt, durableEnd }, block] of readEach(directory, sealed)) {
    scans.set(head, scanBefore(block, salt, durableEnd));
  }
  return scans;
}

/** Segments with their bytes, which are there until the next one is asked for. */
async function* readEach(
  directory: Directory, segments: readonly Sealed[],
): AsyncGenerator<readonly [Sealed, Block]> {
  const buffers = [NO_BYTES, NO_BYTES];
  const read = (index: number): Promise<Uint8Array> => {
    const { size, number } = segments[index]!.head;
    if (buffers[index % 2]!.length < size) buffers[index % 2] = new Uint8Array(size);
    const buffer = buffers[index % 2]!.subarray(0, size);
    const reading = withFile(directory, segmentName(number), (file) => readInto(file, 0, buffer));
    // It is waited for later, and then tells what is wrong.
    reading.catch(() => {});
    return reading;
  };
  let coming = segments.length > 0 ? read(0) : undefined;
  for (const [index, segment] of segments.entries()) {
    const bytes = await coming!;
    if (index + 1 < segments.length) coming = read(index + 1);
    yield [segment, blockOf(bytes)];
  }
}

/** Scans a segment that is not the last. */
function scanBefore(block: Block, salt: number, durableEnd: number): Scan {
  const scan = scanSegment(block, salt, durableEnd);
  if (durableEnd > 0) return { ...scan, end: durableEnd };
  // No mark tells where it ended: whatever lies there and cannot be read was durable.
  if (scan.tornBytes === 0) return scan;
  const end = scan.end + Math.max(scan.tornBytes, 2 * MARK_BYTES);
  return { ...scan, end, damages: [...scan.damages, { start: scan.end, end }] };
}

/** Where a segment ended as the next one's first mark says; 0 where it does not say. */
function endBefore(head: Head, next: Head): number {
  return next.before?.number === head.number ? next.before.offset : 0;
}

function stateOf(head: Head, next: Head | undefined, scan: Scan | undefined): SegmentState {
  const { number, salt, headerIntact, size, mark, tally, block } = head;
  const known = next === undefined ? 0 : endBefore(head, next);
  const messages = known > 0 ? next!.tally?.before : tally?.messages;
  if (salt === undefined) return lostSegment(number, size, known || size, messages);
  const end = scan?.end ?? known;
  const damages = scan?.damages ?? [];
  const verified = scan !== undefined;
  return {
    number, salt, headerIntact, size, end, damages, verified, oldest: mark.oldest,
    // What is repaired has another one then.
    head: tally !== undefined && headerIntact && damages.length === 0 ? block : undefined,
    messages, messagesLeft: 0,
  };
}

/** A segment that the next one's first mark knows of, and that is not there. */
function missingBetween(head: Head, { before, tally }: Head): SegmentState | undefined {
  if (before === undefined || before.number <= head.number) return undefined;
  return lostSegment(before.number, 0, before.offset, tally?.before);
}

/** The segment before the first, where that says so of none before it that it may be gone. */
function missingFirst(heads: readonly Head[]): SegmentState | undefined {
  const [first] = heads;
  if (first?.before === undefined || first.before.number === 0 || first.mark.end === 0) {
    return undefined;
  }
  // Those before one that says so are on their way out.
  if (heads.some(({ mark }) => mark.oldest)) return undefined;
  return lostSegment(first.before.number, 0, first.before.offset, first.tally?.before);
}

/** The segment behind the last, where that says that there is one; how long it was nobody knows. */
function missingLast(heads: readonly Head[], empty: readonly number[]): SegmentState | undefined {
  const last = heads.at(-1);
  if (last?.mark.continued !== true) return undefined;
  const following = last.number + Math.max(1, Math.ceil(last.size / SEGMENT_UNIT));
  return lostSegment(empty.at(-1) ?? following, 0, 0);
}

function lostSegment(
  number: number, size: number, endAtLeast: number, messages?: number,
): SegmentState {
  const start = SEGMENT_HEADER_BYTES;
  const end = Math.max(endAtLeast, start + 2 * MARK_BYTES);
  const damages = [{ start, end }];
  return {
    number, salt: undefined, headerIntact: false, size, end, damages, verified: true, oldest: false,
    head: undefined, messages, messagesLeft: 0,
  };
}

/** The record appended last, where the segment written last has none. */
async function findLast(directory: Directory, segments: readonly SegmentState[]): Promise<Lsn> {
  for (const { number, salt, end, verified } of segments.toReversed()) {
    if (verified || salt === undefined) continue;
    const { lastRecord } = scanSegment(await readSegment(directory, number, end), salt, end);
    if (lastRecord > 0) return lsnOf(number, lastRecord);
  }
  return 0;
}

function droppedOf(state: SegmentState): Dropped[] {
  const { messages, messagesLeft } = state;
  const [first, ...others] = placesOf(state);
  if (first === undefined || messages === undefined) return first ? [first, ...others] : [];
  return [{ ...first, messages: Math.max(0, messages - messagesLeft) }, ...others];
}

function placesOf({ number, size, end, headerIntact, damages, salt }: SegmentState): Dropped[] {
  const file = segmentName(number);
  // A file that is missing had so many as the next one says.
  if (salt === undefined) return [{ file, offset: 0, bytes: size === 0 ? end : size }];
  const dropped = damages.map(({ start, end }) => ({ file, offset: start, bytes: end - start }));
  return headerIntact ? dropped : [{ file, offset: 0, bytes: SEGMENT_HEADER_BYTES }, ...dropped];
}
