import { assert } from '../assert.ts';
import { AmqpError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Block } from './bytes.ts';
import { utf8Text, type Reader } from './reader.ts';
import { Decimal, type FieldTable, type FieldValue } from './types.ts';
import type { Writer } from './writer.ts';

/** A kind of value that always takes the same number of octets. */
interface Scalar {
  readonly bytes: number;
  read(view: DataView, at: number): FieldValue;
}

const LARGEST_DATE_SECONDS = 8_640_000_000_000n;

/** Scalars by tag, in RabbitMQ's dialect. CON-36. */
const scalars: Record<string, Scalar> = {
  t: { bytes: 1, read: (view, at) => view.getUint8(at) !== 0 },
  b: { bytes: 1, read: (view, at) => view.getInt8(at) },
  B: { bytes: 1, read: (view, at) => view.getUint8(at) },
  s: { bytes: 2, read: (view, at) => view.getInt16(at) },
  u: { bytes: 2, read: (view, at) => view.getUint16(at) },
  I: { bytes: 4, read: (view, at) => view.getInt32(at) },
  i: { bytes: 4, read: (view, at) => view.getUint32(at) },
  l: { bytes: 8, read: readInt64 },
  L: { bytes: 8, read: readInt64 },
  f: { bytes: 4, read: (view, at) => view.getFloat32(at) },
  d: { bytes: 8, read: (view, at) => view.getFloat64(at) },
  T: { bytes: 8, read: readTimestamp },
  D: { bytes: 5, read: (view, at) => new Decimal(view.getUint8(at), view.getUint32(at + 1)) },
  V: { bytes: 0, read: () => null },
};

/** Tags of values that begin with their length, as four octets: text, bytes, array and table. */
const PREFIXED_TAGS = 'SxAF';
const PREFIX_BYTES = 4;

/** Octets by tag: fixed, or one of the two marks. An array, for the hot path. */
const PREFIXED = -1;
const UNKNOWN = -2;
const bytesByTag = new Int8Array(256).fill(UNKNOWN);
for (const [tag, scalar] of Object.entries(scalars)) bytesByTag[tag.charCodeAt(0)] = scalar.bytes;
for (const tag of PREFIXED_TAGS) bytesByTag[tag.charCodeAt(0)] = PREFIXED;

function readInt64(view: DataView, at: number): number | bigint {
  const value = view.getBigInt64(at);
  const near = Number(value);
  return Number.isSafeInteger(near) ? near : value;
}

/** Seconds since 1970 as a Date; a bigint, where no Date reaches. */
function readTimestamp(view: DataView, at: number): Date | bigint {
  const seconds = view.getBigUint64(at);
  return seconds > LARGEST_DATE_SECONDS ? seconds : new Date(Number(seconds) * 1000);
}

function unknownTag(tag: number): AmqpError {
  return new AmqpError('SYNTAX_ERROR', `unknown field type ${tag}`);
}

/** What is left of the bounds of one table while it is decoded, all levels together. */
interface Budget {
  values: number;
}

function newBudget(): Budget {
  return { values: limits.fieldCountMax };
}

/** Ends the reading of a table or array that claims to end at `end`. */
function checkEnd(reader: Reader, end: number): void {
  if (reader.offset !== end) throw new AmqpError('SYNTAX_ERROR', 'field table has a wrong size');
}

/** Starts a table or array: answers where it ends. */
function enter(reader: Reader, depth: number): number {
  if (depth > limits.fieldDepthMax) {
    throw new AmqpError('SYNTAX_ERROR', 'field table is nested too deep');
  }
  const size = reader.long();
  if (size > reader.remaining) throw new AmqpError('SYNTAX_ERROR', 'truncated field table');
  return reader.offset + size;
}

