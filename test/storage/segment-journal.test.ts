/** The journal in segments: group commit, and what it does when the disk does not do its part. */
import { describe, expect, test } from 'vitest';
import { limits } from '../../core/limits.ts';
import { openSegmentJournal, type SegmentJournal } from '../../core/storage/index.ts';
import { MemoryDisk, runJournalTests } from '../../core/testing/index.ts';
import { appendTexts, Bench, bytesOf, entriesOf, seeded, troublesOf } from './disk.ts';
import { hostClock, messagesIn } from '../../core/index.ts';
import { defer } from '../support/task.ts';

for (const segmentBytes of [4096, limits.journalSegmentBytes]) {
  describe(`segments of ${segmentBytes} bytes`, () => {
    runJournalTests({
      test,
      async make() {
        let disk = new MemoryDisk();
        disk.faults.writeBytesMax = 100_000;
        const open = (salvage = false): Promise<SegmentJournal> => {
          const env = { directory: disk.open(), clock: hostClock({ defer }), random: seeded(1), messagesIn };
          return openSegmentJournal({ ...env, segmentBytes, salvage });
        };
        return {
          open: () => open(),
          salvage: () => open(true),
          files: async () => disk.open(),
          crash: async () => void (disk = disk.crash(seeded(2))),
          destroy: async () => {},
        };
      },
    });
  });
}

describe('group commit', () => {
  test('100 records appended during one sync share the next', async () => {
    const bench = new Bench();
    const journal = await bench.open({ segmentBytes: 65_536 });
    const advances: number[] = [];
    journal.onDurable((upTo) => advances.push(upTo));
    const { promise, release } = held();
    bench.disk.faults.syncHold = promise;
    const first = journal.append(bytesOf('first'));
    await bench.settle();
    const before = bench.disk.syncs;
    for (let count = 0; count < 100; count++) {
      journal.append(bytesOf(`${count}`));
      await bench.settle();
    }
    expect(bench.disk.syncs).toBe(before);
    expect(journal.durable).toBe(0);
    release();
    await bench.settle();
    expect(bench.disk.syncs).toBe(before + 1);
    expect(advances).toEqual([first, journal.last]);
    await bench.close(journal);
  });

  test('records of one turn share one sync', async () => {
    const bench = new Bench();
    const journal = await bench.open({ segmentBytes: 65_536 });
    const before = bench.disk.syncs;
    appendTexts(journal, ['a', 'b', 'c']);
    await bench.settle();
    expect(bench.disk.syncs).toBe(before + 1);
    await bench.close(journal);
  });

  test('nothing is durable before its sync is over', async () => {
    const bench = new Bench();
    const journal = await bench.open();
    const { promise, release } = held();
    bench.disk.faults.syncHold = promise;
    const lsn = journal.append(bytesOf('a'));
    await bench.settle();
    expect([journal.durable, journal.pendingBytes > 0]).toEqual([0, true]);
    release();
    await bench.settle();
    expect([journal.durable, journal.pendingBytes]).toEqual([lsn, 0]);
    await bench.close(journal);
  });
});

