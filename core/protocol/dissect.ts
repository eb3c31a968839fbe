import { AmqpError } from '../errors.ts';
import { isReserved, layoutOf, methodById, valueCodecs, type Layout } from './codec.ts';
import { enterFields, fieldTags, readScalar } from './field-table.ts';
import { readFlags } from './properties.ts';
import { propertyFlags } from './raw-properties.ts';
import { Reader } from './reader.ts';
import {
  basicProperties, FRAME_END, FRAME_OVERHEAD_BYTES, frameTypes, PROTOCOL_HEADER,
} from './spec.ts';
import { Decimal, type FieldScalar } from './types.ts';

/** What a dissected node stands for; undefined where its children say it all. */
export type DissectedValue = FieldScalar | undefined;

/**
 * One piece of a byte stream. The children of a node cover its octets without gap or overlap,
 * save those that have a mask: these are bits of their parent.
 */
export interface Dissected {
  readonly name: string;
  readonly value: DissectedValue;
  readonly offset: number;
  readonly length: number;
  readonly mask?: number;
  readonly children?: readonly Dissected[];
}

/** Longest line that `summarize` makes. */
const SUMMARY_CHARS_MAX = 1024;

const frameNames = new Map<number, string>(
  Object.entries(frameTypes).map(([name, type]) => [type, name]),
);

function leaf(reader: Reader, name: string, read: (reader: Reader) => DissectedValue): Dissected {
  const offset = reader.offset;
  const value = read(reader);
  return { name, value, offset, length: reader.offset - offset };
}

const octet = (reader: Reader): number => reader.octet();
const short = (reader: Reader): number => reader.short();
const long = (reader: Reader): number => reader.long();

/** A node around children, the first of which lies at `offset`. */
function group(
  reader: Reader, name: string, value: DissectedValue, offset: number, children: Dissected[],
): Dissected {
  return { name, value, offset, length: reader.offset - offset, children };
}

/** A number whose bits have names. */
function bitField(
  reader: Reader, name: string, read: (reader: Reader) => number,
  masks: readonly (readonly [string, number])[],
): Dissected {
  const offset = reader.offset;
  const value = read(reader);
  const length = reader.offset - offset;
  const children = masks.map(([bit, mask]): Dissected => (
    { name: bit, value: (value & mask) !== 0, offset, length, mask }
  ));
  return { name, value, offset, length, children };
}

/**
 * Lets `fill` append to `nodes` what it reads up to `end`. What it cannot read, or does not,
 * becomes one malformed node, so that nothing is lost and reading goes on behind it.
 */
function readUpTo(reader: Reader, end: number, nodes: Dissected[], fill: () => void): void {
  const outerEnd = reader.end;
  const start = reader.offset;
  let failure: string | undefined;
  reader.end = end;
  try {
    fill();
  } catch (error) {
    if (!(error instanceof AmqpError)) throw error;
    failure = error.message;
  }
  const last = nodes.at(-1);
  const offset = last === undefined ? start : last.offset + last.length;
  if (failure !== undefined || offset < end) {
    const value = failure ?? 'octets left over';
    nodes.push({ name: 'malformed', value, offset, length: end - offset });
  }
  reader.offset = end;
  reader.end = outerEnd;
}

/** Appends the size of a table or array, then its entries. */
function pushFields(reader: Reader, nodes: Dissected[], isTable: boolean, depth: number): void {
  const offset = reader.offset;
  const end = enterFields(reader, depth);
  nodes.push({ name: 'size', value: end - reader.offset, offset, length: reader.offset - offset });
  readUpTo(reader, end, nodes, () => {
    for (let index = 0; reader.remaining > 0; index++) {
      nodes.push(dissectField(reader, isTable ? undefined : String(index), depth));
    }
  });
}

