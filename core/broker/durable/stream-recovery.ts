import type { Lsn } from '../../storage/journal.ts';
import type { KeptChunk } from '../queue/stream-log.ts';
import type { StreamQueue } from '../queue/stream-queue.ts';
import type { RecordArgs } from './records.ts';

/**
 * Collects the chunks of streams. The journal has them in any order, some twice where they were
 * moved, and some that retention had dropped.
 */
export class StreamRecovery {
  readonly #streams = new Map<number, StreamQueue>();
  readonly #chunks = new Map<number, KeptChunk[]>();
  /** How far retention had come in each stream. */
  readonly #first = new Map<number, number>();

  declared(destination: number, stream: StreamQueue): void {
    this.#streams.set(destination, stream);
  }

  found(lsn: Lsn, { destination, first, ...chunk }: RecordArgs<'stream.chunk'>): void {
    this.#first.set(destination, Math.max(first, this.#first.get(destination) ?? 0));
    const chunks = this.#chunks.get(destination) ?? [];
    chunks.push({ lsn, ...chunk });
    this.#chunks.set(destination, chunks);
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
    return chunks.toSorted((a, b) =>
      a.offset - b.offset || b.records.length - a.records.length || b.lsn - a.lsn);
  }
}
