/** Damage to what was durable: found wherever it is, and kept apart from all that is well. */
import { describe, expect, test } from 'vitest';
import { blockOf } from '../../core/protocol/bytes.ts';
import { crc32c } from '../../core/storage/crc32c.ts';
import { JournalDamage, NewerFormat, surveyJournal } from '../../core/storage/index.ts';
import type { MemoryDisk } from '../../core/testing/index.ts';
import { appendTexts, Bench, entriesOf, type Entry } from './disk.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/** A journal of three segments, closed by rule: records and a group in each. */
async function closedJournal(): Promise<{ files: Files; units: Entry[][] }> {
  const bench = new Bench();
  const journal = await bench.open();
  const units: Entry[][] = [];
  for (const name of ['a', 'b', 'c']) {
    units.push(appendTexts(journal, [`${name}1`]));
    await bench.settle();
    units.push(appendTexts(journal, [`${name}2`, `${name}3`.repeat(9), `${name}4`], true));
    units.push(appendTexts(journal, [`${name}5`.repeat(20)]));
    await bench.settle();
    if (name !== 'c') journal.rotate();
  }
  await bench.close(journal);
  return { files: filesOf(bench.disk), units };
}

function filesOf(disk: MemoryDisk): Files {
  return new Map(disk.names.map((name) => [name, disk.bytes(name).slice()]));
}

function benchWith(files: Files): Bench {
  const bench = new Bench();
  for (const [name, bytes] of files) bench.disk.put(name, bytes);
  return bench;
}

function withFlip(files: Files, name: string, at: number): Files {
  const bytes = files.get(name)!.slice();
  bytes[at]! ^= 1;
  return new Map([...files, [name, bytes]]);
}

/** Opens what is damaged, and what was salvaged once more without any salvage. */
async function salvage(bench: Bench): Promise<{ entries: Entry[]; dropped: number }> {
  const journal = await bench.open({ salvage: true });
  const entries = await entriesOf(journal);
  const dropped = journal.opened.dropped.length;
  const more = appendTexts(journal, ['more']);
  await bench.close(journal);
  const again = await bench.open();
  expect(again.opened.dropped).toEqual([]);
  expect(await entriesOf(again)).toEqual([...entries, ...more]);
  await bench.close(again);
  return { entries, dropped };
}

/** The units that are there, each of them whole. */
function unitsIn(entries: Entry[], units: Entry[][]): number[] {
  const found = units.flatMap((unit, index) => (entries.some(({ lsn }) => lsn === unit[0]!.lsn) ? [index] : []));
  expect(entries).toEqual(found.flatMap((index) => units[index]!));
  return found;
}

describe('one byte wrong, wherever it is', () => {
  test('is found, and named by file and offset', async () => {
    const { files, units } = await closedJournal();
    const names = [...files.keys()];
    let accepted = 0;
    for (const [name, bytes] of files) {
      for (let at = 0; at < bytes.length; at++) {
        const bench = benchWith(withFlip(files, name, at));
        const opening = bench.open();
        const error = await opening.then(() => undefined, (reason: unknown) => reason);
        if (error === undefined) {
          accepted++;
          expect((await entriesOf(await opening)).length).toBe(units.flat().length);
          continue;
        }
        expect(error).toBeInstanceOf(JournalDamage);
        const [damage] = (error as JournalDamage).damages;
        expect(damage!.file).toBe(name);
        expect(damage!.offset).toBeLessThanOrEqual(at);
        expect(damage!.offset + damage!.bytes).toBeGreaterThan(at);
      }
    }
    expect(names).toHaveLength(3);
    // All of it was synced, and the headers say so. A tally that is wrong costs nothing but itself.
    expect(accepted).toBe(3 * 12);
  });

  test('costs a salvage no more than the record or the group it is in', async () => {
    const { files, units } = await closedJournal();
    for (const [name, bytes] of files) {
      for (let at = 0; at < bytes.length; at += 3) {
        const { entries, dropped } = await salvage(benchWith(withFlip(files, name, at)));
        const lost = units.length - unitsIn(entries, units).length;
        expect(lost).toBeLessThanOrEqual(1);
        expect(lost).toBeLessThanOrEqual(dropped);
      }
    }
  });

  test('is found by the replay of a segment that was not looked at before', async () => {
    const { files } = await closedJournal();
    const [first, second] = files.keys();
    const bench = benchWith(withFlip(files, first!, 100));
    const journal = await bench.open({ verifyBytes: 0 });
    await expect(entriesOf(journal)).rejects.toThrow(JournalDamage);
    const later: number[] = [];
    for await (const { lsn } of journal.replay(Number.parseInt(second!, 10))) later.push(lsn);
    expect(later).toHaveLength(10);
    await bench.close(journal);
  });

  test('is looked for in the newest segments first, as far as the opener asks', async () => {
    const { files } = await closedJournal();
    const [[oldest], [middle, bytes]] = [...files] as [[string, Uint8Array], [string, Uint8Array]];
    const verifyBytes = bytes.length;
    await expect(benchWith(withFlip(files, middle, 100)).open({ verifyBytes })).rejects.toThrow(middle);
    const bench = benchWith(withFlip(files, oldest, 100));
    const journal = await bench.open({ verifyBytes });
    await expect(entriesOf(journal)).rejects.toThrow(oldest);
    await bench.close(journal);
  });

  test('is found when the record is read', async () => {
    const { files, units } = await closedJournal();
    const [first] = files.keys();
    const [{ lsn }] = units[2] as [Entry];
    const bench = benchWith(withFlip(files, first!, (lsn % 2 ** 24) + 20));
    const journal = await bench.open({ verifyBytes: 0 });
    for (let round = 0; round < 2; round++) {
      await expect(Promise.resolve(journal.read(lsn))).rejects.toThrow(`${first!} at offset ${lsn % 2 ** 24}`);
    }
    await bench.close(journal);
  });
});

