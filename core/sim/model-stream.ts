import type { Mark, ModelMessage } from './model-copy.ts';
import { NOT_YET } from './model-copy.ts';
import { check } from './violation.ts';

export const STREAM = 'stream';

interface StreamRecord {
  readonly message: ModelMessage;
  /** The transaction that it came by. */
  readonly group: object | undefined;
  /** Where the journal was at the end of the turn in which it came. */
  arrived: Mark;
}

/** A stream as a list: what was added stays where it is. */
export class ModelStream {
  /** By offset; undefined: nobody knows which message that is. */
  readonly records: (StreamRecord | undefined)[] = [];
  /** Behind the last offset that any reader had. */
  #readEnd = 0;
  /** How long it was when the turn began. */
  #settledLength = 0;
  /** Methods of this turn may not have been heard. */
  doubtful = false;

  append(message: ModelMessage, group: object | undefined): void {
    this.records.push({ message, group, arrived: NOT_YET });
  }

  /** A consumer that begins there. QUE-33. */
  open(offset: unknown): StreamReader {
    const { length } = this.records;
    if (offset === 'first') return new StreamReader(this, 0, true);
    const isThere = typeof offset === 'number' && offset < length;
    return isThere ? new StreamReader(this, offset, true) : new StreamReader(this, length, false);
  }

  /** The turn is over: it has so many records. */
  endTurn(count: number): void {
    const { records } = this;
    if (this.doubtful && count !== records.length) {
      check(count >= this.#settledLength, 'stream', () => `${count} records are left`);
      records.length = this.#settledLength;
      while (records.length < count) records.push(undefined);
    }
    check(count === records.length, 'stream', () => `${count} records, not ${records.length}`);
    this.doubtful = false;
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

  /** After a crash it has so many records left: all that were durable or confirmed, and no gap. */
  recovered(count: number, durable: Mark): void {
    const { records } = this;
    check(count <= records.length, 'invented', () => `${count} records of ${records.length}`);
    check(count >= this.#readEnd, 'durability',
      () => `offset ${this.#readEnd - 1} was read, and ${count} records are left`);
    const lost = records.slice(count).find((record) => record !== undefined &&
      (record.arrived <= durable || record.message.fate === 'confirmed'));
    check(lost === undefined, 'durability', () => `${lost!.message.id} is lost from the stream`);
    const { group } = records[count] ?? {};
    check(group === undefined || records[count - 1]?.group !== group, 'atomic',
      () => `${records[count]!.message.id} is lost, unlike its transaction`);
    records.length = count;
    for (const record of records) if (record !== undefined) record.arrived = durable;
    this.#settledLength = count;
  }
}

/** One consumer of a stream, which sees all from where it began, without a gap. */
export class StreamReader {
  readonly #stream: ModelStream;
  #next: number;
  /** Whether `next` is the very offset, or the least that there may be. */
  #exact: boolean;

  constructor(stream: ModelStream, next: number, exact: boolean) {
    this.#stream = stream;
    this.#next = next;
    this.#exact = exact;
  }

  get atEnd(): boolean {
    return this.#next >= this.#stream.records.length;
  }

  take(offset: number, id: string): void {
    check(this.#exact ? offset === this.#next : offset >= this.#next, 'stream',
      () => `offset ${offset} comes in place of ${this.#next}`);
    const { records } = this.#stream;
    check(offset < records.length, 'invented', () => `offset ${offset} of ${records.length}`);
    const message = records[offset]?.message;
    check(message === undefined || message.id === id, 'stream',
      () => `${id} is at offset ${offset}, where ${message!.id} was put`);
    this.#stream.wasRead(offset);
    this.#next = offset + 1;
    this.#exact = true;
  }
}
