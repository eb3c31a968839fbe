/** `npm start` as a supervisor sees it: one line when it is ready, and an end in good order. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import amqplib from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { nextEvent, within } from './clients/waiting.ts';
import { freePortFlags } from './support/free-port.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const flags = ['--memory', ...freePortFlags, '--log-level', 'error', '--ready-json'];

test.runIf(process.platform !== 'win32')('SIGTERM to npm reaches the gateway', async () => {
  const npm = spawn('npm', ['start', '--silent', '--', ...flags], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void npm.kill());
  const ready = JSON.parse(await nextEvent<string>(createInterface(npm.stdout), 'line'));
  expect(ready).toMatchObject({ ready: true });

  const connection = await amqplib.connect(`amqp://127.0.0.1:${ready.amqp}`);
  const forced = nextEvent<{ code: number }>(connection, 'close');
  const exit = within('the exit of npm', once(npm, 'exit'));
  npm.kill('SIGTERM');
  expect((await forced).code).toBe(320);
  expect(await exit).toEqual([0, null]);
});
