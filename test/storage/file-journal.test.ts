/** The journal in files of this machine: the acceptance suite, and what stops it from starting. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Directory, Journal } from '../../core/storage/index.ts';
import { runJournalTests } from '../../core/testing/index.ts';
import { explainJournal, lookAtFiles, openFileJournal, type FileJournalOptions } from '../../node/file-journal.ts';
import { openDirectory } from '../../node/file-system.ts';
import { nodeClock } from '../../node/host-clock.ts';
import { StartError } from '../../node/start-error.ts';
import { appendTexts, entriesOf, troublesOf } from './disk.ts';
import { MortalDirectory } from './mortal-directory.ts';

const clock = nodeClock();
let root: string;
let path: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tabmq-journal-'));
  path = join(root, 'data');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function open(options: Partial<FileJournalOptions> = {}) {
  return openFileJournal(path, { clock, ...options });
}

runJournalTests({
  test,
  async make() {
    const mortals = new Map<Journal, MortalDirectory>();
    return {
      async open() {
        const mortal = new MortalDirectory();
        const journal = await open({ wrap: mortal.wrap });
        mortals.set(journal, mortal);
        return journal;
      },
      salvage: () => open({ salvage: true }),
      files: () => openDirectory(path),
      crash: (journal) => mortals.get(journal)!.kill(),
      destroy: async () => {},
    };
  },
});

test('a disk without space is told of in words', () => {
  const noSpace = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(explainJournal('/data', noSpace))
    .toEqual(new StartError('The journal in /data cannot be opened: there is no space left.'));
});

describe('a directory has one owner', () => {
  test('who comes second in the same process is refused, until the first lets go', async () => {
    const journal = await open();
    const inUse = `The data directory ${path} is in use by process ${process.pid}.`;
    await expect(open()).rejects.toThrow(new StartError(inUse));
    await journal.close();
    await (await open()).close();
    expect(readdirSync(path).filter((name) => name.startsWith('lock'))).toEqual([]);
  });

  test('who only looks has all that there was when it began, also where it is deleted meanwhile', async () => {
    const texts = Array.from({ length: 30 }, (_, index) => `${index}`.repeat(20));
    const journal = await open({ segmentBytes: 256 });
    appendTexts(journal, texts);
    await journal.close();
    const looking = await lookAtFiles(path);
    const names = readdirSync(path).filter((name) => name.endsWith('.segment'));
    expect(names.length).toBeGreaterThan(3);
    for (const name of names) rmSync(join(path, name));
    expect((await entriesOf(looking)).map(({ text }) => text)).toEqual(texts);
    await looking.close();
  });

  test('another process that lives is named, and one that is gone is followed', async () => {
    const other = spawn(process.execPath, ['-e', openAndWait(path)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    await expect(open()).rejects.toThrow(`is in use by process ${other.pid}.`);
    other.kill('SIGKILL');
    await once(other, 'exit');
    const journal = await open();
    expect((await entriesOf(journal)).map(({ text }) => text)).toEqual(['from another process']);
    await journal.close();
  });

  const staleLocks = ['', 'not json', '{"pid":0.5}', '{"pid":2147483646,"started":""}'];
  test.each(staleLocks)('a lock of %j is stale', async (text) => {
    mkdirSync(path);
    writeFileSync(join(path, 'lock'), text);
    await (await open()).close();
  });

  test.runIf(process.platform === 'linux')('the id of a process that is gone may be that of another one', async () => {
    mkdirSync(path);
    writeFileSync(join(path, 'lock'), JSON.stringify({ pid: process.pid, started: 'at another time' }));
    await (await open()).close();
  });

  test('of many that come at once, one enters', async () => {
    mkdirSync(path);
    writeFileSync(join(path, 'lock'), '{"pid":2147483646,"started":""}');
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => open()));
    const journals = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(journals).toHaveLength(1);
    await journals[0]!.close();
  });
});

describe('a directory that cannot be had', () => {
  test('is made where it is missing', async () => {
    path = join(root, 'new');
    await (await open()).close();
    expect(existsSync(path)).toBe(true);
  });

  test('is refused where its parent is missing: that is a slip of the pen', async () => {
    const parent = join(root, 'some');
    path = join(parent, 'where');
    const reason = `The data directory ${path} cannot be made: there is no ${parent}.`;
    await expect(open()).rejects.toThrow(new StartError(reason));
  });

  test('is refused where it is a file, or below one', async () => {
    writeFileSync(path, '');
    const reason = new StartError(`The data directory ${path} is not a directory.`);
    await expect(open()).rejects.toThrow(reason);
    path = join(path, 'below');
    await expect(open()).rejects.toThrow('is not a directory.');
  });

  // Whoever is root may write everywhere; the next test is for everybody.
  if (process.getuid?.() !== 0) {
    test('is refused where it may not be written', async () => {
      mkdirSync(path, { mode: 0o500 });
      await expect(open()).rejects.toThrow(`The data directory ${path} cannot be written: EACCES.`);
      chmodSync(path, 0o700);
    });
  }

  test('is refused where the system says no', async () => {
    const readOnly = Object.assign(new Error('EROFS: read-only file system, open'), { code: 'EROFS' });
    const wrap = (directory: Directory): Directory => ({ ...directory, create: () => Promise.reject(readOnly) });
    await expect(open({ wrap })).rejects.toThrow(StartError);
    await (await open()).close();
  });

  test('is refused where its format is newer', async () => {
    await (await open()).close();
    const file = join(path, '0000000001.segment');
    // The header of format 2 for segment 1 with salt 0, and its checksum.
    writeFileSync(file, Buffer.from('5461624d516c6f670000000200000001' + '00'.repeat(12) + 'ff74879d', 'hex'));
    const reason = `The journal in ${path} is of a newer TabMQ: 0000000001.segment has format 2.`;
    await expect(open()).rejects.toThrow(new StartError(reason));
  });
});

describe('damage in files', () => {
  async function damagedFile(): Promise<string> {
    const journal = await open();
    appendTexts(journal, ['a', 'b', 'c']);
    await journal.close();
    const file = join(path, '0000000001.segment');
    const bytes = readFileSync(file);
    bytes[101]! ^= 1;
    writeFileSync(file, bytes);
    return file;
  }

  test('stops the start, by file and offset and with what to do', async () => {
    const bytes = readFileSync(await damagedFile());
    const reason = new RegExp(
      `^The journal in ${path} is damaged: 0000000001.segment at offset 89 \\(13 bytes, 0 messages\\)\\. .*--salvage`,
    );
    await expect(open()).rejects.toThrow(reason);
    await expect(open()).rejects.toThrow(StartError);
    expect(readFileSync(join(path, '0000000001.segment'))).toEqual(bytes);
  });

  test('is salvaged once and for all', async () => {
    await damagedFile();
    const journal = await open({ salvage: true });
    expect(journal.opened.dropped).toEqual([{ file: '0000000001.segment', offset: 89, bytes: 13, messages: 0 }]);
    await journal.close();
    const again = await open();
    expect((await entriesOf(again)).map(({ text }) => text)).toEqual(['a', 'c']);
    await again.close();
  });
});

test('ENOSPC of the system is a full disk, and any other error a failure', async () => {
  const outcomes: string[] = [];
  for (const code of ['ENOSPC', 'EDQUOT', 'EIO']) {
    let broken = false;
    const error = Object.assign(new Error(`${code}: no`), { code });
    const wrap = (directory: Directory): Directory => ({
      ...directory,
      create: async (name) => {
        const file = await directory.create(name);
        return { ...file, write: (...args) => (broken ? Promise.reject(error) : file.write(...args)) };
      },
    });
    path = join(root, code);
    const journal = await open({ wrap });
    broken = true;
    const told = new Promise<string>((resolve) => journal.onTrouble(({ kind }) => resolve(kind)));
    const troubles = troublesOf(journal);
    appendTexts(journal, ['a']);
    outcomes.push(await told);
    expect(troubles[0]).toMatchObject({ text: `0000000001.segment: ${code}: no` });
    await expect(journal.close()).rejects.toThrow(code);
  }
  expect(outcomes).toEqual(['full', 'full', 'failed']);
});

/** A program that opens the journal in a directory, writes a record and stays. */
function openAndWait(directory: string): string {
  const module = (name: string) => JSON.stringify(new URL(`../../node/${name}`, import.meta.url).href);
  return `
    const { register } = await import('tsx/esm/api');
    register();
    const { openFileJournal } = await import(${module('file-journal.ts')});
    const { nodeClock } = await import(${module('host-clock.ts')});
    const journal = await openFileJournal(${JSON.stringify(directory)}, { clock: nodeClock() });
    journal.onDurable(() => process.stdout.write('ready'));
    journal.append(new TextEncoder().encode('from another process'));
    setInterval(() => {}, 1000);
  `;
}
