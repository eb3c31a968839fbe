import { blockOf } from '../../protocol/bytes.ts';
import { bufferWriter } from '../../protocol/scratch.ts';
import type { Writer } from '../../protocol/writer.ts';

/** A buffer that grew beyond this is not kept for the next group. */
const KEPT_BYTES_MAX = 1_048_576;

/** Records that go to the journal together, encoded one behind the other in one buffer. */
export class RecordGroup {
  #writer = bufferWriter();
  readonly #starts: number[] = [];

  /** Begins the next record, which is what is written until the following one begins. */
  next(): Writer {
    this.#starts.push(this.#writer.length);
    return this.#writer;
  }

  get count(): number {
    return this.#starts.length;
  }

  /** Size of the records so far. */
  get bytes(): number {
    return this.#writer.length;
  }

  add(record: Uint8Array): void {
    this.next().raw(blockOf(record), 0, record.length);
  }

  /** The records, until the next one begins; the group is empty then. */
  take(): readonly Uint8Array[] {
    const { block, length } = this.#writer;
    const starts = this.#starts.splice(0);
    const records = starts.map((start, index) =>
      block.bytes.subarray(start, starts[index + 1] ?? length));
    this.#writer.length = 0;
    if (block.bytes.length > KEPT_BYTES_MAX) this.#writer = bufferWriter();
    return records;
  }
}
