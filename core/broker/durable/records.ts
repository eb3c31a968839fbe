import { assert } from '../../assert.ts';
import type { Block } from '../../protocol/bytes.ts';
import { argumentsCodec, type ArgumentsCodec } from '../../protocol/codec.ts';
import { Reader } from '../../protocol/reader.ts';
import { bufferWriter } from '../../protocol/scratch.ts';
import type { Domain } from '../../protocol/spec.ts';
import type { DomainTypes } from '../../protocol/types.ts';
import type { Writer } from '../../protocol/writer.ts';
import type { Lsn } from '../../storage/journal.ts';
import type { Entry } from '../message/entries.ts';
import { NO_ENTRY, type MutableEntry } from '../message/table.ts';
import type { KeptChunk } from '../queue/stream-log.ts';
import { countRecords } from '../queue/stream-record.ts';

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
  /**
   * What is known of a message in a queue is this from now on: it came back (QUE-30), to be ready
   * again later perhaps, or it died there and waits. Times are as in `Entry`, on the wall clock.
   */
  'message.changed': { id: 16, args: [
    ['destination', 'long'], ['message', 'longlong'], ['outCount', 'long'], ['death', 'octet'],
    ['until', 'longlong'], ['readyAt', 'longlong'],
  ] },
  /** How often a message came back, as versions before 'message.changed' wrote it. */
  'message.returned': { id: 7, args: [
    ['destination', 'long'], ['message', 'longlong'], ['outCount', 'long'],
  ] },
  /**
   * What one turn added to a stream from `offset` on. The stream began at `first` then, and the
   * segment that this is a part of at `segment`. QUE-32.
   */
  'stream.chunk': { id: 13, args: [
    ['destination', 'long'], ['first', 'longlong'], ['segment', 'longlong'],
    ['offset', 'longlong'], ['records', 'bytes'],
  ] },
  /**
   * A user, a permission, a policy or the like, by its kind: see `SettingKind`. The value is JSON.
   */
  'setting.changed': { id: 20, args: [
    ['kind', 'shortstr'], ['vhost', 'shortstr'], ['name', 'longstr'], ['value', 'longstr'],
  ] },
  'setting.removed': { id: 21, args: [
    ['kind', 'shortstr'], ['vhost', 'shortstr'], ['name', 'longstr'],
  ] },
  /** The broker stopped in good order: nothing was out with a consumer. */
  'broker.closed': { id: 8, args: [] },
  /** It was started again after that: from here on something may be out. */
  'broker.opened': { id: 14, args: [] },
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
/** What is left of the segments before; see checkpoint.ts. */
const CHECKPOINT = 17;
/** The same with what came back in place of what changed, as versions before wrote it. */
const CHECKPOINT_BEFORE = 15;

/** Where a chunk of a stream lies, and what a start must know of it, its messages aside. */
const chunkCodec = argumentsCodec([
  ['lsn', 'longlong'], ['destination', 'long'], ['first', 'longlong'], ['segment', 'longlong'],
  ['offset', 'longlong'], ['count', 'long'], ['bytes', 'long'],
  ['firstTimestamp', 'longlong'], ['lastTimestamp', 'longlong'],
]);

/** A message as the journal keeps it, without its bytes. */
export interface MessageHead {
  /** Its place among all messages: its first log sequence number; 0: that of this record. */
  readonly order: Lsn;
  readonly marks: number;
  readonly priority: number;
  readonly namesBytes: number;
  readonly bodyBytes: number;
  /** The destinations that it lies in; deadlines are wall-clock milliseconds. */
  readonly entries: readonly Entry[];
}

export interface MessageRecord extends MessageHead {
  readonly kind: 'message';
  /** The record of the same message that this one takes the place of; 0: none. */
  readonly supersedes: Lsn;
  /** Names, frame end, header frame, body frames, as the message store keeps them. */
  readonly tail: Uint8Array;
}

/** Pairs of a destination and of a message, by its record, that left it. */
export interface SettledRecord {
  readonly kind: 'settled';
  readonly pairs: SettledPairs;
}

/** Destination, message, destination, message ... Destination 0: all that it lay in. */
export type SettledPairs = readonly number[];

export interface CheckpointRecord {
  readonly kind: 'checkpoint';
  /** The checkpoints before this one whose segments were kept, oldest first. */
  readonly earlier: readonly Lsn[];
  /** The segments that it stands for: from the first number on, before the second. */
  readonly fromSegment: number;
  readonly beforeSegment: number;
  /** The highest number that a destination ever had. */
  readonly lastNumber: number;
  /** All definitions. */
  readonly definitions: readonly DefinitionRecord[];
  /** What these segments said of messages in earlier ones. */
  readonly settled: SettledPairs;
  readonly changed: readonly Changed[];
  /** The same of a version before. */
  readonly returned: readonly Returned[];
  /** Where the last of these segments says that the broker had crashed; 0: nowhere. */
  readonly crashed: Lsn;
  /** The chunks of streams in these segments. */
  readonly chunks: readonly CheckpointChunk[];
  /**
   * The messages in these segments that were not settled, in the order of their records; each is
   * there until the next one is asked for.
   */
  readonly messages: Iterable<CheckpointMessage>;
}

