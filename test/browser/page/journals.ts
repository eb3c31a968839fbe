/** The acceptance tests of journals, where a browser keeps them: in the page, or in a worker. */
import { hostClock, messagesIn } from 'tabmq';
import { openDirectory } from '../../../browser/storage.ts';
import { openSegmentJournal, type DiskSpace, type Journal } from '../../../core/storage/index.ts';
import { runJournalTests, type JournalStore } from '../../../core/testing/index.ts';
import { bodiesAfter, dueCases, type DueCase } from '../../support/due-cases.ts';
import { MortalDirectory } from '../../storage/mortal-directory.ts';

export type Kind = 'opfs' | 'indexeddb';

/** A store whose program can die, as far as it can without the browser's help. */
function storeOf(kind: Kind, name: string): JournalStore {
  const mortals = new Map<Journal, MortalDirectory>();
  const env = { clock: hostClock(), random: Math.random, messagesIn };
  return {
    async open() {
      const mortal = new MortalDirectory();
      const directory = mortal.wrap(await openDirectory(name, kind));
      const journal = await openSegmentJournal({ ...env, directory });
      mortals.set(journal, mortal);
      return journal;
    },
    salvage: async () => openSegmentJournal({ ...env, directory: await openDirectory(name, kind), salvage: true }),
    files: () => openDirectory(name, kind),
    crash: (journal) => mortals.get(journal)!.kill(),
    async destroy() {
      if (kind === 'indexeddb') indexedDB.deleteDatabase(`tabmq-${name}`);
      else await (await navigator.storage.getDirectory()).removeEntry(`tabmq-${name}`, { recursive: true });
    },
  };
}

/** How much the site may keep in a store of this kind, and how much is left, as that store says. */
export async function spaceOf(kind: Kind): Promise<DiskSpace | undefined> {
  const directory = await openDirectory(`space-${kind}`, kind);
  try {
    return await directory.space?.();
  } finally {
    await directory.close();
  }
}

/** What a case of deadlines gives instead of what it should, or undefined. */
async function wrongIn(dueCase: DueCase, kind: Kind): Promise<string | undefined> {
  const bodies = await bodiesAfter(dueCase, storeOf(kind, crypto.randomUUID()));
  const [got, wanted] = [String(bodies), String(dueCase.wanted)];
  return got === wanted ? undefined : `${got} came, where ${wanted} is right`;
}

/** Runs one test of the suite here; answers what is wrong, or undefined. */
export async function journalTest(kind: Kind, title: string): Promise<string | undefined> {
  const tests = new Map<string, () => Promise<void>>();
  runJournalTests({
    test: (name, run) => tests.set(name, run),
    make: async () => storeOf(kind, crypto.randomUUID()),
  });
  const dueCase = dueCases[title];
  try {
    if (dueCase !== undefined) return await wrongIn(dueCase, kind);
    await tests.get(title)!();
    return undefined;
  } catch (error) {
    return (error as Error).stack;
  }
}

let worker: Worker | undefined;

/** The same in a dedicated worker. */
export function journalTestInWorker(kind: Kind, title: string): Promise<string | undefined> {
  const own = (worker ??= new Worker('/journal-worker.js', { type: 'module' }));
  return new Promise((resolve) => {
    own.onmessage = ({ data }: MessageEvent<string | undefined>) => resolve(data);
    own.postMessage({ kind, title });
  });
}
