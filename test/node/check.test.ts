/** A look at a damaged store tells of what a salvage keeps, wherever the damage is. */
import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Broker, durableIn } from '../../core/index.ts';
import { checkData } from '../../node/check.ts';
import { openFileJournal } from '../../node/file-journal.ts';
import { nodeClock } from '../../node/host-clock.ts';

const clock = nodeClock();

/** A store of many segments: checkpoints tell a recovery what most of them hold. */
async function filled(): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), 'tabmq-check-')), 'data');
  onTestFinished(() => rmSync(join(path, '..'), { recursive: true }));
  const journal = await openFileJournal(path, { clock, segmentBytes: 4096 });
  const broker = new Broker({ clock, durability: durableIn(journal) });
  await broker.recover();
  broker.vhost().declareQueue({ queue: 'q', durable: true });
  for (let index = 0; index < 100; index++) {
    broker.vhost().exchange('').publish({
      routingKey: 'q', body: `${index}`.repeat(100), properties: { deliveryMode: 2 },
    });
  }
  await broker.stop();
  return path;
}

/** How many messages a start with a salvage has. */
async function salvaged(path: string): Promise<number> {
  const journal = await openFileJournal(path, { clock, salvage: true });
  const broker = new Broker({ clock, durability: durableIn(journal) });
  const { messages } = await broker.recover({ salvaged: true });
  await broker.stop();
  return messages;
}

test.each([
  ['a segment is missing', (file: string) => rmSync(file)],
  ['a segment is cut short', (file: string) => truncateSync(file, 1000)],
])('%s', async (_what, change) => {
  const path = await filled();
  const names = readdirSync(path).filter((name) => name.endsWith('.segment')).sort();
  expect(names.length).toBeGreaterThan(4);
  change(join(path, names[2]!));
  const { lines, damages } = await checkData(path);
  expect(damages).toEqual([expect.stringContaining(names[2]!)]);
  expect(lines[0]).toContain(` has ${names.length} segments`);
  const messages = await salvaged(path);
  expect(messages).toBeLessThan(100);
  expect(lines).toContain(`${messages} messages in all`);
});
