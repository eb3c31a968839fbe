import { VirtualClock } from '../clock/virtual-clock.ts';
import { JournalDamage } from '../storage/damage.ts';
import { openSegmentJournal } from '../storage/open-segment-journal.ts';
import type { MemoryDisk } from '../testing/memory-disk.ts';
import type { Chance } from './chance.ts';
import { check } from './violation.ts';

/**
 * Turns one bit of a store. Whoever opens it must find that, or have no use for that bit: what is
 * read is what was written. Only a tail may be cut, as it cannot be told from one that was torn.
 */
export async function probeDamage(
  [whole, damaged]: readonly [MemoryDisk, MemoryDisk], chance: Chance,
): Promise<void> {
  const name = chance.pick(damaged.names);
  const bytes = damaged.bytes(name);
  if (bytes.length === 0) return;
  const at = chance.below(bytes.length);
  bytes[at]! ^= 1 << chance.below(8);
  const written = await recordsOf(whole);
  const read = await recordsOf(damaged);
  if (written === undefined || read === undefined) return;
  check(read.length <= written.length && read.every((record, index) => record === written[index]),
    'damage', () => `a bit turned at ${at} of ${name} is read as if it were right`);
}

/** The records as text; undefined where the store says that it is damaged. */
async function recordsOf(disk: MemoryDisk): Promise<string[] | undefined> {
  const clock = new VirtualClock();
  try {
    const journal = await openSegmentJournal({
      directory: disk.open(), clock, random: () => 0.5,
    });
    const records: string[] = [];
    for await (const { record } of journal.replay()) records.push(record.join());
    return records;
  } catch (error) {
    if (error instanceof JournalDamage) return undefined;
    throw error;
  }
}
