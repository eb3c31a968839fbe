/** A look at a damaged store tells of what a salvage keeps, wherever the damage is. */
import {
  copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Broker, durableIn } from '../../core/index.ts';
import { checkData } from '../../node/check.ts';
import { openFileJournal } from '../../node/file-journal.ts';
import { nodeClock } from '../../node/host-clock.ts';
import { run } from './command.ts';

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

/** Changes the files of a store; answers the one that is damaged. */
type Damage = (path: string, names: readonly string[]) => string;

function change(pick: (names: readonly string[]) => string, run: (file: string) => void): Damage {
  return (path, names) => {
    const name = pick(names);
    run(join(path, name));
    return name;
  };
}

const middle = (names: readonly string[]): string => names[2]!;
const last = (names: readonly string[]): string => names.at(-1)!;

function rewrite(file: string, run: (bytes: Buffer) => Buffer): void {
  writeFileSync(file, run(readFileSync(file)));
}

const damages: Record<string, Damage> = {
  'the first segment is missing': change((names) => names[0]!, rmSync),
  'a middle segment is missing': change(middle, rmSync),
  'a middle segment is cut short': change(middle, (file) => truncateSync(file, 1000)),
  'a middle segment has a wrong bit': change(middle, (file) => rewrite(file, (bytes) =>
    bytes.fill(bytes[1500]! ^ 1, 1500, 1501))),
  'a segment lies in the place of another': (path, names) => {
    copyFileSync(join(path, names[1]!), join(path, names[2]!));
    return names[2]!;
  },
  'the last segment is cut short': change(last, (file) => rewrite(file, (bytes) =>
    bytes.subarray(0, bytes.length / 2))),
  'the last segment is zero from its middle on': change(last, (file) => rewrite(file, (bytes) =>
    bytes.fill(0, bytes.length >> 1))),
};

test.each(Object.entries(damages))('%s: exit 1, with file, offset, octets and messages', async (_what, damage) => {
  const path = await filled();
  const names = readdirSync(path).filter((name) => name.endsWith('.segment')).sort();
  expect(names.length).toBeGreaterThan(4);
  const file = damage(path, names);
  const { code, stdout } = await run({ flags: ['check', path] });
  const lines = stdout.trimEnd().split('\n');
  const told = lines.filter((line) => line.startsWith('DAMAGED: '));
  const [, offset, bytes, lost] = new RegExp(
    `^DAMAGED: ${file} at offset (\\d+) \\((\\d+) bytes, (\\d+) messages?\\)$`,
  ).exec(told.join())!.map(Number) as [number, number, number, number];
  expect([code, bytes > 0, offset + bytes <= 4096]).toEqual([1, true, true]);
  expect(lost).toBeGreaterThan(0);
  expect(lines).toContain(`${100 - lost} messages in all`);
  expect(await salvaged(path)).toBe(100 - lost);
  // The next start finds nothing wrong.
  expect((await checkData(path)).damages).toEqual([]);
});
