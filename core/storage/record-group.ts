import { limits } from '../limits.ts';
import { blockOf, type Block } from '../protocol/bytes.ts';
import { bufferWriter } from '../protocol/scratch.ts';
import type { Writer } from '../protocol/writer.ts';
import { FRAME_BYTES } from './record-frame.ts';

/**
 * Records that go to a journal together, encoded one behind the other in one buffer. Before each
 * there is room for what a journal in files puts there, so that it takes all of them by one copy.
 */
export class RecordGroup implements Iterable<Uint8Array> {
  /**
   * Whether all of them are there after a crash, or none. Otherwise a crash may keep the first ones
   * alone, and damage costs those that it hits.
   */
  isAtomic = true;
  #writer = bufferWriter();
  /** Where each begins, the room before it included. */
  readonly #starts: number[] = [];

  static of(records: readonly Uint8Array[]): RecordGroup {
    const group = new RecordGroup();
    for (const record of records) group.add(record);
    return group;
  }

  /** Begins the next record, which is what is written until the following one begins. */
  next(): Writer {
    const writer = this.#writer;
    this.#starts.push(writer.length);
    writer.grow(FRAME_BYTES);
    writer.length += FRAME_BYTES;
    return writer;
  }

  get count(): number {
    return this.#starts.length;
  }

  /** Size of the records so far, the room before each included. */
  get bytes(): number {
    return this.#writer.length;
  }

  add(record: Uint8Array): void {
    this.next().raw(blockOf(record), 0, record.length);
  }

  /** Copies all of it into `target` at `at`. */
  copyTo({ bytes }: Block, at: number): void {
    const { block, length } = this.#writer;
    bytes.set(block.bytes.subarray(0, length), at);
  }

  /** Where a record begins, the room before it included; that of `count` is the end. */
  startOf(index: number): number {
    return this.#starts[index] ?? this.#writer.length;
  }

  /** The records, each valid until the group is cleared. */
  *[Symbol.iterator](): Generator<Uint8Array> {
    for (let index = 0; index < this.count; index++) {
      const start = this.startOf(index) + FRAME_BYTES;
      yield this.#writer.block.bytes.subarray(start, this.startOf(index + 1));
    }
  }

  clear(): void {
    this.isAtomic = true;
    this.#starts.length = 0;
    this.#writer.length = 0;
    const grown = this.#writer.block.bytes.length > limits.journalGroupKeptBytesMax;
    if (grown) this.#writer = bufferWriter();
  }
}
