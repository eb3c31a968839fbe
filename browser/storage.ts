import {
  openSegmentJournal, type Directory, type DiskSpace, type SegmentJournal,
} from '../core/storage/index.ts';
import { messagesIn } from '../core/broker/durable/index.ts';
import type { Clock } from '../core/ports.ts';
import { openIndexedDbDirectory } from './indexeddb-directory.ts';
import { hasLocks } from './life.ts';
import { browserLimits } from './limits.ts';
import { hasSyncFiles, openOpfsDirectory } from './opfs-directory.ts';

/** What keeps the data of a broker. */
export type StorageKind = 'memory' | 'opfs' | 'indexeddb';

export interface TabJournal {
  readonly kind: StorageKind;
  readonly journal: SegmentJournal;
}

export interface TabJournalOptions {
  readonly name: string;
  readonly clock: Clock;
  /** Keeps everything readable of a damaged journal, and gives up the rest for good. */
  readonly salvage?: boolean;
}

/**
 * Opens the journal of this name, for one user at a time: in files where this worker may use them
 * synchronously, else in IndexedDB.
 */
export async function openTabJournal(options: TabJournalOptions): Promise<TabJournal> {
  const { name, clock, salvage = false } = options;
  const kind = storageKind();
  const directory = await openDirectory(name, kind);
  const journal = await openSegmentJournal({
    directory,
    clock,
    random: Math.random,
    messagesIn,
    segmentBytes: browserLimits.journalSegmentBytes,
    // The recovery reads what it needs and no more, so damage is looked for here.
    verifyBytes: browserLimits.journalVerifyBytes,
    salvage,
  });
  return { kind, journal };
}

/** Deletes the journal of this name, which nobody has open. */
export async function eraseTabJournal(name: string): Promise<void> {
  const directory = await openDirectory(name, storageKind());
  try {
    for (const file of await directory.list()) await directory.remove(file);
  } finally {
    await directory.close();
  }
}

const NO_STORAGE = 'this browser has neither IndexedDB nor files for a site (OPFS)';

function storageKind(): 'opfs' | 'indexeddb' {
  return hasSyncFiles() ? 'opfs' : 'indexeddb';
}

/** A directory of this site that nobody else has open. */
export async function openDirectory(name: string, kind: StorageKind): Promise<Directory> {
  const release = await lockStorage(name);
  try {
    if (kind === 'indexeddb' && globalThis.indexedDB === undefined) throw new Error(NO_STORAGE);
    const open = kind === 'opfs' ? openOpfsDirectory : openIndexedDbDirectory;
    const directory = await open(`tabmq-${encodeURIComponent(name)}`);
    const close = directory.close.bind(directory);
    directory.close = () => close().finally(release);
    directory.space = siteSpace;
    return directory;
  } catch (error) {
    release();
    throw error;
  }
}

/** What the browser lets this site keep, of which all its stores have their part. */
async function siteSpace(): Promise<DiskSpace> {
  const { quota, usage } = await navigator.storage.estimate();
  if (quota === undefined || usage === undefined) throw new Error('the quota is not known');
  return { freeBytes: Math.max(0, quota - usage), totalBytes: quota };
}

/** Waits a while for the lock, which a page that is being left lets go of. */
async function lockStorage(name: string): Promise<() => void> {
  if (!hasLocks()) throw new Error('there are no Web Locks here, which need https or localhost');
  const signal = AbortSignal.timeout(browserLimits.storageWaitMs);
  return new Promise((resolve, reject) => {
    const hold = (): Promise<void> => new Promise((release) => resolve(release));
    navigator.locks.request(`tabmq:storage:${name}`, { signal }, hold).catch((error: unknown) => {
      const inUse = new Error('another tab or worker is using them', { cause: error });
      reject((error as Error).name === 'TimeoutError' ? inUse : error);
    });
  });
}