/** One value with its tag: the item of an array of this name, or an entry with its key. */
function dissectField(reader: Reader, itemName: string | undefined, depth: number): Dissected {
  const offset = reader.offset;
  const children: Dissected[] = [];
  if (itemName === undefined) children.push(leaf(reader, 'key', (at) => at.shortstr()));
  const name = itemName ?? String(children[0]!.value);
  const tag = reader.octet();
  const character = String.fromCharCode(tag);
  children.push({ name: 'tag', value: character, offset: reader.offset - 1, length: 1 });
  if (tag === fieldTags.table || tag === fieldTags.array) {
    pushFields(reader, children, tag === fieldTags.table, depth + 1);
    return group(reader, name, undefined, offset, children);
  }
  const value = leaf(reader, 'value', (at) => readScalar(at, tag));
  children.push(value);
  return group(reader, name, value.value, offset, children);
}

function dissectLayout(reader: Reader, layout: Layout, nodes: Dissected[]): void {
  for (const entry of layout) {
    if ('bits' in entry) {
      const masks = entry.bits.map((name, i) => [name, 1 << i] as const);
      nodes.push(bitField(reader, 'bits', octet, masks));
    } else if (entry.domain === 'table') {
      const offset = reader.offset;
      const children: Dissected[] = [];
      pushFields(reader, children, true, 1);
      nodes.push(group(reader, entry.name, undefined, offset, children));
    } else {
      const { read } = valueCodecs[entry.domain];
      nodes.push(leaf(reader, entry.name, read as (at: Reader) => FieldScalar));
    }
  }
}

/** Appends a node `name` that takes the rest of the payload, made of these arguments. */
function pushLayout(reader: Reader, name: string, layout: Layout, nodes: Dissected[]): void {
  const offset = reader.offset;
  const children: Dissected[] = [];
  readUpTo(reader, reader.end, children, () => dissectLayout(reader, layout, children));
  nodes.push(group(reader, name, undefined, offset, children));
}

/** Appends the payload of a method frame and answers the method's name. */
function dissectMethod(reader: Reader, nodes: Dissected[]): string {
  const classId = leaf(reader, 'classId', short);
  const methodId = leaf(reader, 'methodId', short);
  nodes.push(classId, methodId);
  const codec = methodById(classId.value as number, methodId.value as number);
  if (codec === undefined) {
    const ids = `${String(classId.value)}.${String(methodId.value)}`;
    throw new AmqpError('COMMAND_INVALID', `unknown method ${ids}`);
  }
  pushLayout(reader, 'arguments', layoutOf(codec.spec.args), nodes);
  return codec.name;
}

function dissectHeader(reader: Reader, nodes: Dissected[]): void {
  nodes.push(leaf(reader, 'classId', short), leaf(reader, 'weight', short));
  nodes.push(leaf(reader, 'bodySize', (at) => at.longlong()));
  const flags = bitField(reader, 'flags', readFlags, Object.entries(propertyFlags));
  nodes.push(flags);
  const present = basicProperties
    .filter(([name]) => ((flags.value as number) & propertyFlags[name]) !== 0)
    .map(([name, domain]) => ({ name, domain }));
  pushLayout(reader, 'properties', present, nodes);
}

function dissectPayload(reader: Reader, type: number, nodes: Dissected[]): string | undefined {
  if (type === frameTypes.method) return dissectMethod(reader, nodes);
  if (type === frameTypes.header) {
    dissectHeader(reader, nodes);
  } else if (type === frameTypes.body) {
    const { bytes } = reader.block;
    nodes.push(leaf(reader, 'payload', (at) => {
      const start = at.skip(at.remaining);
      return bytes.subarray(start, at.end);
    }));
  }
  return undefined;
}

