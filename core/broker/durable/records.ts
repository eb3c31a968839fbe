import { assert } from '../../assert.ts';
import { BufferPool } from '../../protocol/buffer-pool.ts';
import { blockOf } from '../../protocol/bytes.ts';
import { argumentsCodec, type ArgumentsCodec } from '../../protocol/codec.ts';
import { Reader } from '../../protocol/reader.ts';
import type { Domain } from '../../protocol/spec.ts';
import type { DomainTypes } from '../../protocol/types.ts';
import { Writer } from '../../protocol/writer.ts';

/**
 * What the journal holds, declared once. Queues and delaying exchanges have a number
 * (`destination`), under which messages and settlements refer to them. Replaying all records in
 * order gives the durable state of the broker.
 */
const definitions = {
  'exchange.declared': { id: 1, args: [
    ['destination', 'long'], ['vhost', 'shortstr'], ['exchange', 'shortstr'],
    ['type', 'shortstr'], ['autoDelete', 'bit'], ['internal', 'bit'], ['arguments', 'table'],
  ] },
  'exchange.deleted': { id: 2, args: [['vhost', 'shortstr'], ['exchange', 'shortstr']] },
  'queue.declared': { id: 3, args: [
    ['destination', 'long'], ['vhost', 'shortstr'], ['queue', 'shortstr'],
    ['autoDelete', 'bit'], ['arguments', 'table'],
  ] },
  'queue.deleted': { id: 4, args: [['vhost', 'shortstr'], ['queue', 'shortstr']] },
  'binding.added': { id: 5, args: [
    ['vhost', 'shortstr'], ['source', 'shortstr'], ['destinationKind', 'shortstr'],
    ['destination', 'shortstr'], ['routingKey', 'shortstr'], ['arguments', 'table'],
  ] },
  'binding.removed': { id: 6, args: [
    ['vhost', 'shortstr'], ['source', 'shortstr'], ['destinationKind', 'shortstr'],
    ['destination', 'shortstr'], ['routingKey', 'shortstr'], ['arguments', 'table'],
  ] },
  /** A delivery came back: it is redelivered from now on, and was so often. QUE-30. */
  'message.returned': { id: 7, args: [
    ['destination', 'long'], ['message', 'longlong'], ['deliveryCount', 'long'],
  ] },
  /**
   * What one turn added to a stream from `offset` on. The stream began at `first` then, and the
   * segment that this is a part of at `segment`. QUE-32.
   */
  'stream.chunk': { id: 13, args: [
    ['destination', 'long'], ['first', 'longlong'], ['segment', 'longlong'],
    ['offset', 'longlong'], ['records', 'bytes'],
  ] },
  /** The broker stopped in good order: nothing was out with a consumer. */
  'broker.closed': { id: 8, args: [] },
  /** It was started again after it had not: all that waited then may have been out. */
  'broker.crashed': { id: 11, args: [] },
} as const satisfies Record<string, { id: number; args: readonly (readonly [string, Domain])[] }>;

type Definitions = typeof definitions;
export type DefinitionName = keyof Definitions;

/** Arguments of a record by name. */
export type RecordArgs<N extends DefinitionName> = {
  readonly [A in Definitions[N]['args'][number] as A[0]]: DomainTypes[A[1]];
};

/** A message enters one or more destinations; the rest of the record is the message. */
const MESSAGE = 9;
/** Messages left destinations: pairs of destination and message. */
const SETTLED = 10;

/** Where a message lies and until when: Infinity, where it does not expire. */
export interface MessageEntry {
  readonly destination: number;
  /** Wall-clock milliseconds: the message expires then, or is due then. */
  readonly until: number;
}

/** A message as the journal keeps it. */
export interface MessageRecord {
  readonly kind: 'message';
  /** Its place among all messages: its first log sequence number; 0: that of this record. */
  readonly order: number;
  /** The record of the same message that this one takes the place of; 0: none. */
  readonly supersedes: number;
  readonly marks: number;
  readonly entries: readonly MessageEntry[];
  /** Names, frame end, header frame, body frames, as the message store keeps them. */
  readonly tail: Uint8Array;
  readonly namesBytes: number;
  readonly bodyBytes: number;
}

