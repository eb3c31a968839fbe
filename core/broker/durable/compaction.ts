import { limits } from '../../limits.ts';
import type { Lsn } from '../../storage/journal.ts';
import type { LiveMessage } from './live-messages.ts';
import type { Persistence } from './persistence.ts';
import { encodeDefinition } from './records.ts';

/**
 * Gives disk space back. Segments are dropped from the oldest on, so that no settlement outlives
 * the message that it is about; what is live in the segment to be dropped is written anew at the
 * end first, and so are all definitions.
 */
export class Compaction {
  readonly #persistence: Persistence;
  #waiting = false;

  constructor(persistence: Persistence) {
    this.#persistence = persistence;
  }

  /** Drops the oldest segment if that is worth it, and goes on when that is done. */
  step(): void {
    if (this.#waiting || !this.#isWorthIt()) return;
    this.#waiting = true;
    const { journal, streams } = this.#persistence;
    const [oldest, next] = journal.segments;
    this.#moveLive(oldest!.number);
    void streams.move(oldest!.number, next!.number, (record) => journal.append(record)).then(
      () => this.#persistence.whenDurable(() => {
        this.#waiting = false;
        journal.trim(next!.number);
        this.step();
      }, () => {}),
      (error: unknown) => this.#persistence.unreadable((error as Error).message),
    );
  }

  #isWorthIt(): boolean {
    const { journal, live, streams } = this.#persistence;
    const { segments } = journal;
    if (segments.length < 2) return false;
    const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    const liveBytes = live.bytes + streams.bytes;
    return bytes > limits.journalBytesKept && bytes > limits.journalBytesPerLiveByte * liveBytes;
  }

  #moveLive(segment: number): void {
    const { journal, live, definitions } = this.#persistence;
    const moved = [...live.inSegment(segment)];
    const records = [
      ...definitions.all,
      ...moved.map(([lsn, message]) => this.#persistence.messageRecord(message, lsn)),
    ];
    if (records.length === 0) return;
    const numbers = journal.appendAll(records).slice(definitions.all.length);
    const returns: Uint8Array[] = [];
    moved.forEach(([lsn, message], index) => {
      live.delete(lsn);
      this.#persistence.keep(message, numbers[index]!);
      returns.push(...this.#returnsOf(message, numbers[index]!));
    });
    if (returns.length > 0) journal.appendAll(returns);
  }

  #returnsOf({ entries }: LiveMessage, message: Lsn): Uint8Array[] {
    const returned = entries.filter(({ deliveryCount }) => deliveryCount > 0);
    return returned.map(({ destination, deliveryCount }) => encodeDefinition('message.returned', {
      destination: this.#persistence.numberOf(destination), message, deliveryCount,
    }));
  }
}
