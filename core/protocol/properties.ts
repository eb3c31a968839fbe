import { assert } from '../assert.ts';
import { AmqpError } from '../errors.ts';
import { blockOf, type Block } from './bytes.ts';
import { valueCodecs } from './codec.ts';
import { checkTable } from './raw-table.ts';
import type { Reader } from './reader.ts';
import { basicProperties, frameTypes, FRAME_OVERHEAD_BYTES } from './spec.ts';
import type { Properties, PropertyName } from './types.ts';
import type { Writer } from './writer.ts';

/** Class id of every content header there is. */
export const BASIC_CLASS_ID = 60;

/** Set where another word of flags follows. */
const CONTINUED = 1;

type PropertyDomain = (typeof basicProperties)[number][1];

interface PropertyEntry {
  readonly name: PropertyName;
  readonly domain: PropertyDomain;
  readonly flag: number;
}

const entries: readonly PropertyEntry[] = basicProperties.map(
  ([name, domain], i) => ({ name, domain, flag: 0x8000 >> i }),
);

/** Flag of each property in the first word of flags. CON-37. */
export const propertyFlags = Object.fromEntries(
  entries.map(({ name, flag }) => [name, flag]),
) as { readonly [N in PropertyName]: number };

const KNOWN_FLAGS = entries.reduce((flags, { flag }) => flags | flag, CONTINUED);

function unknownProperty(): AmqpError {
  return new AmqpError('SYNTAX_ERROR', 'unknown property in a content header');
}

/** The flags of the known properties; words beyond the first may set none. */
export function readFlags(reader: Reader): number {
  const flags = reader.short();
  if ((flags & ~KNOWN_FLAGS) !== 0) throw unknownProperty();
  let word = flags;
  while ((word & CONTINUED) !== 0) {
    word = reader.short();
    if ((word & ~CONTINUED) !== 0) throw unknownProperty();
  }
  return flags & ~CONTINUED;
}

/** Flags and values of the properties, which must take the rest of the reader. */
export function readProperties(reader: Reader): Properties {
  const flags = readFlags(reader);
  const properties: Record<string, unknown> = {};
  for (const { name, domain, flag } of entries) {
    if ((flags & flag) !== 0) properties[name] = valueCodecs[domain].read(reader);
  }
  if (reader.remaining !== 0) {
    throw new AmqpError('SYNTAX_ERROR', 'octets left over after the properties');
  }
  return properties as Properties;
}

/** A write whose value the table proves to be of its domain. */
type AnyWrite = (writer: Writer, value: unknown) => void;

/** Flags and values of the properties that are present. */
export function writeProperties(writer: Writer, properties: Properties): void {
  let flags = 0;
  for (const { name, flag } of entries) if (properties[name] !== undefined) flags |= flag;
  writer.short(flags);
  for (const { name, domain } of entries) {
    const value = properties[name];
    if (value !== undefined) (valueCodecs[domain].write as AnyWrite)(writer, value);
  }
}

/** A whole content header frame. */
export function writeContentHeader(
  writer: Writer, channel: number, bodySize: number, properties: Properties,
): void {
  const frame = writer.beginFrame(frameTypes.header, channel);
  writer.short(BASIC_CLASS_ID);
  writer.short(0);
  writer.longlong(bodySize);
  writeProperties(writer, properties);
  writer.endFrame(frame);
}

/** Body frames of at most `frameBytesMax` octets each (0: no limit); none for an empty body. */
export function writeBody(
  writer: Writer, channel: number, body: Uint8Array, frameBytesMax: number,
): void {
  assert(frameBytesMax === 0 || frameBytesMax > FRAME_OVERHEAD_BYTES, 'a frame has room');
  const source = blockOf(body);
  const pieceMax = frameBytesMax === 0 ? body.length : frameBytesMax - FRAME_OVERHEAD_BYTES;
  for (let start = 0; start < body.length; start += pieceMax) {
    const end = Math.min(start + pieceMax, body.length);
    writer.reserve(end - start + FRAME_OVERHEAD_BYTES);
    const frame = writer.beginFrame(frameTypes.body, channel);
    writer.raw(source, start, end);
    writer.endFrame(frame);
  }
}

/** Octets of size before the value; of a value without them, its own octets. */
const prefixBytes: Partial<Record<PropertyDomain, number>> = { shortstr: 1, table: 4 };
const fixedBytes: Partial<Record<PropertyDomain, number>> = { octet: 1, timestamp: 8 };
const prefixByIndex = Uint8Array.from(entries, ({ domain }) => prefixBytes[domain] ?? 0);
const fixedByIndex = Uint8Array.from(entries, ({ domain }) => fixedBytes[domain] ?? 0);

/** Size of the value of the property at `index`, after the octets of size that lie at `at`. */
function valueBytes(block: Block, index: number, at: number, end: number): number {
  const prefix = prefixByIndex[index]!;
  if (at + prefix > end) throw new AmqpError('SYNTAX_ERROR', 'truncated properties');
  if (prefix === 0) return fixedByIndex[index]!;
  return prefix === 1 ? block.bytes[at]! : block.view.getUint32(at);
}

/** Where the values begin: after the last word of flags. */
function startOfValues(block: Block, flagsAt: number, end: number): number {
  let at = flagsAt;
  let word = CONTINUED;
  while ((word & CONTINUED) !== 0) {
    if (at + 2 > end) throw new AmqpError('SYNTAX_ERROR', 'truncated properties');
    word = block.view.getUint16(at);
    at += 2;
  }
  return at;
}

/**
 * Where the value of a property lies, without its octets of size, in the properties whose flags
 * are at `flagsAt`; undefined, where it is absent. Nothing is decoded.
 */
export function locateProperty(
  block: Block, flagsAt: number, end: number, name: PropertyName,
): { start: number; end: number } | undefined {
  let at = startOfValues(block, flagsAt, end);
  const flags = block.view.getUint16(flagsAt);
  const wanted = propertyFlags[name];
  if ((flags & wanted) === 0) return undefined;
  for (let index = 0, flag = 0x8000; ; index++, flag >>= 1) {
    if ((flags & flag) === 0) continue;
    const start = at + prefixByIndex[index]!;
    at = start + valueBytes(block, index, at, end);
    if (at > end) throw new AmqpError('SYNTAX_ERROR', 'truncated properties');
    if (flag === wanted) return { start, end: at };
  }
}

/**
 * Whether the properties are what their flags say, nested tables and all, and take the whole of
 * [flagsAt, end); else 502. What a publisher sends goes on as it is to consumers, so what they
 * could not read must not pass. Nothing is decoded.
 */
export function checkProperties(block: Block, flagsAt: number, end: number): void {
  let at = startOfValues(block, flagsAt, end);
  const flags = block.view.getUint16(flagsAt);
  if ((flags & ~KNOWN_FLAGS) !== 0) throw unknownProperty();
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]!;
    if ((flags & entry.flag) === 0) continue;
    const start = at + prefixByIndex[index]!;
    at = start + valueBytes(block, index, at, end);
    if (at > end) throw new AmqpError('SYNTAX_ERROR', 'truncated properties');
    if (entry.domain === 'table') checkTable(block, start, at);
  }
  if (at !== end) throw new AmqpError('SYNTAX_ERROR', 'octets left over after the properties');
}