/** A message, by the number of its record, that left a destination. */
export interface SettledPair {
  readonly destination: number;
  readonly message: number;
}

export interface SettledRecord {
  readonly kind: 'settled';
  readonly pairs: readonly SettledPair[];
}

export type DefinitionRecord = {
  [N in DefinitionName]: { readonly kind: N; readonly args: RecordArgs<N> };
}[DefinitionName];

export type BrokerRecord = DefinitionRecord | MessageRecord | SettledRecord;

const codecs = new Map<number, { readonly name: DefinitionName; readonly codec: ArgumentsCodec }>();
for (const [name, { id, args }] of Object.entries(definitions)) {
  codecs.set(id, { name: name as DefinitionName, codec: argumentsCodec(args) });
}

const pool = new BufferPool();

/** A writer into a buffer that only grows; `bytesOf` takes its content. */
function recordWriter(id: number, bytesMin = 256): Writer {
  const writer = new Writer(pool, () => assert(false, 'a record is never sent'));
  writer.grow(bytesMin);
  writer.octet(id);
  return writer;
}

function bytesOf(writer: Writer): Uint8Array {
  return writer.block.bytes.subarray(0, writer.length);
}

export function encodeDefinition<N extends DefinitionName>(
  name: N, args: RecordArgs<N>,
): Uint8Array {
  const { id } = definitions[name];
  const writer = recordWriter(id);
  codecs.get(id)!.codec.write(writer, args);
  return bytesOf(writer);
}

export function encodeMessageRecord(record: MessageRecord): Uint8Array {
  const { entries, tail } = record;
  const writer = recordWriter(MESSAGE, 64 + 12 * entries.length + tail.length);
  writer.longlong(record.order);
  writer.longlong(record.supersedes);
  writer.short(record.marks);
  writer.short(record.namesBytes);
  writer.long(record.bodyBytes);
  writer.long(entries.length);
  for (const { destination, until } of entries) {
    writer.long(destination);
    // 0 stands for never: that time is long past.
    writer.longlong(until === Infinity ? 0 : Math.max(1, Math.ceil(until)));
  }
  writer.raw(blockOf(tail), 0, tail.length);
  return bytesOf(writer);
}

export function encodeSettled(pairs: readonly SettledPair[]): Uint8Array {
  const writer = recordWriter(SETTLED, 16 + 12 * pairs.length);
  writer.long(pairs.length);
  for (const { destination, message } of pairs) {
    writer.long(destination);
    writer.longlong(message);
  }
  return bytesOf(writer);
}

/** A later version wrote the record. */
export class UnknownRecord extends Error {
  override readonly name = 'UnknownRecord';

  constructor(kind: number) {
    super(`there is a record of kind ${kind}`);
  }
}

/** Reads a record back. Throws UnknownRecord where no version up to this one wrote it. */
export function decodeRecord(bytes: Uint8Array): BrokerRecord {
  const reader = new Reader(bytes);
  reader.strict = false;
  const id = reader.octet();
  if (id === MESSAGE) return decodeMessage(reader);
  if (id === SETTLED) return decodeSettled(reader);
  const known = codecs.get(id);
  if (known === undefined) throw new UnknownRecord(id);
  return { kind: known.name, args: known.codec.read(reader) } as unknown as DefinitionRecord;
}

function decodeMessage(reader: Reader): MessageRecord {
  const order = reader.longlong();
  const supersedes = reader.longlong();
  const marks = reader.short();
  const namesBytes = reader.short();
  const bodyBytes = reader.long();
  const entries: MessageEntry[] = [];
  for (let left = reader.long(); left > 0; left--) {
    const destination = reader.long();
    const until = reader.longlong();
    entries.push({ destination, until: until === 0 ? Infinity : until });
  }
  const start = reader.skip(reader.remaining);
  const tail = reader.block.bytes.subarray(start, reader.end);
  return { kind: 'message', order, supersedes, marks, entries, tail, namesBytes, bodyBytes };
}

function decodeSettled(reader: Reader): SettledRecord {
  const pairs: SettledPair[] = [];
  for (let left = reader.long(); left > 0; left--) {
    pairs.push({ destination: reader.long(), message: reader.longlong() });
  }
  return { kind: 'settled', pairs };
}
