/** A segment journal on a disk in memory, where time and faults are in the test's hand. */
import { VirtualClock } from '../../core/clock/virtual-clock.ts';
import {
  RecordGroup, openSegmentJournal, type Journal, type JournalTrouble, type Lsn, type SegmentJournal,
  type SegmentJournalOptions,
} from '../../core/storage/index.ts';
import { MemoryDisk } from '../../core/testing/index.ts';
import { nextTask } from '../support/task.ts';

/** A pseudo-random sequence (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Bench {
  clock = new VirtualClock();
  disk = new MemoryDisk();
  readonly #random = seeded(1);

  open(options: Partial<SegmentJournalOptions> = {}): Promise<SegmentJournal> {
    return openSegmentJournal({
      directory: this.disk.open(), clock: this.clock, random: this.#random, segmentBytes: 4096, ...options,
    });
  }

  /** Opens what a crash left, and loses the journal that was open before, with all that it waits for. */
  async crashAndOpen(seed: number): Promise<SegmentJournal> {
    this.clock = new VirtualClock();
    this.disk = this.disk.crash(seeded(seed));
    return this.open();
  }

  /** Runs what was deferred, and all that follows from it, until everything waits for time or a fault. */
  async settle(): Promise<void> {
    do {
      this.clock.runDeferred();
      // Operations on this disk are microtasks: all of them are over before the next task.
      await nextTask();
    } while (this.clock.nextTimerAt === undefined && this.clock.pending > 0);
  }

  /** Closes a journal, which may need deferred work. */
  async close(journal: Journal): Promise<void> {
    const closing = journal.close();
    closing.catch(() => {});
    await this.settle();
    await closing;
  }
}

export function troublesOf(journal: Journal): JournalTrouble[] {
  const troubles: JournalTrouble[] = [];
  journal.onTrouble((trouble) => troubles.push(trouble));
  return troubles;
}

export interface Entry {
  readonly lsn: Lsn;
  readonly text: string;
}

export async function entriesOf(journal: Journal): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const { lsn, record } of journal.replay()) entries.push({ lsn, text: textOf(record) });
  return entries;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Appends records, or a group of them, and answers what a replay must show of them. */
export function appendTexts(journal: Journal, texts: readonly string[], asGroup = false): Entry[] {
  const records = texts.map(bytesOf);
  const lsns = asGroup
    ? journal.appendAll(RecordGroup.of(records))
    : records.map((record) => journal.append(record));
  return texts.map((text, index) => ({ lsn: lsns[index]!, text }));
}
