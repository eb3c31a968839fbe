/** The broker under test: a gateway of our own on a free port, or the one that TABMQ_TEST_AMQP_URL names. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseAddress } from './run.ts';
import type { Address } from './wire.ts';
import { freePortFlags } from '../support/free-port.ts';

export interface Gateway {
  readonly address: Address;
  stop(): Promise<void>;
}

const commandLine = fileURLToPath(new URL('../../dist/node/cli.js', import.meta.url));
const users = fileURLToPath(new URL('access.json', import.meta.url));
const flags = [
  '--memory', '--compatibility', 'rabbitmq-3.13', '--ready-json', ...freePortFlags,
  '--log-level', 'error', '--definitions', users,
];

export async function startGateway(): Promise<Gateway> {
  const url = process.env['TABMQ_TEST_AMQP_URL'];
  if (url !== undefined) return { address: parseAddress(url), stop: async () => {} };
  const child = spawn(process.execPath, [commandLine, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const first = await Promise.race([once(createInterface(child.stdout), 'line'), exited.then(() => undefined)]);
  if (first === undefined) throw new Error('the gateway ended before it was ready');
  const { amqp } = JSON.parse(String(first[0])) as { amqp: number };
  return {
    address: parseAddress(`amqp://127.0.0.1:${amqp}`),
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