function readFields(reader: Reader, depth: number, budget: Budget): FieldTable {
  const end = enter(reader, depth);
  const table = Object.create(null) as FieldTable;
  while (reader.offset < end) {
    const key = reader.shortstr();
    const value = readTagged(reader, depth, budget);
    // As with `findField`, the first of equal keys counts.
    if (!(key in table)) table[key] = value;
  }
  checkEnd(reader, end);
  return table;
}

function readItems(reader: Reader, depth: number, budget: Budget): FieldValue[] {
  const end = enter(reader, depth);
  const items: FieldValue[] = [];
  while (reader.offset < end) items.push(readTagged(reader, depth, budget));
  checkEnd(reader, end);
  return items;
}

/** A longstr as text where it is text, else as a copy of its bytes. */
function readText(reader: Reader): string | Uint8Array {
  const bytes = reader.bytes();
  return utf8Text(bytes) ?? bytes.slice();
}

function readTagged(reader: Reader, depth: number, budget: Budget): FieldValue {
  if (budget.values-- === 0) throw new AmqpError('SYNTAX_ERROR', 'too many fields in a table');
  const code = reader.octet();
  const tag = String.fromCharCode(code);
  const scalar = scalars[tag];
  if (scalar !== undefined) return scalar.read(reader.block.view, reader.skip(scalar.bytes));
  switch (tag) {
    case 'S': return readText(reader);
    case 'x': return reader.bytes().slice();
    case 'A': return readItems(reader, depth + 1, budget);
    case 'F': return readFields(reader, depth + 1, budget);
    default: throw unknownTag(code);
  }
}

/** The next field table. Where it is malformed or beyond the limits: 502. */
export function readTable(reader: Reader): FieldTable {
  return readFields(reader, 1, newBudget());
}

/** The next tag and value. */
export function readValue(reader: Reader): FieldValue {
  return readTagged(reader, 0, newBudget());
}

/** Starts a region whose size is known later, and answers where, for `closeRegion`. */
function openRegion(writer: Writer): number {
  const at = writer.length;
  writer.long(0);
  return at;
}

function closeRegion(writer: Writer, at: number): void {
  writer.block.view.setUint32(at, writer.length - at - PREFIX_BYTES);
}

function writeTag(writer: Writer, tag: string): void {
  writer.octet(tag.charCodeAt(0));
}

function writeDouble(writer: Writer, value: number): void {
  writeTag(writer, 'd');
  writer.grow(8);
  writer.block.view.setFloat64(writer.length, value);
  writer.length += 8;
}

function writeNumber(writer: Writer, value: number): void {
  if (!Number.isInteger(value) || value < -(2 ** 63) || value >= 2 ** 63) {
    writeDouble(writer, value);
  } else if (value === (value | 0)) {
    writeTag(writer, 'I');
    writer.long(value);
  } else {
    writeTag(writer, 'l');
    writer.longlong(value);
  }
}

function writeBigInt(writer: Writer, value: bigint): void {
  assert(BigInt.asIntN(64, value) === value, 'an integer of a field table has 64 bits');
  writeTag(writer, 'l');
  writer.grow(8);
  writer.block.view.setBigInt64(writer.length, value);
  writer.length += 8;
}

function writeDate(writer: Writer, value: Date): void {
  const seconds = Math.floor(value.getTime() / 1000);
  assert(seconds >= 0, 'a time stamp of a field table is not before 1970');
  writeTag(writer, 'T');
  writer.longlong(seconds);
}

function writeObject(writer: Writer, value: Exclude<FieldValue & object, null>): void {
  if (Array.isArray(value)) {
    writeTag(writer, 'A');
    const at = openRegion(writer);
    for (const item of value) writeValue(writer, item);
    closeRegion(writer, at);
  } else if (value instanceof Uint8Array) {
    writeTag(writer, 'x');
    writer.bytes(value);
  } else if (value instanceof Date) {
    writeDate(writer, value);
  } else if (value instanceof Decimal) {
    writeTag(writer, 'D');
    writer.octet(value.scale);
    writer.long(value.value);
  } else {
    writeTag(writer, 'F');
    writeTable(writer, value);
  }
}

