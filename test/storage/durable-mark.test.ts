/** What was synced is known, so that damage to the end of a journal is told from what a crash cut short. */
import { expect, test } from 'vitest';
import { JournalDamage, surveyJournal, type Dropped } from '../../core/storage/index.ts';
import { appendTexts, Bench, entriesOf } from './disk.ts';

/** A journal that nobody closed, each record durable before the next; the names of its segments. */
async function running(texts: number, segments = 1): Promise<{ bench: Bench; names: string[] }> {
  const bench = new Bench();
  const journal = await bench.open();
  for (let segment = 0; segment < segments; segment++) {
    if (segment > 0) journal.rotate();
    for (let text = 0; text < texts; text++) {
      appendTexts(journal, [`record ${text}`]);
      await bench.settle();
    }
  }
  // The one made in advance holds nothing.
  const names = journal.segments.map(({ number }) => `${String(number).padStart(10, '0')}.segment`);
  return { bench: killed(bench), names };
}

/** The files as a process leaves them that is killed, all or but one. */
function killed({ disk }: Bench, without?: string): Bench {
  const left = new Bench();
  for (const name of disk.names) {
    if (name !== without) left.disk.put(name, disk.bytes(name).slice());
  }
  return left;
}

async function damagesOf(bench: Bench): Promise<readonly Dropped[]> {
  const error = await bench.open().then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(JournalDamage);
  return (error as JournalDamage).damages;
}

/** Each time the same is left, and no damage: the journal goes on. */
async function salvaged(bench: Bench): Promise<number> {
  const journal = await bench.open({ salvage: true });
  const { length } = await entriesOf(journal);
  appendTexts(journal, ['more']);
  await bench.close(journal);
  const again = await bench.open();
  expect(await entriesOf(again)).toHaveLength(length + 1);
  await bench.close(again);
  return length;
}

function usedBytes(bytes: Uint8Array): number {
  return bytes.findLastIndex((octet) => octet !== 0) + 1;
}

test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
  ['cut in the middle', (bytes) => bytes.subarray(0, usedBytes(bytes) / 2)],
  ['zero from the middle on', (bytes) => bytes.fill(0, usedBytes(bytes) / 2)],
  ['wrong in one bit of its last record', (bytes) => bytes.with(usedBytes(bytes) - 3, 0xff)],
])('the last segment of a journal at work is %s: damage, with all that it costs', async (_what, change) => {
  const { bench, names: [name] } = await running(20);
  const before = bench.disk.bytes(name!).slice();
  bench.disk.put(name!, change(before.slice()));
  const [damage, ...more] = await damagesOf(bench);
  expect(more).toEqual([]);
  expect(damage).toMatchObject({ file: name });
  expect(damage!.offset + damage!.bytes).toBe(usedBytes(before));
  const left = await salvaged(bench);
  expect(left).toBeLessThan(20);
});

test('what a crash cut short is no damage, however much was durable before', async () => {
  const { bench, names: [name] } = await running(20);
  const bytes = bench.disk.bytes(name!).slice();
  bytes.fill(0xaa, usedBytes(bytes), usedBytes(bytes) + 50);
  bench.disk.put(name!, bytes);
  const survey = await surveyJournal(bench.disk.open());
  expect([survey.damages, survey.torn]).toMatchObject([[], { file: name, bytes: 50 }]);
});

test.each([[0, 'first'], [1, 'middle'], [2, 'last']])('segment %d, the %s one, is missing: damage', async (index) => {
  const { bench: whole, names } = await running(10, 3);
  const bench = killed(whole, names[index]);
  const damages = await damagesOf(bench);
  expect(damages).toMatchObject([{ file: names[index], offset: 0 }]);
  expect(damages[0]!.bytes).toBeGreaterThan(32);
  expect(await salvaged(bench)).toBe(20);
});

test('a segment in the place of another is no part of the journal', async () => {
  const { bench, names: [first, second] } = await running(10, 3);
  bench.disk.put(second!, bench.disk.bytes(first!).slice());
  expect(await damagesOf(bench)).toMatchObject([{ file: second, offset: 0 }]);
  expect(await salvaged(bench)).toBe(20);
});

test('what is trimmed is missed by nobody, whenever a crash comes', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const bench = new Bench();
    const journal = await bench.open();
    for (let segment = 0; segment < 5; segment++) {
      if (segment > 0) journal.rotate();
      appendTexts(journal, ['x'.repeat(100)]);
      await bench.settle();
    }
    journal.trim(journal.segments[3]!.number);
    for (let tasks = 0; tasks < seed; tasks++) await Promise.resolve();
    const again = await bench.crashAndOpen(seed);
    expect(again.opened.dropped).toEqual([]);
    await bench.close(again);
  }
});

test('what a full disk did not let be written down is so before anything is deleted', async () => {
  const bench = new Bench();
  const journal = await bench.open();
  const entries = [];
  for (const size of [3000, 3000, 3000, 1]) {
    entries.push(...appendTexts(journal, ['x'.repeat(size)]));
    await bench.settle();
  }
  bench.disk.faults.full = true;
  journal.trim(journal.segments[1]!.number);
  await bench.settle();
  expect(bench.disk.names).toHaveLength(4);
  bench.disk.faults.full = false;
  await bench.close(journal);
  const again = await bench.open();
  expect(await entriesOf(again)).toEqual(entries.slice(1));
  await bench.close(again);
});
