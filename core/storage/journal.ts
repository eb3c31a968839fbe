import type { Cancel } from '../ports.ts';
import type { RecordGroup } from './record-group.ts';

/**
 * Log sequence number: the address of a record in the log, a whole number below 2^53 that rises
 * with each append. 0 is before all records.
 */
export type Lsn = number;

/**
 * Addresses of one segment: the segment with number n begins at n times this. A group too large
 * for that has a segment to itself, which takes as many numbers as it needs; the next segment
 * has the number behind them. At 10 MB a second the addresses last for 28 years.
 */
export const SEGMENT_UNIT = 0x100_0000;

/** The number under which the addresses around `lsn` lie. */
export function segmentNumberOf(lsn: Lsn): number {
  return Math.floor(lsn / SEGMENT_UNIT);
}

/** What keeps a journal from making records durable. */
export type JournalTrouble =
  /** No space is left. What was appended waits, and goes on by itself when there is space. */
  | { readonly kind: 'full'; readonly text: string }
  /** Space is back: what waited is durable, or about to be. */
  | { readonly kind: 'space' }
  /**
   * A write or a sync failed: nothing appended since `durable` will ever be durable here. What is
   * appended from now on is forgotten at once.
   */
  | { readonly kind: 'failed'; readonly text: string };

/** A record, and where it is in the journal. */
export interface JournalRecord {
  readonly lsn: Lsn;
  readonly record: Uint8Array;
}

/** A part of the log that is kept or dropped as a whole. */
export interface JournalSegment {
  readonly number: number;
  /** Bytes on disk, of records and their frames. */
  readonly bytes: number;
}

/**
 * A write-ahead log. `append` is synchronous: it only adds to the open batch. Durability is a
 * watermark that advances: one sync covers everything that was appended meanwhile (group commit).
 * Policy (what to write, what may be dropped) is the broker's; an implementation has none.
 */
export interface Journal {
  /** Adds a record (copied) to the open batch and answers where it lies. */
  append(record: Uint8Array): Lsn;
  /** Adds records that must be there all or none after a crash; answers where each lies. */
  appendAll(records: RecordGroup): readonly Lsn[];
  /** All records up to this one, it included, survive a crash. */
  readonly durable: Lsn;
  /** The record appended last; 0 where there is none. */
  readonly last: Lsn;
  /** Bytes appended that are not durable yet. */
  readonly pendingBytes: number;
  /** Calls back whenever `durable` advanced. */
  onDurable(run: (upTo: Lsn) => void): Cancel;
  /** Calls back when the disk is full, has space again, fails, or gives back damaged records. */
  onTrouble(run: (trouble: JournalTrouble) => void): Cancel;
  /** A copy of a record that was appended and not trimmed. */
  read(lsn: Lsn): Promise<Uint8Array>;
  /**
   * The record itself, where it is at hand: to be looked at until the next one is asked
   * for. Undefined: it has to be read.
   */
  peek(lsn: Lsn): Uint8Array | undefined;
  /**
   * All records kept, oldest first, as they were when the journal was opened; from the segment
   * with this number on, so that a recovery may begin at a checkpoint. A record is a view of
   * memory of its own: copy what is kept for long.
   */
  replay(fromSegment?: number): AsyncIterable<JournalRecord>;
  /** The segments kept, oldest first; the last one is being written. */
  readonly segments: readonly JournalSegment[];
  /**
   * Drops all segments that end before the one with this number, except the last. They go at
   * once, durable or not what came after: who moves records waits until the copies are durable.
   * After a crash the youngest of them may be there again.
   */
  trim(beforeSegment: number): void;
  /** Begins a new segment with the next record. */
  rotate(): void;
  /**
   * Makes all that was appended durable, and lets go of what it holds. Where that cannot be, it
   * lets go all the same and then rejects.
   */
  close(): Promise<void>;
}
