/** The journals of a browser pass the acceptance suite of all journals, and keep what falls due in order. */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DiskSpace } from '../../core/storage/index.ts';
import { runJournalTests } from '../../core/testing/index.ts';
import { dueCases } from '../support/due-cases.ts';
import { bundle } from './bundle.ts';
import { hasChromium } from './chromium.ts';
import { useSite, type Tab } from './page.ts';

const scriptOf = (name: string): Promise<string> =>
  bundle({ file: fileURLToPath(new URL(`page/${name}.ts`, import.meta.url)) });

/** The names of the suite; the tests themselves run where the journals are. */
const titles: string[] = [];
runJournalTests({
  test: (title) => titles.push(title),
  make: () => Promise.reject(new Error('nothing runs here')),
});

describe.runIf(hasChromium())('in a browser', () => {
  const site = useSite(async () => ({
    '/script.js': await scriptOf('journals'),
    '/journal-worker.js': await scriptOf('journal-worker'),
  }));
  let tab: Tab;
  beforeAll(async () => {
    tab = await site.open();
  });

  const places = [
    ['in the files of a worker', 'journalTestInWorker', 'opfs'],
    ['in IndexedDB', 'journalTest', 'indexeddb'],
  ] as const;
  test.each(['opfs', 'indexeddb'])('a store knows how much its site may keep (%s)', async (kind) => {
    const { freeBytes, totalBytes } = (await tab.call('spaceOf', kind)) as DiskSpace;
    expect(totalBytes).toBeGreaterThan(0);
    expect(freeBytes).toBeGreaterThan(0);
    expect(freeBytes).toBeLessThanOrEqual(totalBytes);
  });

  describe.each(places)('a journal %s', (_place, run, kind) => {
    test.each([...titles, ...Object.keys(dueCases)])('%s', async (title) => {
      expect(await tab.call(run, kind, title)).toBeUndefined();
    });
  });
});
