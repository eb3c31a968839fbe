import type { Cancel } from '../ports.ts';

/**
 * Log sequence number: where a record lies. It rises with each append and fits an integer of
 * 53 bits: segment number times 2^32 plus the offset in the segment. 0 is before all records.
 */
export type Lsn = number;

/** Bytes of address space of one segment; records of one segment share `Math.floor(lsn / this)`. */
export const SEGMENT_UNIT = 0x1_0000_0000;

/** What keeps a journal from making records durable. */
export type JournalTrouble =
  /** No space is left. What was appended waits, and goes on by itself when there is space. */
  | { readonly kind: 'full'; readonly text: string }
  /** Space is back: what waited is durable, or about to be. */
  | { readonly kind: 'space' }
  /** A write or a sync failed: nothing appended since `durable` will ever be durable here. */
  | { readonly kind: 'failed'; readonly text: string };

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
  appendAll(records: readonly Uint8Array[]): readonly Lsn[];
  /** All records up to this one, it included, survive a crash. */
  readonly durable: Lsn;
  /** The record appended last; 0 where there is none. */
  readonly last: Lsn;
  /** Bytes appended that are not durable yet. */
  readonly pendingBytes: number;
  /** Calls back whenever `durable` advanced. */
  onDurable(run: (upTo: Lsn) => void): Cancel;
  onTrouble(run: (trouble: JournalTrouble) => void): Cancel;
  /** A record that was appended and not trimmed; at once where it is at hand. */
  read(lsn: Lsn): Uint8Array | Promise<Uint8Array>;
  /** All records kept, oldest first, as they were when the journal was opened. */
  replay(): AsyncIterable<{ readonly lsn: Lsn; readonly record: Uint8Array }>;
  /** The segments kept, oldest first; the last one is being written. */
  readonly segments: readonly JournalSegment[];
  /** Drops all segments whose number is lower. */
  trim(beforeSegment: number): void;
  /** Begins a new segment with the next record. */
  rotate(): void;
  /** Makes all that was appended durable, and lets go of what it holds. */
  close(): Promise<void>;
}
