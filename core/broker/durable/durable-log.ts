import type { Journal, Lsn } from '../../storage/journal.ts';
import type { Slot } from '../message/address.ts';
import type { MessageTable } from '../message/table.ts';
import type { DurableDestination } from '../turn/keeper.ts';
import type { DurabilityOptions } from './options.ts';
import type { MessageHead } from './records.ts';

/** The journal as the parts of persistence use it. */
export interface DurableLog {
  readonly journal: Journal;
  readonly options: DurabilityOptions;
  readonly table: MessageTable;
  /** Whether changes are written: the broker has started, and the disk has not failed. */
  readonly recording: boolean;
  /** The head of a message; the next call fills the same object anew. */
  headOf(slot: Slot): MessageHead;
  /** Reads a record that a compaction may move meanwhile. Rejects where it cannot be read. */
  readMoving(lsnOf: () => Lsn): Promise<Uint8Array>;
  /** Resolves once all that was written is durable; false: the disk failed. */
  allDurable(): Promise<boolean>;
  /** Something in the journal cannot be read that should be there. */
  unreadable(text: string): void;
  numberOf(destination: DurableDestination): number;
}
