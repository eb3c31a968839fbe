/** What a crash leaves behind: every durable record, and no half of one. */
import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../core/testing/index.ts';
import { appendTexts, Bench, entriesOf, type Entry } from './disk.ts';

const SEGMENT = '0000000001.segment';

/** A journal killed while a batch of records and groups was written and not yet synced. */
async function killedJournal() {
  const bench = new Bench();
  const journal = await bench.open();
  const durable = appendTexts(journal, ['a', '', 'x'.repeat(100)]);
  await bench.settle();
  const durableEnd = journal.segments[0]!.bytes;
  bench.disk.faults.syncHold = new Promise(() => {});
  const units = [
    appendTexts(journal, ['b']),
    appendTexts(journal, ['g1', 'g2'.repeat(20), 'g3'], true),
    appendTexts(journal, ['']),
    appendTexts(journal, ['h1', 'h2'], true),
  ];
  await bench.settle();
  const end = journal.segments[0]!.bytes;
  const bytes = bench.disk.bytes(SEGMENT).slice();
  return { durable, units, durableEnd, end, bytes };
}

/** The records after a restart with these bytes, and what was cut off. */
async function restart(bytes: Uint8Array): Promise<{ entries: Entry[]; tornBytes: number }> {
  const bench = new Bench();
  bench.disk = new MemoryDisk();
  bench.disk.put(SEGMENT, bytes);
  const journal = await bench.open();
  const entries = await entriesOf(journal);
  // What was found can be gone on with, and is then found whole.
  const more = appendTexts(journal, ['more']);
  await bench.close(journal);
  const again = await bench.open();
  expect(await entriesOf(again)).toEqual([...entries, ...more]);
  await bench.close(again);
  return { entries, tornBytes: journal.opened.torn?.bytes ?? 0 };
}

/** Which prefix of whole units the entries are. */
function wholeUnits(entries: Entry[], durable: Entry[], units: Entry[][]): number {
  for (let count = 0; count <= units.length; count++) {
    const expected = [...durable, ...units.slice(0, count).flat()];
    if (JSON.stringify(expected) === JSON.stringify(entries)) return count;
  }
  throw new Error(`no prefix of whole units: ${JSON.stringify(entries)}`);
}

describe('a file cut at any byte of the tail', () => {
  for (const rest of ['nothing', 'zeros'] as const) {
    test(`and ${rest} behind it`, async () => {
      const { durable, units, durableEnd, end, bytes } = await killedJournal();
      let before = 0;
      for (let cut = durableEnd; cut <= end; cut++) {
        const image = rest === 'zeros' ? new Uint8Array(4096) : new Uint8Array(cut);
        image.set(bytes.subarray(0, cut));
        const { entries } = await restart(image);
        const count = wholeUnits(entries, durable, units);
        expect(count).toBeGreaterThanOrEqual(before);
        before = count;
      }
      expect(before).toBe(units.length);
    });
  }
});

test('a tail with any one byte wrong keeps what lies before it', async () => {
  const { durable, units, durableEnd, end, bytes } = await killedJournal();
  for (let at = durableEnd; at < end; at++) {
    const image = bytes.slice();
    image[at]! ^= 0x40;
    const { entries, tornBytes } = await restart(image);
    expect(wholeUnits(entries, durable, units)).toBeLessThan(units.length);
    expect(tornBytes).toBeGreaterThan(0);
  }
});

test('any sectors of what was not synced may be missing', async () => {
  const bench = new Bench();
  const journal = await bench.open({ segmentBytes: 65_536 });
  const durable = appendTexts(journal, Array.from({ length: 20 }, (_, index) => `${index}`.repeat(50)));
  await bench.settle();
  bench.disk.faults.syncHold = new Promise(() => {});
  const units = Array.from({ length: 60 }, (_, index) => appendTexts(journal, [`u${index}`.repeat(40), 'z'], true));
  await bench.settle();
  const counts = new Set<number>();
  const { disk } = bench;
  for (let seed = 0; seed < 100; seed++) {
    bench.disk = disk;
    const again = await bench.crashAndOpen(seed);
    counts.add(wholeUnits(await entriesOf(again), durable, units));
    await bench.close(again);
  }
  expect(counts.size).toBeGreaterThan(3);
});

test('a crash before the first batch of a segment leaves nothing to complain of', async () => {
  const bench = new Bench();
  const journal = await bench.open();
  const durable = appendTexts(journal, ['x'.repeat(3000)]);
  await bench.settle();
  durable.push(...appendTexts(journal, ['y']));
  await bench.settle();
  expect(bench.disk.names).toEqual([SEGMENT, '0000000002.segment']);
  for (const bytes of [0, 10, 32, 4096]) {
    const image = new Bench();
    image.disk.put(SEGMENT, bench.disk.bytes(SEGMENT));
    image.disk.put('0000000002.segment', bench.disk.bytes('0000000002.segment').subarray(0, bytes));
    const again = await image.open();
    expect(await entriesOf(again)).toEqual(durable);
    expect(again.opened.torn).toBeUndefined();
    expect(image.disk.names).toEqual([SEGMENT]);
    await image.close(again);
  }
});

test('numbers go on behind a segment that a crash emptied', async () => {
  const bench = new Bench();
  const journal = await bench.open();
  appendTexts(journal, ['a']);
  journal.rotate();
  await bench.close(journal);
  const again = await bench.open();
  again.rotate();
  again.trim(Infinity);
  const [last] = appendTexts(again, ['b']);
  bench.disk.faults.syncHold = new Promise(() => {});
  await bench.settle();
  const image = new Bench();
  const name = bench.disk.names.at(-1)!;
  image.disk.put(name, bench.disk.bytes(name).subarray(0, 40));
  const found = await image.open();
  expect(await entriesOf(found)).toEqual([]);
  expect(appendTexts(found, ['c'])[0]!.lsn).toBeGreaterThanOrEqual(last!.lsn);
  await image.close(found);
});
