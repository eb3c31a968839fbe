import { AmqpError } from '../errors.ts';
import { keepTag, tagOf, usualTag } from './field-tags.ts';
import { wireLimits } from './limits.ts';
import { utf8Text, type Reader } from './reader.ts';
import { Decimal, type FieldScalar, type FieldTable, type FieldValue } from './types.ts';
import type { Writer } from './writer.ts';

/** A kind of value that always takes the same number of octets. */
export interface Fixed {
  readonly bytes: number;
  read(view: DataView, at: number): FieldScalar;
}

const LARGEST_DATE_SECONDS = 8_640_000_000_000n;

/** Values of fixed size by tag, in RabbitMQ's dialect. CON-36. */
export const fixedKinds: Readonly<Record<string, Fixed>> = {
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

/** Tags, as character codes, of values that begin with four octets of size. */
export const fieldTags = { text: 0x53, bytes: 0x78, array: 0x41, table: 0x46 } as const;
/** Octets of size before the content of a value that has them. */
export const PREFIX_BYTES = 4;

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

export function unknownTag(tag: number): AmqpError {
  return new AmqpError('SYNTAX_ERROR', `unknown field type ${tag}`);
}

export function truncated(): AmqpError {
  return new AmqpError('SYNTAX_ERROR', 'truncated field table');
}

export function tooDeep(): AmqpError {
  return new AmqpError('SYNTAX_ERROR', 'field table is nested too deep');
}

export function tooManyFields(): AmqpError {
  return new AmqpError('SYNTAX_ERROR', 'too many fields in a table');
}

/** What is left of the bounds of one table while it is decoded, all levels together. */
interface Budget {
  values: number;
}

/** What was accepted before may have grown since: x-death gets longer with each death. */
function newBudget({ strict }: Reader): Budget {
  return { values: strict ? wireLimits.fieldCountMax : Infinity };
}

/** Reads the size of a table or array at this depth: answers where it ends. */
export function enterFields(reader: Reader, depth: number): number {
  if (depth > wireLimits.fieldDepthMax) throw tooDeep();
  const size = reader.long();
  if (size > reader.remaining) throw truncated();
  return reader.offset + size;
}

/** Ends the reading of a table or array that claims to end at `end`. */
function checkEnd(reader: Reader, end: number): void {
  if (reader.offset !== end) throw new AmqpError('SYNTAX_ERROR', 'field table has a wrong size');
}

function readFields(reader: Reader, end: number, depth: number, budget: Budget): FieldTable {
  const table = Object.create(null) as FieldTable;
  while (reader.offset < end) {
    const key = reader.shortstr();
    const tag = reader.octet();
    const value = readTagged(reader, tag, depth, budget);
    // As with `findField`, the first of equal keys counts.
    if (key in table) continue;
    table[key] = value;
    keepTag(table, key, value, String.fromCharCode(tag));
  }
  checkEnd(reader, end);
  return table;
}

function readItems(reader: Reader, end: number, depth: number, budget: Budget): FieldValue[] {
  const items: FieldValue[] = [];
  while (reader.offset < end) {
    const tag = reader.octet();
    const value = readTagged(reader, tag, depth, budget);
    keepTag(items, items.length, value, String.fromCharCode(tag));
    items.push(value);
  }
  checkEnd(reader, end);
  return items;
}

/** A copy, which `slice` does not make of the Buffer that a socket gives. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** A longstr as text where it is text, else as a copy of its bytes. */
function readText(reader: Reader): string | Uint8Array {
  const bytes = reader.bytes();
  return utf8Text(bytes) ?? copyOf(bytes);
}

/** The value after this tag, which is neither that of a table nor of an array. */
export function readScalar(reader: Reader, tag: number): FieldScalar {
  const kind = fixedKinds[String.fromCharCode(tag)];
  if (kind !== undefined) return kind.read(reader.block.view, reader.skip(kind.bytes));
  if (tag === fieldTags.text) return readText(reader);
  if (tag === fieldTags.bytes) return copyOf(reader.bytes());
  throw unknownTag(tag);
}

/** The value behind this tag. */
function readTagged(reader: Reader, tag: number, depth: number, budget: Budget): FieldValue {
  if (budget.values-- === 0) throw tooManyFields();
  if (tag !== fieldTags.table && tag !== fieldTags.array) return readScalar(reader, tag);
  const end = enterFields(reader, depth + 1);
  const read = tag === fieldTags.table ? readFields : readItems;
  return read(reader, end, depth + 1, budget);
}

/** The next field table. Where it is malformed or beyond the limits: 502. */
export function readTable(reader: Reader): FieldTable {
  return readFields(reader, enterFields(reader, 1), 1, newBudget(reader));
}

/** The rest of the reader as the content of a table, which is one without its size. */
export function readTableContent(reader: Reader): FieldTable {
  return readFields(reader, reader.end, 1, newBudget(reader));
}

/** The next tag and value. */
export function readValue(reader: Reader): FieldValue {
  return readTagged(reader, reader.octet(), 0, newBudget(reader));
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

/** What no octets stand for is a mistake of whoever gave it, and no bug of ours. */
function check(condition: unknown, text: string): asserts condition {
  if (!condition) throw new TypeError(text);
}

/** A number, in as many octets as the tag says. */
function writeNumber(writer: Writer, value: number, tag: string): void {
  const { bytes } = fixedKinds[tag]!;
  writer.grow(bytes);
  const { view } = writer.block;
  const at = writer.length;
  writer.length += bytes;
  switch (tag) {
    case 'b': case 'B': return view.setUint8(at, value);
    case 's': case 'u': return view.setUint16(at, value);
    case 'I': case 'i': return view.setUint32(at, value);
    case 'f': return view.setFloat32(at, value);
    case 'd': return view.setFloat64(at, value);
    default: return view.setBigInt64(at, BigInt(value));
  }
}

function writeBigInt(writer: Writer, value: bigint, tag: string): void {
  const fits = tag === 'T' ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value);
  check(fits === value, 'an integer of a field table has 64 bits');
  writer.grow(8);
  writer.block.view.setBigInt64(writer.length, value);
  writer.length += 8;
}

function writeDate(writer: Writer, value: Date): void {
  const seconds = Math.floor(value.getTime() / 1000);
  check(seconds >= 0, 'a time stamp of a field table is not before 1970');
  writer.longlong(seconds);
}

function writeArray(writer: Writer, items: FieldValue[]): void {
  const at = openRegion(writer);
  for (const [index, item] of items.entries()) writeValue(writer, item, tagOf(items, index));
  closeRegion(writer, at);
}

function writeObject(writer: Writer, value: Exclude<FieldValue & object, null>): void {
  if (Array.isArray(value)) writeArray(writer, value);
  else if (value instanceof Uint8Array) writer.bytes(value);
  else if (value instanceof Date) writeDate(writer, value);
  else if (value instanceof Decimal) {
    writer.octet(value.scale);
    writer.long(value.value);
  } else writeTable(writer, value);
}

/** A value behind its tag: the one it came with, or the one that clients of RabbitMQ expect. */
export function writeValue(writer: Writer, value: FieldValue, tag = usualTag(value)): void {
  writer.octet(tag.charCodeAt(0));
  switch (typeof value) {
    case 'string': return writer.longstr(value);
    case 'number': return writeNumber(writer, value, tag);
    case 'bigint': return writeBigInt(writer, value, tag);
    case 'boolean': return writer.octet(value ? 1 : 0);
    default:
      if (value === null) return;
      check(typeof value === 'object', `a field table holds no ${typeof value}`);
      return writeObject(writer, value);
  }
}

/** A whole field table with its size. */
export function writeTable(writer: Writer, table: FieldTable): void {
  const at = openRegion(writer);
  for (const key of Object.keys(table)) {
    // A key that was cut would be another one.
    check(writer.shortstr(key), 'a key of a field table takes 255 octets at most');
    writeValue(writer, table[key]!, tagOf(table, key));
  }
  closeRegion(writer, at);
}