describe('more than a byte', () => {
  test('a segment that is gone is missed, and a salvage does without it', async () => {
    const { files, units } = await closedJournal();
    const [, second] = files.keys();
    const rest = new Map([...files].filter(([name]) => name !== second));
    await expect(benchWith(rest).open()).rejects.toThrow(second);
    const { entries, dropped } = await salvage(benchWith(rest));
    expect(unitsIn(entries, units)).toEqual([0, 1, 2, 6, 7, 8]);
    expect(dropped).toBe(1);
  });

  test('a segment that is cut short is missed, and a salvage keeps its beginning', async () => {
    const { files, units } = await closedJournal();
    const [, second] = files.keys();
    const [{ lsn }] = units[5] as [Entry];
    const cut = new Map([...files, [second!, files.get(second!)!.subarray(0, lsn % 2 ** 24)]]);
    await expect(benchWith(cut).open()).rejects.toThrow(`${second!} at offset ${lsn % 2 ** 24}`);
    const { entries } = await salvage(benchWith(cut));
    expect(unitsIn(entries, units)).toEqual([0, 1, 2, 3, 4, 6, 7, 8]);
  });

  test('a segment whose header is lost holds nothing that can be read', async () => {
    const { files, units } = await closedJournal();
    for (const [index, name] of [...files.keys()].entries()) {
      const bytes = files.get(name)!.slice();
      bytes.fill(0xee, 0, 32);
      const lost = new Map([...files, [name, bytes]]);
      await expect(benchWith(lost).open()).rejects.toThrow(`${name} at offset 0`);
      const { entries } = await salvage(benchWith(lost));
      const kept = [0, 1, 2, 3, 4, 5, 6, 7, 8].filter((unit) => Math.floor(unit / 3) !== index);
      expect(unitsIn(entries, units)).toEqual(kept);
    }
  });

  test('an area of zeros in the middle is no end', async () => {
    const { files, units } = await closedJournal();
    const [, , third] = files.keys();
    const bytes = files.get(third!)!.slice();
    bytes.fill(0, 40, 80);
    const zeroed = new Map([...files, [third!, bytes]]);
    await expect(benchWith(zeroed).open()).rejects.toThrow(third);
    const { entries } = await salvage(benchWith(zeroed));
    expect(unitsIn(entries, units)).toEqual([0, 1, 2, 3, 4, 5, 7, 8]);
  });

  test('a refusal and a survey change nothing', async () => {
    const { files } = await closedJournal();
    const [first] = files.keys();
    const damaged = withFlip(files, first!, 60);
    const bench = benchWith(damaged);
    await expect(bench.open()).rejects.toThrow(JournalDamage);
    const directory = bench.disk.open();
    expect((await surveyJournal(directory)).damages).toHaveLength(1);
    await directory.close();
    expect(filesOf(bench.disk)).toEqual(damaged);
  });

  test('a segment copied under another name is not taken for another', async () => {
    const { files } = await closedJournal();
    const [first, second] = files.keys();
    const copied = new Map([...files, [second!, files.get(first!)!]]);
    await expect(benchWith(copied).open()).rejects.toThrow(second);
  });
});

test('a newer format is refused', async () => {
  const { files } = await closedJournal();
  const [first] = files.keys();
  const bytes = files.get(first!)!.slice();
  const block = blockOf(bytes);
  block.view.setUint32(8, 2);
  block.view.setInt32(28, crc32c(block, 0, 28));
  const bench = benchWith(new Map([...files, [first!, bytes]]));
  await expect(bench.open()).rejects.toThrow(NewerFormat);
  await expect(bench.open({ salvage: true })).rejects.toThrow('format 2');
});
