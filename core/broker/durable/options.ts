import { limits } from '../../limits.ts';

/** How much a durable broker keeps in memory, and when it looks after its disk. */
export interface DurabilityOptions {
  /**
   * Bytes of persistent messages that stay in memory; what comes to long queues beyond that lies
   * in the journal alone until it is due.
   */
  readonly residentBytesMax: number;
  /** How much of that is brought back at a start. */
  readonly residentBytesAtStart: number;
  /** Messages of one queue that are soon delivered, and so stay in memory. */
  readonly residentMessagesPerQueue: number;
  /** Bytes of full segments of streams that stay in memory. */
  readonly streamResidentBytes: number;
  /** Bytes that may wait for the disk before publishers have to wait as well. */
  readonly journalPendingBytesMax: number;
  /** Bytes of the journal that nobody looks through for what is dead. */
  readonly journalBytesKept: number;
  /** Bytes of messages that have to be settled before somebody looks what is dead. */
  readonly compactionSettledBytes: number;
  /** Bytes of live messages that are moved at once when a segment is to be dropped. */
  readonly compactionGroupBytes: number;
}

export const durabilityDefaults: DurabilityOptions = {
  residentBytesMax: limits.residentBytesMax,
  residentBytesAtStart: limits.residentBytesAtStart,
  residentMessagesPerQueue: limits.residentMessagesPerQueue,
  streamResidentBytes: limits.streamResidentBytes,
  journalPendingBytesMax: limits.journalPendingBytesMax,
  journalBytesKept: limits.journalBytesKept,
  compactionSettledBytes: limits.compactionSettledBytes,
  compactionGroupBytes: limits.compactionGroupBytes,
};
