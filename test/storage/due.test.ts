/** What fell due while the broker was down comes in due order from a journal in memory and in files. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MemoryJournal, type Journal } from '../../core/storage/index.ts';
import type { JournalStore } from '../../core/testing/index.ts';
import { openFileJournal } from '../../node/file-journal.ts';
import { nodeClock } from '../../node/host-clock.ts';
import { bodiesAfter, dueCases } from '../support/due-cases.ts';
import { MortalDirectory } from './mortal-directory.ts';

function inMemory(): JournalStore {
  let journal = new MemoryJournal();
  return {
    open: async () => (journal = journal.reopen()),
    crash: async () => {},
    destroy: async () => {},
  };
}

function inFiles(): JournalStore {
  const root = mkdtempSync(join(tmpdir(), 'tabmq-due-'));
  const mortals = new Map<Journal, MortalDirectory>();
  return {
    async open() {
      const mortal = new MortalDirectory();
      const journal = await openFileJournal(join(root, 'data'), { clock: nodeClock(), wrap: mortal.wrap });
      mortals.set(journal, mortal);
      return journal;
    },
    crash: (journal) => mortals.get(journal)!.kill(),
    destroy: async () => rmSync(root, { recursive: true, force: true }),
  };
}

describe.each([['in memory', inMemory], ['in files', inFiles]] as const)('a journal %s', (_place, make) => {
  test.each(Object.entries(dueCases))('%s', async (_title, dueCase) => {
    expect(await bodiesAfter(dueCase, make())).toEqual(dueCase.wanted);
  });
});
