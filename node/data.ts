import type { Broker, Clock, Recovered } from '../core/index.ts';
import {
  describeDropped, type Directory, type Dropped, type SegmentJournal,
} from '../core/storage/index.ts';
import { explainJournal, openFileJournal } from './file-journal.ts';
import { nodeLimits } from './limits.ts';
import type { Log } from './log.ts';

export interface DataOptions {
  readonly salvage?: boolean | undefined;
  /** Stands between the journal and the files. */
  readonly wrap?: ((directory: Directory) => Directory) | undefined;
}

/**
 * Opens the journal of a gateway, where it has a directory, and tells the log what was cut off or
 * given up.
 */
export async function openData(
  path: string | undefined, clock: Clock, { salvage = false, wrap }: DataOptions, log: Log,
): Promise<SegmentJournal | undefined> {
  if (path === undefined) return undefined;
  const { journalVerifyBytes: verifyBytes } = nodeLimits;
  // The recovery reads what it needs and no more, so damage is looked for here.
  const journal = await openFileJournal(path, {
    clock, salvage, verifyBytes, ...(wrap !== undefined && { wrap }),
  });
  const { torn, dropped } = journal.opened;
  const tell = (text: string, lost: Dropped): void => {
    log.write('journal', 'warn', `${text} ${describeDropped(lost)}`);
  };
  if (torn !== undefined) tell('a crash had cut short, and nobody was promised,', torn);
  for (const lost of dropped) tell('given up:', lost);
  return journal;
}

/** Brings back what the journal kept, if there is one; a StartError says where it is damaged. */
export async function recover(
  broker: Broker, journal: SegmentJournal | undefined, path: string | undefined,
): Promise<Recovered> {
  try {
    const salvaged = journal !== undefined && journal.opened.dropped.length > 0;
    return await broker.recover({ salvaged });
  } catch (error) {
    throw path === undefined ? error : explainJournal(path, error);
  }
}