/** What changed of a message in a destination. */
export type Changed = RecordArgs<'message.changed'>;

/** How often a message came back to a destination; all else of it stays as it is. */
export type Returned = RecordArgs<'message.returned'>;

/** A chunk of a stream, which began at `first` then. */
export interface CheckpointChunk extends KeptChunk {
  readonly destination: number;
  readonly first: number;
}

export interface CheckpointMessage {
  readonly lsn: Lsn;
  readonly tailBytes: number;
  readonly head: MessageHead;
}

export type DefinitionRecord = {
  [N in DefinitionName]: { readonly kind: N; readonly args: RecordArgs<N> };
}[DefinitionName];

export type BrokerRecord =
  DefinitionRecord | MessageRecord | SettledRecord | CheckpointRecord;

const CHANGED = definitions['message.changed'].id;
const RETURNED = definitions['message.returned'].id;
const CHUNK = definitions['stream.chunk'].id;
/** Where the records of a chunk begin: behind its kind, its numbers and their length. */
const CHUNK_RECORDS = 1 + 4 + 8 + 8 + 8 + 4;

const codecs = new Map<number, { readonly name: DefinitionName; readonly codec: ArgumentsCodec }>();
for (const [name, { id, args }] of Object.entries(definitions)) {
  codecs.set(id, { name: name as DefinitionName, codec: argumentsCodec(args) });
}

/** Where records are encoded that are copied out of it. */
const scratch = bufferWriter();

export function encodeDefinition<N extends DefinitionName>(
  name: N, args: RecordArgs<N>,
): Uint8Array {
  const { id } = definitions[name];
  scratch.length = 0;
  scratch.octet(id);
  codecs.get(id)!.codec.write(scratch, args);
  return scratch.block.bytes.slice(0, scratch.length);
}

/** Adds a message to what is written already; its tail is block[start, end). */
export function writeMessageRecord(
  writer: Writer, head: MessageHead, supersedes: Lsn, block: Block, start: number, end: number,
): void {
  writer.octet(MESSAGE);
  writer.longlong(supersedes);
  writeHead(writer, head);
  writer.raw(block, start, end);
}

function writeHead(writer: Writer, head: MessageHead): void {
  writer.longlong(head.order);
  writer.short(head.marks);
  writer.octet(head.priority);
  writer.short(head.namesBytes);
  writer.long(head.bodyBytes);
  writer.long(head.entries.length);
  for (const { destination, until, outCount, death, readyAt } of head.entries) {
    writer.long(destination);
    writer.long(outCount + death * DEATH + (readyAt === 0 ? 0 : HAS_READY_AT));
    writer.longlong(timeOf(until));
    if (readyAt !== 0) writer.longlong(timeOf(readyAt));
  }
}

/** Beside the count: why it died, and whether it says when it is ready again. */
const DEATH = 0x100_0000;
const HAS_READY_AT = 0x400_0000;
const COUNT_MASK = DEATH - 1;

/** A time as records have it; 0 stands for never: that time is long past. */
export function timeOf(time: number): number {
  return time === Infinity ? 0 : Math.max(1, Math.ceil(time));
}

export function writeSettled(writer: Writer, pairs: SettledPairs): void {
  writer.octet(SETTLED);
  writePairs(writer, pairs);
}

function writePairs(writer: Writer, pairs: readonly number[]): void {
  writer.long(pairs.length / 2);
  for (let i = 0; i < pairs.length; i += 2) {
    writer.long(pairs[i]!);
    writer.longlong(pairs[i + 1]!);
  }
}

/** What a version before wrote is read only. */
type WrittenParts = Omit<CheckpointRecord, 'kind' | 'definitions' | 'returned'>;

export interface CheckpointParts extends WrittenParts {
  readonly definitions: readonly Uint8Array[];
}

export function encodeCheckpoint(parts: CheckpointParts): Uint8Array {
  const writer = bufferWriter();
  writer.octet(CHECKPOINT);
  writeLsns(writer, parts.earlier);
  writer.longlong(parts.fromSegment);
  writer.longlong(parts.beforeSegment);
  writer.long(parts.lastNumber);
  writer.long(parts.definitions.length);
  for (const definition of parts.definitions) writer.bytes(definition);
  writePairs(writer, parts.settled);
  writer.long(parts.changed.length);
  for (const each of parts.changed) codecs.get(CHANGED)!.codec.write(writer, each);
  writer.longlong(parts.crashed);
  writer.long(parts.chunks.length);
  for (const chunk of parts.chunks) chunkCodec.write(writer, { ...chunk });
  for (const message of parts.messages) {
    writer.longlong(message.lsn);
    writer.long(message.tailBytes);
    writeHead(writer, message.head);
  }
  return writer.block.bytes.subarray(0, writer.length);
}

function writeLsns(writer: Writer, lsns: readonly Lsn[]): void {
  writer.long(lsns.length);
  for (const lsn of lsns) writer.longlong(lsn);
}