describe('a full disk', () => {
  test('is told once, tried again until there is space, and loses nothing', async () => {
    const bench = new Bench();
    const journal = await bench.open();
    const troubles = troublesOf(journal);
    bench.disk.faults.full = true;
    const entries = appendTexts(journal, ['a', 'b', 'x'.repeat(5000), 'c']);
    await bench.settle();
    for (let round = 0; round < 3; round++) {
      bench.clock.advanceBy(limits.journalRetryMs);
      await bench.settle();
    }
    expect(journal.durable).toBe(0);
    expect(troubles).toEqual([{ kind: 'full', text: '0000000001.segment: no space left on device' }]);
    bench.disk.faults.full = false;
    bench.clock.advanceBy(limits.journalRetryMs);
    await bench.settle();
    expect(troubles.map(({ kind }) => kind)).toEqual(['full', 'space']);
    expect(journal.durable).toBe(entries.at(-1)!.lsn);
    await bench.close(journal);
    expect(bench.clock.pending).toBe(0);
    expect(await entriesOf(await bench.open())).toEqual(entries);
  });

  test('goes on at once when a trim makes space', async () => {
    const bench = new Bench();
    const journal = await bench.open();
    appendTexts(journal, ['old']);
    journal.rotate();
    appendTexts(journal, ['kept']);
    await bench.settle();
    bench.disk.faults.full = true;
    const waiting = journal.append(bytesOf('waiting'));
    await bench.settle();
    bench.disk.faults.full = false;
    journal.trim(journal.segments[1]!.number);
    await bench.settle();
    expect(journal.durable).toBe(waiting);
    await bench.close(journal);
  });

  test('rejects a close that it keeps from its work, and lets go of the disk', async () => {
    const bench = new Bench();
    const journal = await bench.open();
    const entries = appendTexts(journal, ['durable']);
    await bench.settle();
    bench.disk.faults.full = true;
    journal.append(bytesOf('lost'));
    await bench.settle();
    await expect(bench.close(journal)).rejects.toThrow('no space left');
    bench.disk.faults.full = false;
    const again = await bench.open();
    expect(await entriesOf(again)).toEqual(entries);
    await bench.close(again);
  });
});

describe('a failing disk', () => {
  for (const fault of ['writeError', 'syncError'] as const) {
    test(`is believed no more after a ${fault}, until the journal is opened again`, async () => {
      const bench = new Bench();
      const journal = await bench.open();
      const troubles = troublesOf(journal);
      const durable = appendTexts(journal, ['durable']);
      await bench.settle();
      bench.disk.faults[fault] = 'input/output error';
      appendTexts(journal, ['lost']);
      await bench.settle();
      bench.disk.faults[fault] = undefined;
      const { syncs } = bench.disk;
      const forgotten = journal.append(bytesOf('forgotten'));
      await bench.settle();
      bench.clock.advanceBy(10 * limits.journalRetryMs);
      await bench.settle();
      expect(bench.disk.syncs).toBe(syncs);
      expect(journal.durable).toBe(durable[0]!.lsn);
      expect(troubles).toEqual([{ kind: 'failed', text: expect.stringContaining('input/output error') }]);
      await expect(Promise.resolve(journal.read(forgotten))).rejects.toThrow();
      await expect(bench.close(journal)).rejects.toThrow('input/output error');
      const again = await bench.crashAndOpen(1);
      expect(await entriesOf(again)).toEqual(expect.arrayContaining(durable));
      const next = again.append(bytesOf('next'));
      await bench.settle();
      expect(again.durable).toBe(next);
      await bench.close(again);
    });
  }

  test('what waits behind a failed write stays readable', async () => {
    const bench = new Bench();
    const journal = await bench.open();
    bench.disk.faults.syncError = 'input/output error';
    const [entry] = appendTexts(journal, ['waiting']);
    await bench.settle();
    expect(await journal.read(entry!.lsn)).toEqual(bytesOf('waiting'));
  });

  test('files that cannot be opened leave the directory to others', async () => {
    const bench = new Bench();
    bench.disk.faults.writeError = 'read-only';
    await expect(bench.open()).rejects.toThrow('read-only');
    bench.disk.faults.writeError = undefined;
    await bench.close(await bench.open());
  });
});

test('a segment ends where its records end, and none is left that was made in advance', async () => {
  const bench = new Bench();
  const journal = await bench.open();
  appendTexts(journal, ['x'.repeat(3000)]);
  await bench.settle();
  appendTexts(journal, ['y']);
  await bench.settle();
  expect(bench.disk.names).toHaveLength(2);
  await bench.close(journal);
  expect(bench.disk.names).toEqual(['0000000001.segment']);
  expect(bench.disk.bytes('0000000001.segment')).toHaveLength(journal.segments[0]!.bytes);
});

/** A promise, and how to fulfil it. */
function held(): { promise: Promise<void>; release: () => void } {
  let release = (): void => {};
  const promise = new Promise<void>((resolve) => (release = resolve));
  return { promise, release };
}
