import { limits } from '../limits.ts';
import type { BufferPool } from '../protocol/buffer-pool.ts';
import type { FieldTable, FieldValue } from '../protocol/types.ts';
import { AmqpError } from '../errors.ts';

/** What one of each takes, as measured: objects, places in maps, and names of usual length. */
const BYTES = { queue: 2600, exchange: 1300, binding: 1300, consumer: 900, tally: 200 } as const;
/** An octet of a key is kept by the binding, in what tells bindings apart, and by the matcher. */
const BYTES_PER_KEY_OCTET = 4;
const BYTES_PER_VALUE = 64;
const BYTES_PER_CHARACTER = 2;

/** How much memory a broker takes, as far as it counts that itself: at any time, without a look. */
export class MemoryAccount {
  /** How much it may take; beyond, the memory alarm begins. Infinity: nobody said. */
  readonly limitBytes: number;
  /** The memory alarm stands, whoever raised it. */
  alarm = false;
  readonly #store: { readonly allocatedBytes: number };
  readonly #pool: BufferPool;
  #definitionBytes = 0;
  #consumerBytes = 0;
  #tallyCount = 0;
  #placeBytes = 0;

  constructor(
    limitBytes: number, store: { readonly allocatedBytes: number }, pool: BufferPool,
  ) {
    this.limitBytes = limitBytes;
    this.#store = store;
    this.#pool = pool;
  }

  /** Messages and their places, definitions, consumers, and what transports have yet to send. */
  get bytes(): number {
    return this.#store.allocatedBytes + this.#pool.unsentBytes + this.#definitionBytes +
      this.#consumerBytes + this.#tallyCount * BYTES.tally + this.#placeBytes;
  }

  /** So many bytes more, or fewer, are places of messages: in queues, or among what is unacked. */
  readonly countPlaces = (bytes: number): void => {
    this.#placeBytes += bytes;
  };

  /** Whether it is more than may be; an alarm ends only when it is clearly less. */
  isTooMuch(raised: boolean): boolean {
    return this.bytes > this.limitBytes * (raised ? limits.memoryAlarmEndsBelow : 1);
  }

  /**
   * Refuses a new exchange, queue or binding while memory is low, or where all of them would take
   * so much that after a restart there were no room for messages: 406.
   */
  checkDefinition(text: string): void {
    const max = this.limitBytes * limits.definitionMemoryShare;
    if (!this.alarm && this.#definitionBytes < max) return;
    const why = this.alarm
      ? 'the broker is low on memory'
      : `exchanges, queues and bindings take ${Math.ceil(max / 1_048_576)} MiB, which is as much ` +
        'as they may';
    throw new AmqpError('PRECONDITION_FAILED', `cannot make ${text}: ${why}`);
  }

  /** Counts a definition; answers how to count it no more. */
  define(kind: 'queue' | 'exchange' | 'binding', key: string, table: FieldTable): () => void {
    const bytes = BYTES[kind] + BYTES_PER_KEY_OCTET * key.length + tableBytes(table);
    this.#definitionBytes += bytes;
    return () => {
      this.#definitionBytes -= bytes;
    };
  }

  /** One consumer more, or one less. */
  countConsumer(change: 1 | -1): void {
    this.#consumerBytes += change * BYTES.consumer;
  }

  /** Whether one more pair of a channel and a queue or exchange can have counts of its own. */
  get hasRoomForTally(): boolean {
    return this.#tallyCount < limits.talliesMax;
  }

  /** So many more such pairs, or fewer. */
  countTally(change: number): void {
    this.#tallyCount += change;
  }
}

/** About what the values of a table take, those in it included. */
function tableBytes(table: FieldTable): number {
  let bytes = 0;
  const waiting: FieldValue[] = Object.values(table);
  for (const name in table) bytes += name.length * BYTES_PER_CHARACTER;
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    bytes += BYTES_PER_VALUE;
    if (typeof value === 'string') bytes += value.length * BYTES_PER_CHARACTER;
    else if (value instanceof Uint8Array) bytes += value.length;
    else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        bytes += name.length * BYTES_PER_CHARACTER;
        waiting.push(inner as FieldValue);
      }
    }
  }
  return bytes;
}
