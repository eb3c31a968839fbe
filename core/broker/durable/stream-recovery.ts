import type { Lsn } from '../../storage/journal.ts';
import type { KeptChunk } from '../queue/stream-log.ts';
import type { StreamQueue } from '../queue/stream-queue.ts';
import { surveyRecords } from '../queue/stream-record.ts';
import type { CheckpointChunk, RecordArgs } from './records.ts';

/**
 * Collects where the chunks of streams lie. The journal has them in any order, some twice where
 * they were moved or joined, and some that retention had dropped.
 */
export class StreamRecovery {
  readonly #streams = new Map<number, StreamQueue>();
  readonly #chunks = new Map<number, KeptChunk[]>();
  /** How far retention had come in each stream. */
  readonly #first = new Map<number, number>();

  declared(destination: number, stream: StreamQueue): void {
    this.#streams.set(destination, stream);
  }

  /** A chunk with its messages. */
  found(lsn: Lsn, { records, ...args }: RecordArgs<'stream.chunk'>): void {
    this.kept({ ...args, lsn, bytes: records.length, ...surveyRecords(records) });
  }

  /** A chunk that a checkpoint tells of. */
  kept(chunk: CheckpointChunk): void {
    const { destination, first } = chunk;
    this.#first.set(destination, Math.max(first, this.#first.get(destination) ?? 0));
    const chunks = this.#chunks.get(destination);
    if (chunks === undefined) this.#chunks.set(destination, [chunk]);
    else chunks.push(chunk);
  }

  /** Gives the streams what they had; answers how many messages that is. */
  restore(): number {
    let count = 0;
    for (const [destination, stream] of this.#streams) {
      if (stream.gone) continue;
      stream.restore(this.#inOrder(destination));
      count += stream.readyCount;
    }
    return count;
  }

  #inOrder(destination: number): KeptChunk[] {
    const first = this.#first.get(destination) ?? 0;
    const chunks = (this.#chunks.get(destination) ?? []).filter(({ segment }) => segment >= first);
    // Of two that begin alike the longer one has all that is in the other.
    return chunks.toSorted((a, b) => a.offset - b.offset || b.count - a.count || b.lsn - a.lsn);
  }
}
