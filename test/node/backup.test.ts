/** A copy of a store at work starts, and has what was confirmed before it. */
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Broker, durableIn } from '../../core/index.ts';
import { backUp } from '../../node/backup.ts';
import { openFileJournal } from '../../node/file-journal.ts';
import { nodeClock } from '../../node/host-clock.ts';

const clock = nodeClock();

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tabmq-backup-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

async function start(path: string, segmentBytes = 65_536): Promise<Broker> {
  const journal = await openFileJournal(path, { clock, segmentBytes });
  const broker = new Broker({ clock, durability: durableIn(journal) });
  await broker.recover();
  broker.vhost().declareQueue({ queue: 'q', durable: true });
  return broker;
}

/** Publishes so many more, and resolves when they are on disk. */
async function publish(broker: Broker, from: number, count: number): Promise<void> {
  broker.turn.within(() => {
    for (let number = from; number < from + count; number++) {
      const body = `${number} `.padEnd(200, 'x');
      broker.vhost().exchange('').publish({ routingKey: 'q', body, properties: { deliveryMode: 2 } });
    }
  });
  await new Promise<void>((resolve, reject) => broker.persistence!.whenDurable(resolve, reject));
}

/** How many messages a start on a directory has. */
async function messagesIn(path: string): Promise<number> {
  const broker = await start(path);
  const { readyCount } = broker.vhost().queue('q');
  await broker.stop();
  return readyCount;
}

test('a backup of a store at work has all that was confirmed before, again and again', async () => {
  const path = join(folder(), 'data');
  const broker = await start(path);
  let confirmed = 0;
  const load = new AbortController();
  const work = (async () => {
    while (!load.signal.aborted) {
      await publish(broker, confirmed, 50);
      confirmed += 50;
    }
  })();
  for (let round = 0; round < 4; round++) {
    const before = confirmed;
    const target = join(folder(), 'copy');
    const { segments } = await backUp(path, target);
    expect(segments).toBe(readdirSync(target).length);
    expect(await messagesIn(target)).toBeGreaterThanOrEqual(before);
  }
  load.abort();
  await work;
  await broker.stop();
  expect(confirmed).toBeGreaterThan(200);
});

test('a directory that was copied with its lock starts, while the other one is at work', async () => {
  const path = join(folder(), 'data');
  const broker = await start(path);
  await publish(broker, 0, 10);
  const copy = join(folder(), 'copy');
  cpSync(path, copy, { recursive: true });
  expect(readdirSync(copy)).toContain('lock');
  expect(await messagesIn(copy)).toBe(10);
  await expect(openFileJournal(path, { clock })).rejects.toThrow(/ is in use by process \d+/);
  await broker.stop();
});

test('a backup goes nowhere where something is, and is made of nothing where there is no journal', async () => {
  const place = folder();
  writeFileSync(join(place, 'mine'), '');
  await expect(backUp(place, place)).rejects.toThrow(/cannot be written to .*: it is there already, and not empty\.$/);
  await expect(backUp(place, join(place, 'a', 'b'))).rejects.toThrow(/: there is no .*a\.$/);
  await expect(backUp(place, join(place, 'copy'))).rejects.toThrow(/^There is no journal in /);
});