/** A value with its tag: the one that clients of RabbitMQ expect for its type. */
export function writeValue(writer: Writer, value: FieldValue): void {
  switch (typeof value) {
    case 'string':
      writeTag(writer, 'S');
      return writer.longstr(value);
    case 'number':
      return writeNumber(writer, value);
    case 'bigint':
      return writeBigInt(writer, value);
    case 'boolean':
      writeTag(writer, 't');
      return writer.octet(value ? 1 : 0);
    default:
      if (value === null) return writeTag(writer, 'V');
      return writeObject(writer, value);
  }
}

/** A whole field table with its size. */
export function writeTable(writer: Writer, table: FieldTable): void {
  const at = openRegion(writer);
  for (const key of Object.keys(table)) {
    writer.shortstr(key);
    writeValue(writer, table[key]!);
  }
  closeRegion(writer, at);
}

/** Where the value with this tag, which starts at `at`, ends. Nested values are not looked at. */
export function skipValue(block: Block, tag: number, at: number, end: number): number {
  let size = bytesByTag[tag]!;
  if (size === UNKNOWN) throw unknownTag(tag);
  if (size === PREFIXED) {
    if (at + PREFIX_BYTES > end) throw new AmqpError('SYNTAX_ERROR', 'truncated field table');
    size = PREFIX_BYTES + block.view.getUint32(at);
  }
  if (at + size > end) throw new AmqpError('SYNTAX_ERROR', 'truncated field table');
  return at + size;
}

/** Where the key that starts at `keyStart` ends; its tag must fit too. */
function endOfKey(block: Block, keyStart: number, end: number): number {
  const keyEnd = keyStart + block.bytes[keyStart - 1]!;
  if (keyEnd >= end) throw new AmqpError('SYNTAX_ERROR', 'truncated field table');
  return keyEnd;
}

/** Whether [start, end) is this text; text beyond ASCII is decoded, keys seldom are that. */
function isText(block: Block, start: number, end: number, text: string): boolean {
  if (end - start < text.length) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return utf8Text(block.bytes.subarray(start, end)) === text;
    if (block.bytes[start + i] !== code) return false;
  }
  return end - start === text.length;
}

/** Where a value lies: all of it after its tag, so that text has its four octets of size first. */
export interface LocatedField {
  /** The tag as a character code. */
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Looks for a key in the content [start, end) of a table, which is what follows its size, without
 * decoding anything.
 */
export function findField(
  block: Block, start: number, end: number, key: string,
): LocatedField | undefined {
  for (let at = start; at < end;) {
    const keyEnd = endOfKey(block, at + 1, end);
    const tag = block.bytes[keyEnd]!;
    const valueEnd = skipValue(block, tag, keyEnd + 1, end);
    if (isText(block, at + 1, keyEnd, key)) return { tag, start: keyEnd + 1, end: valueEnd };
    at = valueEnd;
  }
  return undefined;
}

/** Gets the key's text at [keyStart, keyEnd) and the value's octets at [valueStart, valueEnd). */
export type FieldVisitor = (
  keyStart: number, keyEnd: number, tag: number, valueStart: number, valueEnd: number,
) => void;

/**
 * Visits the entries of the content [start, end) of a table without decoding them. The octets of
 * a whole entry are [keyStart - 1, valueEnd).
 */
export function eachField(block: Block, start: number, end: number, visit: FieldVisitor): void {
  for (let at = start; at < end;) {
    const keyEnd = endOfKey(block, at + 1, end);
    const tag = block.bytes[keyEnd]!;
    const valueEnd = skipValue(block, tag, keyEnd + 1, end);
    visit(at + 1, keyEnd, tag, keyEnd + 1, valueEnd);
    at = valueEnd;
  }
}
