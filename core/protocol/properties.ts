import { assert } from '../assert.ts';
import { AmqpError } from '../errors.ts';
import { blockOf } from './bytes.ts';
import { valueCodecs } from './codec.ts';
import type { Reader } from './reader.ts';
import { basicProperties, frameTypes, FRAME_OVERHEAD_BYTES } from './spec.ts';
import type { Properties, PropertyName } from './types.ts';
import type { Writer } from './writer.ts';

/** Class id of every content header there is. */
export const BASIC_CLASS_ID = 60;

/** Set where another word of flags follows. */
export const CONTINUED = 1;

export type PropertyDomain = (typeof basicProperties)[number][1];

export interface PropertyEntry {
  readonly name: PropertyName;
  readonly domain: PropertyDomain;
  readonly flag: number;
}

/** The properties in the order in which they lie on the wire. */
export const propertyEntries: readonly PropertyEntry[] = basicProperties.map(
  ([name, domain], i) => ({ name, domain, flag: 0x8000 >> i }),
);

export const KNOWN_FLAGS = propertyEntries.reduce((flags, { flag }) => flags | flag, CONTINUED);

export function unknownProperty(): AmqpError {
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
  for (const { name, domain, flag } of propertyEntries) {
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
  for (const { name, flag } of propertyEntries) if (properties[name] !== undefined) flags |= flag;
  writer.short(flags);
  for (const { name, domain } of propertyEntries) {
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
