import type { FieldTable } from '../protocol/types.ts';
import { parseAge } from '../broker/queue/age.ts';
import type { SeenStream } from './broker-view.ts';
import { NOT_YET, type Mark, type ModelMessage } from './model-copy.ts';
import { check } from './violation.ts';

export const STREAM = 'stream';

/** What a record takes beside its body, at most. */
const OVERHEAD_BYTES = 500;

interface StreamRecord {
  readonly message: ModelMessage;
  /** The transaction that it came by. */
  readonly group: object | undefined;
  /** The wall-clock time at which it came. */
  readonly wall: number;
  /** Where the journal was at the end of the turn in which it came. */
  arrived: Mark;
}

/** A stream as a list: what was added stays where it is, until retention takes the oldest. */
export class ModelStream {
  /** By offset, dropped ones too; undefined: nobody knows which message that is. */
  readonly records: (StreamRecord | undefined)[] = [];
  /** Offset of the oldest record that is there. */
  first = 0;
  readonly #readers = new Set<StreamReader>();
  /** Behind the last offset that any reader had. */
  #readEnd = 0;
  /** How long it was when the turn began. */
  #settledLength = 0;
  /** Methods of this turn may not have been heard. */
  doubtful = false;
  readonly #maxBytes: number;
  readonly #segmentBytes: number;
  readonly #maxAgeMs: number;

  constructor(table: FieldTable) {
    this.#maxBytes = (table['x-max-length-bytes'] as number | undefined) ?? Infinity;
    this.#segmentBytes = table['x-stream-max-segment-size-bytes'] as number;
    this.#maxAgeMs = parseAge((table['x-max-age'] as string | undefined) ?? '') ?? Infinity;
  }

  append(message: ModelMessage, group: object | undefined, wall: number): void {
    this.records.push({ message, group, wall, arrived: NOT_YET });
  }

  /** A consumer that begins there. QUE-33. */
  open(offset: unknown): StreamReader {
    const { first, records: { length } } = this;
    const begin = offset === 'first' ? first : offset;
    const isThere = typeof begin === 'number' && begin < length;
    const reader = isThere
      ? new StreamReader(this, Math.max(begin, first), true)
      : new StreamReader(this, length, false);
    this.#readers.add(reader);
    return reader;
  }

  /** The channel of a consumer is closed, so that nothing of it is out any more. */
  close(reader: StreamReader): void {
    this.#readers.delete(reader);
  }

  /** The turn is over, and this is left. */
  endTurn({ first, next, bytes }: SeenStream, wall: number): void {
    const { records } = this;
    if (this.doubtful && next !== records.length) {
      check(next >= this.#settledLength, 'stream', () => `${next} records are left`);
      records.length = this.#settledLength;
      for (const reader of this.#readers) reader.doubt(records.length);
      while (records.length < next) records.push(undefined);
    }
    check(next === records.length, 'stream', () => `${next} records, not ${records.length}`);
    check(first >= this.first, 'retention', () => `offset ${first} came back`);
    this.#retain(first, next, bytes, wall);
    this.doubtful = false;
  }

  /** All that was said and done to deliveries is known. */
  checkOut(unacked: number): void {
    const out = [...this.#readers].reduce((sum, reader) => sum + reader.out, 0);
    check(unacked === out, 'counters', () => `the stream counts ${unacked} out, not ${out}`);
  }

  /** Retention takes whole parts from the oldest on, only what is too much or too old. QUE-31. */
  #retain(first: number, next: number, bytes: number, wall: number): void {
    check(first < next || next === 0, 'retention', () => 'not even the last record is left');
    // A part may be larger than it should only if it is a single record.
    const partMax = (from: number, to: number): number => Math.max(this.#segmentBytes,
      ...this.records.slice(from, to).map((record) => bytesMax(record)));
    const dropped = this.records[first - 1];
    if (first > this.first && dropped !== undefined) {
      const isOld = wall - dropped.wall > this.#maxAgeMs;
      const isMuch = bytes + partMax(this.first, first) > this.#maxBytes;
      check(isOld || isMuch, 'retention', () => `${dropped.message.id} was dropped too early`);
    }
    check(bytes <= this.#maxBytes || bytes <= partMax(first, next), 'retention',
      () => `${bytes} B are kept, and may be ${this.#maxBytes}`);
    this.first = first;
  }

  /** A reader had this offset: no other record may ever have it. */
  wasRead(offset: number): void {
    this.#readEnd = Math.max(this.#readEnd, offset + 1);
  }

  /** What came in the turn is written up to there. */
  mark(written: Mark): void {
    for (let offset = this.#settledLength; offset < this.records.length; offset++) {
      const record = this.records[offset];
      if (record !== undefined) record.arrived = written;
    }
    this.#settledLength = this.records.length;
  }

  /** After a crash this is left: all that was durable or confirmed, and no gap. */
  recovered({ first, next, bytes }: SeenStream, durable: Mark, wall: number): void {
    const { records } = this;
    this.#readers.clear();
    check(next <= records.length, 'invented', () => `${next} records of ${records.length}`);
    check(next >= this.#readEnd, 'durability',
      () => `offset ${this.#readEnd - 1} was read, and ${next} records are left`);
    const lost = records.slice(next).find((record) => record !== undefined &&
      (record.arrived <= durable || record.message.fate === 'confirmed'));
    check(lost === undefined, 'durability', () => `${lost!.message.id} is lost from the stream`);
    const { group } = records[next] ?? {};
    check(group === undefined || records[next - 1]?.group !== group, 'atomic',
      () => `${records[next]!.message.id} is lost, unlike its transaction`);
    this.#retain(first, next, bytes, wall);
    records.length = next;
    for (const record of records) if (record !== undefined) record.arrived = durable;
    this.#settledLength = next;
  }
}

function bytesMax(record: StreamRecord | undefined): number {
  return record === undefined ? Infinity : record.message.body.length + OVERHEAD_BYTES;
}

/** One consumer of a stream, which sees all from where it began, without a gap. */
export class StreamReader {
  /** Deliveries that are not acknowledged. */
  out = 0;
  readonly #stream: ModelStream;
  #next: number;
  /** Whether `next` is the very offset, or the least that there may be. */
  #exact: boolean;

  constructor(stream: ModelStream, next: number, exact: boolean) {
    this.#stream = stream;
    this.#next = next;
    this.#exact = exact;
  }

  /** What lies behind this offset may not be there, nor where it began behind that. */
  doubt(length: number): void {
    if (this.#next <= length) return;
    this.#next = length;
    this.#exact = false;
  }

  get atEnd(): boolean {
    return this.#next >= this.#stream.records.length;
  }

  take(offset: number, id: string): void {
    const { records, first } = this.#stream;
    // What retention took is passed over.
    const isNext = offset === this.#next ||
      (offset > this.#next && (!this.#exact || offset <= first));
    check(isNext, 'stream', () => `offset ${offset} comes in place of ${this.#next}`);
    check(offset < records.length, 'invented', () => `offset ${offset} of ${records.length}`);
    const message = records[offset]?.message;
    check(message === undefined || message.id === id, 'stream',
      () => `${id} is at offset ${offset}, where ${message!.id} was put`);
    this.#stream.wasRead(offset);
    this.#next = offset + 1;
    this.#exact = true;
  }
}
