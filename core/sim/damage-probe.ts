import { Broker } from '../broker/broker.ts';
import { durableIn } from '../broker/durable/index.ts';
import { messagesIn } from '../broker/durable/records.ts';
import { VirtualClock } from '../clock/virtual-clock.ts';
import { blockOf } from '../protocol/bytes.ts';
import { JournalDamage, type Dropped } from '../storage/damage.ts';
import { segmentNumberOf, type JournalRecord } from '../storage/journal.ts';
import { openSegmentJournal } from '../storage/open-segment-journal.ts';
import type { SegmentJournal } from '../storage/segment-journal.ts';
import { trimZeros } from '../storage/segment-scan.ts';
import { segmentName } from '../storage/segment-name.ts';
import { MemoryDisk } from '../testing/memory-disk.ts';
import type { Chance } from './chance.ts';
import type { Model } from './model.ts';
import { check } from './violation.ts';

/**
 * Turns one bit of a store. Whoever opens it must find that and say where, or have no use for
 * that bit: what is read is what was written. Only a tail may be cut, as it cannot be told from
 * one that was torn. A salvage keeps all that lies around the damage.
 */
export async function probeDamage(
  whole: MemoryDisk, chance: Chance, model: Model,
): Promise<void> {
  const damaged = copyOf(whole);
  const untouched = copyOf(whole);
  const file = chance.pick(damaged.names);
  const bytes = damaged.bytes(file);
  // Where nothing was written yet there is little to damage.
  const used = chance.happens(0.9) ? trimZeros(blockOf(bytes), 0) : bytes.length;
  if (used === 0) return;
  const at = chance.below(used);
  bytes[at]! ^= 1 << chance.below(8);
  const written = await recordsOf(untouched);
  const read = await recordsOf(copyOf(damaged)).catch(damagesOf);
  if (read.every(isRecord)) {
    const isSame = read.every((record, index) => isEqual(record, written[index]!));
    check(read.length <= written.length && isSame, 'damage',
      () => `a bit turned at ${at} of ${file} is read as if it were right`);
    return;
  }
  const isFound = read.some((part) => !isRecord(part) && part.file === file &&
    part.offset <= at && at < part.offset + part.bytes);
  check(isFound, 'damage', () => `a bit turned at ${at} of ${file} is found elsewhere`);
  checkSalvaged(written, await recordsOf(damaged, true), file);
  await checkRecovered(copyOf(damaged), model);
}

/** The same files, for somebody else to use. */
function copyOf(disk: MemoryDisk): MemoryDisk {
  const copy = new MemoryDisk();
  for (const name of disk.names) copy.put(name, disk.bytes(name));
  return copy;
}

/** Nothing is gone but one piece of the file that was damaged. */
function checkSalvaged(
  written: readonly JournalRecord[], saved: readonly JournalRecord[], file: string,
): void {
  const lostCount = written.length - saved.length;
  const differs = written.findIndex((record, index) => !isEqual(record, saved[index]));
  const lost = differs === -1 ? written.length : differs;
  const rest = written.slice(lost + lostCount);
  const isOnePiece = lostCount >= 0 && rest.every((record, index) =>
    isEqual(record, saved[lost + index]));
  check(isOnePiece, 'salvage', () => `a salvage of ${file} keeps ${saved.length} records, and ` +
    `not those around the damage of ${written.length}`);
  check(written.slice(lost, lost + lostCount).every(({ lsn }) =>
    segmentName(segmentNumberOf(lsn)) === file), 'salvage',
  () => `a salvage of ${file} loses records of other files`);
}

/** A broker starts on what was saved, and has no message that nobody published there. */
async function checkRecovered(disk: MemoryDisk, model: Model): Promise<void> {
  const { journal, clock } = await open(disk);
  const broker = new Broker({ clock, random: () => 0.5, durability: durableIn(journal) });
  await broker.recover({ salvaged: true });
  for (const { name } of model.queues.values()) {
    broker.vhost().queues.get(name)?.forEachReady(({ properties, body }) => {
      const id = properties.messageId!;
      const published = model.messages.get(id)?.body;
      check(published?.join() === body.join(), 'salvage', () => `${id} in ${name} is another one`);
    });
  }
}

async function open(
  disk: MemoryDisk, salvage = false,
): Promise<{ journal: SegmentJournal; clock: VirtualClock }> {
  const clock = new VirtualClock();
  const options = { directory: disk.open(), clock, random: () => 0.5, messagesIn, salvage };
  return { clock, journal: await openSegmentJournal(options) };
}

async function recordsOf(disk: MemoryDisk, salvage = false): Promise<JournalRecord[]> {
  const { journal } = await open(disk, salvage);
  const records: JournalRecord[] = [];
  for await (const { lsn, record } of journal.replay()) {
    records.push({ lsn, record: record.slice() });
  }
  return records;
}

function damagesOf(error: unknown): readonly Dropped[] {
  if (error instanceof JournalDamage) return error.damages;
  throw error;
}

function isRecord(part: JournalRecord | Dropped): part is JournalRecord {
  return 'lsn' in part;
}

function isEqual(a: JournalRecord, b: JournalRecord | undefined): boolean {
  return a.lsn === b?.lsn && a.record.length === b.record.length &&
    a.record.every((octet, index) => octet === b.record[index]);
}
