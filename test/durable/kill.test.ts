/**
 * The gateway is killed at random instants while it works, and started again: what it confirmed must be there, and
 * nothing else. TABMQ_TEST_KILLS says how often, TABMQ_TEST_SEED which instants.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { within } from '../clients/waiting.ts';
import { run, start, startReady, type CommandOptions } from '../node/command.ts';
import { seeded } from '../storage/disk.ts';
import { Driver } from './kill/driver.ts';
import { Ledger } from './kill/ledger.ts';

const kills = Number(process.env['TABMQ_TEST_KILLS'] ?? 20);
const seed = Number(process.env['TABMQ_TEST_SEED'] ?? 1);
/** Confirms and deliveries in one life of the gateway, at most. */
const STEPS_MAX = 1200;
/** Changes to the directory while the gateway starts. */
const CHANGES_MAX = 6;

test(`nothing that was confirmed is lost in ${kills} kills, with seed ${seed}`, async () => {
  const random = seeded(seed);
  const data = join(mkdtempSync(join(tmpdir(), 'tabmq-kill-')), 'data');
  mkdirSync(data);
  onTestFinished(() => rmSync(join(data, '..'), { recursive: true }));
  const command: CommandOptions = {
    flags: ['--data', data, '--log-level', 'error'], environment: { TABMQ_MEMORY: '' },
  };
  const ledger = new Ledger();
  for (let life = 1; life <= kills; life++) {
    ledger.begin(life);
    if (random() < 0.15) await killStarting(command, data, Math.ceil(random() * CHANGES_MAX));
    else await killWorking(command, ledger, random);
    expect(ledger.faults).toEqual([]);
  }
  ledger.begin(kills + 1);
  const { ready, child, exit } = await startReady(command);
  await new Driver({ port: ready.amqp, ledger, random }).drain();
  child.kill('SIGTERM');
  expect(await within('the exit', exit)).toBe(0);
  ledger.settle();
  expect(ledger.faults).toEqual([]);
  expect(ledger.confirmedCount).toBeGreaterThan(10 * kills);
  const { code, stdout } = await run({ flags: ['check', data] });
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('\n0 messages in all\nno damage\n') });
}, 60_000 + kills * 10_000);

/** Kills the gateway after so many confirms and deliveries. */
async function killWorking(command: CommandOptions, ledger: Ledger, random: () => number): Promise<void> {
  const { ready, child, exit } = await startReady(command);
  let left = Math.ceil(random() * STEPS_MAX);
  const driver = new Driver({ port: ready.amqp, ledger, random }, () => {
    if (--left === 0) child.kill('SIGKILL');
  });
  await within('the end of the work', driver.work(), 60_000);
  expect(await within('the exit', exit)).toBe('SIGKILL');
}

/** Kills the gateway after so many changes to its directory, or when it is ready if that comes first. */
async function killStarting(command: CommandOptions, data: string, changes: number): Promise<void> {
  const watcher = watch(data);
  const { child, stdout, exit } = start({ ...command, flags: ['--ready-json', ...command.flags ?? []] });
  let left = changes;
  watcher.on('change', () => {
    if (--left === 0) child.kill('SIGKILL');
  });
  void stdout.take('the ready line').then(() => child.kill('SIGKILL'), () => {});
  try {
    expect(await within('the exit', exit)).toBe('SIGKILL');
  } finally {
    watcher.close();
    await once(watcher, 'close');
  }
}