function dissectFrame(reader: Reader): Dissected {
  const offset = reader.offset;
  const type = leaf(reader, 'frameType', octet);
  const name = frameNames.get(type.value as number);
  if (name === undefined) throw new AmqpError('FRAME_ERROR', 'unknown type of frame');
  const children = [type, leaf(reader, 'channel', short), leaf(reader, 'size', long)];
  const frameEnd = offset + FRAME_OVERHEAD_BYTES + (children[2]!.value as number) - 1;
  if (frameEnd >= reader.end) throw new AmqpError('FRAME_ERROR', 'incomplete frame');
  if (reader.block.bytes[frameEnd] !== FRAME_END) {
    throw new AmqpError('FRAME_ERROR', 'frame has a wrong end');
  }
  let value: string | undefined;
  readUpTo(reader, frameEnd, children, () => {
    value = dissectPayload(reader, type.value as number, children);
  });
  children.push(leaf(reader, 'frameEnd', octet));
  return group(reader, name, value, offset, children);
}

function dissectProtocolHeader(reader: Reader): Dissected {
  const offset = reader.offset;
  const name = leaf(reader, 'name', (at) => at.text(4));
  const numbers = ['id', 'major', 'minor', 'revision'].map((part) => leaf(reader, part, octet));
  const version = numbers.map((number) => String(number.value)).join('-');
  return group(reader, 'protocolHeader', `AMQP ${version}`, offset, [name, ...numbers]);
}

/**
 * Takes a stretch of one direction of a connection apart: protocol header and frames, down to
 * each field. Never throws; from where it makes no sense on, it is one malformed node.
 */
export function dissectFrames(bytes: Uint8Array): Dissected[] {
  const reader = new Reader(bytes);
  const nodes: Dissected[] = [];
  readUpTo(reader, bytes.length, nodes, () => {
    while (reader.remaining > 0) {
      const startsLikeHeader = bytes[reader.offset] === PROTOCOL_HEADER[0];
      nodes.push(startsLikeHeader ? dissectProtocolHeader(reader) : dissectFrame(reader));
    }
  });
  return nodes;
}

/** Text for one line of a log: quoted where it could be mistaken or could play tricks. */
function quoteText(text: string): string {
  if (!/[\s"{}=\p{C}]/u.test(text)) return text;
  return JSON.stringify(text).replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** Bytes show as their count alone: bodies are long, and SASL responses are secret. */
function formatValue(value: DissectedValue): string {
  if (typeof value === 'string') return quoteText(value);
  if (value instanceof Uint8Array) return `<${value.length} octets>`;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Decimal) return `${value.value}e-${value.scale}`;
  return String(value);
}

/** A property or an entry of a table as `name=value`. */
function formatField({ name, value, children }: Dissected): string {
  if (value !== undefined || children === undefined) {
    return `${quoteText(name)}=${formatValue(value)}`;
  }
  // Entries follow the size; key and tag precede it.
  const entries = children.slice(children.findIndex((child) => child.name === 'size') + 1);
  return `${quoteText(name)}={${entries.map(formatField).join(' ')}}`;
}

/** An argument, or the bits that share an octet; nothing for what the protocol reserves. */
function formatArgument(node: Dissected): string[] {
  const nodes = node.name === 'bits' ? node.children ?? [] : [node];
  return nodes.filter(({ name }) => !isReserved(name)).map(formatField);
}

function childOf(frame: Dissected, name: string): Dissected | undefined {
  return frame.children?.find((child) => child.name === name);
}

/** One dissected frame on one line. */
export function summarize(dissected: Dissected): string {
  const { name, value, length } = dissected;
  if (name === 'protocolHeader') return String(value);
  if (name === 'malformed') return `malformed: ${String(value)}, ${length} octets`;
  const channel = String(childOf(dissected, 'channel')?.value);
  const words = [`ch ${channel}`, typeof value === 'string' ? value : name];
  for (const shown of ['bodySize', 'payload', 'malformed']) {
    const child = childOf(dissected, shown);
    if (child !== undefined) words.push(formatField(child));
  }
  const fields = childOf(dissected, 'arguments') ?? childOf(dissected, 'properties');
  for (const field of fields?.children ?? []) words.push(...formatArgument(field));
  const line = words.join(' ');
  return line.length > SUMMARY_CHARS_MAX ? `${line.slice(0, SUMMARY_CHARS_MAX - 1)}…` : line;
}
