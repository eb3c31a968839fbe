import { blockOf, copy, type Block } from '../../protocol/bytes.ts';
import { propertyFlags } from '../../protocol/raw-properties.ts';
import { tailOf, type Tail } from '../message/content-frames.ts';
import { rewrite } from '../message/rewriting.ts';
import { MARK_BCC } from '../message/store.ts';
import { flagsOf, MessageProperties } from '../message/properties.ts';
import { StoredMessage } from '../message/stored-message.ts';

/** Offsets in a record: two integers of 32 bits, one of 16, a number of 64; then the tail. */
const TAIL_BYTES = 0;
const BODY_BYTES = 4;
const NAMES_BYTES = 8;
const TIMESTAMP = 10;
const RECORD_HEADER_BYTES = 18;

const HEADER = 'x-stream-offset';
/** Where in a frame its size lies. */
const FRAME_SIZE = 3;
const SIZE_BYTES = 4;
const NUMBER_BYTES = 8;
/** The header as a field: its key, the tag of a 64-bit integer, and the integer. */
const field = Uint8Array.from([
  HEADER.length, ...new TextEncoder().encode(`${HEADER}l`), ...new Array<number>(NUMBER_BYTES),
]);

/** A message as it comes to a stream, and where in it the header with its offset is to go. */
export interface StreamEntry {
  readonly tail: Tail;
  /** Where the size of the headers lies; undefined where there are none. */
  readonly sizeAt: number | undefined;
  /** Where the field goes: to the end of the headers, or where they would begin. */
  readonly fieldAt: number;
  /** Size of the whole record. */
  readonly bytes: number;
}

/** A record as a reader finds it: the tail, and what is not in it. */
export interface StreamRecord extends Tail {
  /** Wall-clock time in milliseconds at which the message came. */
  readonly timestamp: number;
}

/**
 * What a stream keeps of a message is the tail of its own basic.deliver, the header
 * x-stream-offset already in it: to deliver it is to copy it.
 */
export function streamEntry(tail: Tail, marks: number): StreamEntry {
  const properties = new MessageProperties(tail.block, contentStart(tail));
  const headers = properties.locate('headers');
  const bytes = RECORD_HEADER_BYTES + tail.end - tail.start + field.length;
  if (headers === undefined) {
    const fieldAt = startOfHeaders(tail.block, properties.flagsAt);
    return { tail, sizeAt: undefined, fieldAt, bytes: bytes + SIZE_BYTES };
  }
  if ((marks & MARK_BCC) !== 0 || properties.locateHeader(HEADER) !== undefined) {
    // BAS-04; and nobody but the stream says what an offset is.
    const message = new StoredMessage(tail, marks).bytes;
    return streamEntry(tailOf(rewrite(message, { dropHeaders: ['BCC', HEADER] })), 0);
  }
  return { tail, sizeAt: headers.start - SIZE_BYTES, fieldAt: headers.end, bytes };
}

/** Headers come third among the properties: after two short strings, where those are there. */
function startOfHeaders({ bytes, view }: Block, flagsAt: number): number {
  const flags = view.getUint16(flagsAt);
  let at = flagsAt + 2;
  if ((flags & propertyFlags.contentType) !== 0) at += 1 + bytes[at]!;
  if ((flags & propertyFlags.contentEncoding) !== 0) at += 1 + bytes[at]!;
  return at;
}

/** Where the header frame begins. */
function contentStart({ start, namesBytes }: Tail): number {
  return start + namesBytes + 1;
}

/** Writes a record at `at`, where there is room for it. */
export function writeRecord(
  target: Block, at: number, entry: StreamEntry, offset: number, timestamp: number,
): void {
  const { tail, sizeAt, fieldAt } = entry;
  const { view } = target;
  view.setUint32(at + TAIL_BYTES, entry.bytes - RECORD_HEADER_BYTES);
  view.setUint32(at + BODY_BYTES, tail.bodyBytes);
  view.setUint16(at + NAMES_BYTES, tail.namesBytes);
  view.setFloat64(at + TIMESTAMP, timestamp);
  const start = at + RECORD_HEADER_BYTES;
  /** How far the message moves. */
  const shift = start - tail.start;
  copy(target, start, tail.block, tail.start, fieldAt);
  const header = contentStart(tail) + shift;
  let next = fieldAt + shift;
  if (sizeAt === undefined) {
    addFlag(view, flagsOf(header), propertyFlags.headers);
    view.setUint32(next, field.length);
    next += SIZE_BYTES;
  } else addBytes(view, sizeAt + shift, field.length);
  target.bytes.set(field, next);
  view.setBigInt64(next + field.length - NUMBER_BYTES, BigInt(offset));
  next += field.length;
  copy(target, next, tail.block, fieldAt, tail.end);
  addBytes(view, header + FRAME_SIZE, next - shift - fieldAt);
}

function addFlag(view: DataView, at: number, flag: number): void {
  view.setUint16(at, view.getUint16(at) | flag);
}

function addBytes(view: DataView, at: number, count: number): void {
  view.setUint32(at, view.getUint32(at) + count);
}

/** The record that begins at `at`; `into` is filled and answered. */
export function readRecord(block: Block, at: number, into: MutableRecord): MutableRecord {
  const { view } = block;
  into.block = block;
  into.start = at + RECORD_HEADER_BYTES;
  into.end = into.start + view.getUint32(at + TAIL_BYTES);
  into.bodyBytes = view.getUint32(at + BODY_BYTES);
  into.namesBytes = view.getUint16(at + NAMES_BYTES);
  into.timestamp = view.getFloat64(at + TIMESTAMP);
  return into;
}

/** How many records lie from `start` to `end`. */
export function countRecords(view: DataView, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at += RECORD_HEADER_BYTES + view.getUint32(at + TAIL_BYTES)) {
    count++;
  }
  return count;
}

/** How many records these are, and when the first and the last of their messages came. */
export function surveyRecords(
  bytes: Uint8Array,
): { count: number; firstTimestamp: number; lastTimestamp: number } {
  const block = blockOf(bytes);
  const record = emptyRecord();
  const survey = { count: 0, firstTimestamp: Infinity, lastTimestamp: -Infinity };
  for (let at = 0; at < bytes.length; at = record.end) {
    const { timestamp } = readRecord(block, at, record);
    survey.count++;
    survey.firstTimestamp = Math.min(survey.firstTimestamp, timestamp);
    survey.lastTimestamp = Math.max(survey.lastTimestamp, timestamp);
  }
  return survey;
}

/** One object for many records: what is read next takes the place of what was read. */
export type MutableRecord = { -readonly [K in keyof StreamRecord]: StreamRecord[K] };

export function emptyRecord(): MutableRecord {
  const block = blockOf(new Uint8Array(0));
  return { block, start: 0, end: 0, namesBytes: 0, bodyBytes: 0, timestamp: 0 };
}
