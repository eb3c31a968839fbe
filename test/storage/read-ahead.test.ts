/** Reading back what lies in the files: what follows is brought before it is asked for. */
import { expect, test } from 'vitest';
import { limits } from '../../core/limits.ts';
import type { Lsn, SegmentJournal } from '../../core/storage/index.ts';
import { Bench, bytesOf, seeded, textOf } from './disk.ts';

const RECORD_BYTES = 1000;

/** A journal with so many records of one size, all durable, none in memory. */
async function filled(bench: Bench, count: number): Promise<{ journal: SegmentJournal; lsns: Lsn[] }> {
  const journal = await bench.open({ segmentBytes: limits.journalSegmentBytes });
  const lsns: Lsn[] = [];
  for (let index = 0; index < count; index++) {
    lsns.push(journal.append(bytesOf(recordText(index))));
    // What waits for the disk stays below the size of a buffer.
    if (index % 1000 === 999) await bench.settle();
  }
  await bench.settle();
  return { journal, lsns };
}

function recordText(index: number): string {
  return `${index} `.padEnd(RECORD_BYTES, String(index % 7));
}

test('who reads one record after the other waits for the first one of a segment only', async () => {
  const bench = new Bench();
  const { journal, lsns } = await filled(bench, 20_000);
  let waits = 0;
  for (const [index, lsn] of lsns.entries()) {
    let record = journal.peek(lsn);
    if (record === undefined) {
      waits++;
      record = await journal.read(lsn);
    }
    expect(textOf(record)).toBe(recordText(index));
    if (index % 100 === 99) await bench.settle();
  }
  expect(journal.segments.length).toBe(2);
  expect(waits).toBe(2);
  await bench.close(journal);
});

test('readers at many places are each given their own records, though memory is used again', async () => {
  const bench = new Bench();
  const { journal, lsns } = await filled(bench, 30_000);
  const random = seeded(3);
  // Twice as many as the pieces that are kept.
  const count = (2 * limits.journalReadKeptBytesMax) / limits.journalReadAheadBytes;
  const places = Array.from({ length: count }, () => Math.floor(random() * 25_000));
  const follow = async (place: number): Promise<void> => {
    for (let index = place; index < place + 3000; index++) {
      const record = journal.peek(lsns[index]!) ?? (await journal.read(lsns[index]!));
      if (textOf(record) !== recordText(index)) throw new Error(`record ${index} is another`);
    }
  };
  await Promise.all(places.map(follow));
  await bench.close(journal);
});

test('damage ahead is told to the one who comes to it, and to nobody before', async () => {
  const bench = new Bench();
  const { journal, lsns } = await filled(bench, 2000);
  const at = lsns[1500]! % 2 ** 24;
  bench.disk.bytes('0000000001.segment')[at + 50]! ^= 1;
  for (const [index, lsn] of lsns.entries()) {
    const read = async (): Promise<Uint8Array> => journal.peek(lsn) ?? (await journal.read(lsn));
    if (index === 1500) await expect(read()).rejects.toThrow(`at offset ${at}`);
    else expect(textOf(await read())).toBe(recordText(index));
  }
  await bench.close(journal);
});
