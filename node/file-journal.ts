import { readdir } from 'node:fs/promises';
import { messagesIn, UnknownRecord, type Clock } from '../core/index.ts';
import {
  JournalDamage, NewerFormat, describeDropped, isSegmentName, openSegmentJournal,
  overlayDirectory, type Directory, type SegmentJournal,
} from '../core/storage/index.ts';
import { isFull, openDirectory } from './file-system.ts';
import { holdFiles } from './held-files.ts';
import { nodeClock } from './host-clock.ts';
import { StartError, codeOf } from './start-error.ts';

export interface FileJournalOptions {
  readonly clock: Clock;
  /** Default: `limits.journalSegmentBytes`. */
  readonly segmentBytes?: number;
  /** Bytes of records that are checked before the journal counts as open. Default: all. */
  readonly verifyBytes?: number;
  /** Keeps everything readable of a damaged journal, and gives up the rest for good. */
  readonly salvage?: boolean;
  /** Stands between the journal and the files: tests let it fail. */
  readonly wrap?: (directory: Directory) => Directory;
}

/** Opens the journal in a directory of this machine; a StartError says why it cannot. */
export async function openFileJournal(
  path: string, { wrap = (directory) => directory, ...options }: FileJournalOptions,
): Promise<SegmentJournal> {
  const directory = wrap(await openDirectory(path));
  try {
    return await openSegmentJournal({
      ...options, directory, random: Math.random, messagesIn,
    });
  } catch (error) {
    throw explainJournal(path, error);
  }
}

/**
 * Opens the journal in a directory as a salvage would, and changes nothing there, not even a
 * lock: what is written stays in memory.
 */
export async function lookAtFiles(path: string): Promise<SegmentJournal> {
  try {
    if (!(await namesIn(path)).some(isSegmentName)) {
      throw new StartError(`There is no journal in ${path}.`);
    }
    const directory = overlayDirectory(await holdFiles(path));
    return await openSegmentJournal({
      directory,
      clock: nodeClock(),
      random: Math.random,
      messagesIn,
      salvage: true,
    });
  } catch (error) {
    throw explainJournal(path, error);
  }
}

/** Why a directory that is only to be looked at cannot be. */
const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such directory',
  ENOTDIR: 'it is not a directory',
  EACCES: 'this user may not read it',
};

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    const reason = unreadable[codeOf(error)] ?? (error as Error).message;
    throw new StartError(`Cannot look at ${path}: ${reason}.`);
  }
}

/** What stops a journal, as a sentence for the person who started the gateway. */
export function explainJournal(path: string, error: unknown): Error {
  if (error instanceof JournalDamage) {
    const places = error.damages.map(describeDropped).join(', ');
    return new StartError(
      `The journal in ${path} is damaged: ${places}. ` +
        'Bring the directory back from a copy, or start with --salvage to keep all else.',
    );
  }
  if (error instanceof NewerFormat || error instanceof UnknownRecord) {
    return new StartError(`The journal in ${path} is of a newer TabMQ: ${error.message}.`);
  }
  if (codeOf(error) === '') return error as Error;
  const why = isFull(error) ? 'there is no space left' : (error as Error).message;
  return new StartError(`The journal in ${path} cannot be opened: ${why}.`);
}
