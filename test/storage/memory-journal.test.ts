import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../core/clock/virtual-clock.ts';
import { MemoryJournal, type JournalTrouble } from '../../core/storage/index.ts';
import { runJournalTests } from '../../core/testing/index.ts';
import { hostClock } from '../../core/index.ts';
import { defer } from '../support/task.ts';

function makeStore(journal: MemoryJournal) {
  let kept = journal;
  return {
    open: async () => (kept = kept.reopen()),
    crash: async () => {},
    destroy: async () => {},
  };
}

describe('durable at once', () => {
  runJournalTests({ test, make: async () => makeStore(new MemoryJournal()) });
});

describe('durable after the turn', () => {
  runJournalTests({ test, make: async () => makeStore(new MemoryJournal({ clock: hostClock({ defer }) })) });
});

describe('by hand', () => {
  const record = new Uint8Array(10);

  test('nothing is durable while it is held, and a crash loses it', () => {
    const clock = new VirtualClock();
    const journal = new MemoryJournal({ clock });
    const kept = journal.append(record);
    clock.runDeferred();
    journal.hold(true);
    const held = journal.append(record);
    clock.runDeferred();
    expect(journal.durable).toBe(kept);
    expect(journal.pendingBytes).toBeGreaterThanOrEqual(10);
    expect(journal.reopen().last).toBe(kept);
    journal.hold(false);
    clock.runDeferred();
    expect(journal.durable).toBe(held);
    expect(journal.pendingBytes).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('one advance covers what was appended in the turn', () => {
    const clock = new VirtualClock();
    const journal = new MemoryJournal({ clock });
    const advances: number[] = [];
    journal.onDurable((upTo) => advances.push(upTo));
    for (let count = 0; count < 100; count++) journal.append(record);
    clock.runDeferred();
    expect(advances).toEqual([journal.last]);
  });

  test('a full journal says so, and goes on when there is space', async () => {
    const journal = new MemoryJournal();
    const troubles: JournalTrouble[] = [];
    journal.onTrouble((trouble) => troubles.push(trouble));
    journal.setFull(true);
    journal.setFull(true);
    const lsn = journal.append(record);
    expect(journal.durable).toBe(0);
    journal.setFull(false);
    expect(journal.durable).toBe(lsn);
    expect(troubles.map(({ kind }) => kind)).toEqual(['full', 'space']);
    journal.setFull(true);
    journal.append(record);
    await expect(journal.close()).rejects.toThrow('no space');
  });

  test('after a failure nothing is durable any more, nor kept', async () => {
    const journal = new MemoryJournal();
    const troubles: JournalTrouble[] = [];
    journal.onTrouble((trouble) => troubles.push(trouble));
    const kept = journal.append(record);
    journal.fail('the disk is gone');
    const lost = journal.append(record);
    expect(lost).toBeGreaterThan(kept);
    expect(journal.durable).toBe(kept);
    await expect(journal.read(lost)).rejects.toThrow('no record');
    expect(troubles).toEqual([{ kind: 'failed', text: 'the disk is gone' }]);
    await expect(journal.close()).rejects.toThrow('the disk is gone');
  });
});