export function isCheckpoint(record: Uint8Array): boolean {
  return record[0] === CHECKPOINT || record[0] === CHECKPOINT_BEFORE;
}

/** How many messages came with the record that lies from `start` to `end`. */
export function messagesIn({ bytes, view }: Block, start: number, end: number): number {
  if (bytes[start] === MESSAGE) return 1;
  return bytes[start] === CHUNK ? countRecords(view, start + CHUNK_RECORDS, end) : 0;
}

/** The bytes of a message in its record, so many, which end it. */
export function tailOf(record: Uint8Array, tailBytes: number): Uint8Array {
  const start = record.length - tailBytes;
  assert(record[0] === MESSAGE && start > 0, 'the journal has a message where it was put');
  return record.subarray(start);
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
  switch (bytes[0]) {
    case MESSAGE:
      reader.octet();
      return decodeMessage(reader);
    case SETTLED:
      reader.octet();
      return { kind: 'settled', pairs: readPairs(reader) };
    case CHECKPOINT:
    case CHECKPOINT_BEFORE:
      return decodeCheckpoint(reader, reader.octet());
    default:
      return decodeDefinition(reader);
  }
}

function decodeDefinition(reader: Reader): DefinitionRecord {
  const id = reader.octet();
  const known = codecs.get(id);
  if (known === undefined) throw new UnknownRecord(id);
  return { kind: known.name, args: known.codec.read(reader) } as unknown as DefinitionRecord;
}

function decodeMessage(reader: Reader): MessageRecord {
  const supersedes = reader.longlong();
  const head = readHead(reader, emptyHead());
  const start = reader.skip(reader.remaining);
  const tail = reader.block.bytes.subarray(start, reader.end);
  return { kind: 'message', supersedes, ...head, tail };
}

/** A head that stands for one message after the other. */
export type MutableHead<E = readonly Entry[]> = {
  -readonly [K in keyof MessageHead]: K extends 'entries' ? E : MessageHead[K];
};
type ReadHead = MutableHead<MutableEntry[]>;

function emptyHead(): ReadHead {
  return { order: 0, marks: 0, priority: 0, namesBytes: 0, bodyBytes: 0, entries: [] };
}

function readHead(reader: Reader, into: ReadHead): ReadHead {
  into.order = reader.longlong();
  into.marks = reader.short();
  into.priority = reader.octet();
  into.namesBytes = reader.short();
  into.bodyBytes = reader.long();
  const { entries } = into;
  const count = reader.long();
  entries.length = Math.min(entries.length, count);
  for (let index = 0; index < count; index++) {
    const entry = entries[index] ??= { ...NO_ENTRY };
    entry.destination = reader.long();
    const count = reader.long();
    entry.outCount = count & COUNT_MASK;
    entry.death = Math.floor(count / DEATH) & 3;
    entry.until = reader.longlong() || Infinity;
    entry.readyAt = (count & HAS_READY_AT) === 0 ? 0 : reader.longlong();
  }
  return into;
}

function readPairs(reader: Reader): number[] {
  const pairs: number[] = [];
  for (let left = reader.long(); left > 0; left--) pairs.push(reader.long(), reader.longlong());
  return pairs;
}

function decodeCheckpoint(reader: Reader, kind: number): CheckpointRecord {
  const earlier = readLsns(reader);
  const fromSegment = reader.longlong();
  const beforeSegment = reader.longlong();
  const lastNumber = reader.long();
  const definitions = readDefinitions(reader);
  const settled = readPairs(reader);
  const isBefore = kind === CHECKPOINT_BEFORE;
  const { codec } = codecs.get(isBefore ? RETURNED : CHANGED)!;
  const all = Array.from({ length: reader.long() }, () => codec.read(reader) as unknown);
  const crashed = reader.longlong();
  const chunks = Array.from(
    { length: reader.long() }, () => chunkCodec.read(reader) as unknown as CheckpointChunk,
  );
  return {
    kind: 'checkpoint', earlier, fromSegment, beforeSegment, lastNumber, definitions, settled,
    changed: isBefore ? [] : all as Changed[], returned: isBefore ? all as Returned[] : [],
    crashed, chunks, messages: readMessages(reader),
  };
}

function readLsns(reader: Reader): Lsn[] {
  return Array.from({ length: reader.long() }, () => reader.longlong());
}

function readDefinitions(reader: Reader): DefinitionRecord[] {
  const records: DefinitionRecord[] = [];
  for (let left = reader.long(); left > 0; left--) {
    const bytes = reader.long();
    const start = reader.skip(bytes);
    records.push(decodeDefinition(Reader.lenient(reader.block, start, start + bytes)));
  }
  return records;
}

/** One after the other, and in one object: there may be a million. */
function* readMessages(reader: Reader): Generator<CheckpointMessage> {
  const message = { lsn: 0, tailBytes: 0, head: emptyHead() };
  while (reader.remaining > 0) {
    message.lsn = reader.longlong();
    message.tailBytes = reader.long();
    readHead(reader, message.head);
    yield message;
  }
}
