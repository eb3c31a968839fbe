/** The broker that the client suites talk to: the built command line, run as a user runs it. */
import { AmqpError } from '../../core/index.ts';
import { startGateway as startNodeGateway } from '../../node/index.ts';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
import { within } from './waiting.ts';

export interface Gateway {
  readonly amqpUrl: string;
  readonly wsUrl: string;
  readonly host: string;
  readonly amqpPort: number;
  readonly httpPort: number;
  stop(): Promise<void>;
}

export interface GatewayOptions {
  /** A fixed port lets a test bring the gateway back where its clients expect it. */
  readonly amqpPort?: number;
  readonly flags?: readonly string[];
}

const host = '127.0.0.1';
const externalUrl = process.env['TABMQ_TEST_AMQP_URL'];
const command = fileURLToPath(new URL('../../dist/node/cli.js', import.meta.url));

/**
 * False when the suites run against another broker, named by TABMQ_TEST_AMQP_URL: such a broker has
 * no AMQP over WebSocket, and it may not be restarted or given flags.
 */
export const ownGateway = externalUrl === undefined;

export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  return externalUrl === undefined ? spawnGateway(options) : externalGateway(externalUrl);
}

/** One gateway for all tests of a file; its fields may be read from the first test on. */
export function useGateway(options: GatewayOptions = {}): Gateway {
  const gateway: Partial<Gateway> = {};
  beforeAll(async () => {
    Object.assign(gateway, await startGateway(options));
  });
  afterAll(() => gateway.stop?.());
  return gateway as Gateway;
}

function externalGateway(url: string): Gateway {
  const { hostname, port } = new URL(url);
  const amqpPort = Number(port);
  return { amqpUrl: url, wsUrl: '', host: hostname, amqpPort, httpPort: 0, stop: async () => {} };
}

async function spawnGateway({ amqpPort = 0, flags = [] }: GatewayOptions): Promise<Gateway> {
  if (!existsSync(command)) throw new Error(`${command} is missing: run "npm run build" first`);
  const ports = ['--amqp-port', `${amqpPort}`, '--http-port', '0', '--metrics-port', '0'];
  const quiet = ['--memory', '--ready-json', '--log-level', 'error'];
  const child = spawn(process.execPath, [command, ...ports, ...quiet, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = await readyLine(child);
  return {
    amqpUrl: `amqp://guest:guest@${host}:${ready.amqp}`,
    wsUrl: `ws://${host}:${ready.http}/ws/amqp`,
    host,
    amqpPort: ready.amqp,
    httpPort: ready.http,
    stop: () => stop(child),
  };
}

async function readyLine(child: ChildProcess): Promise<{ amqp: number; http: number }> {
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`the gateway exited with code ${code} before it was ready`);
  });
  const line = once(createInterface(child.stdout!), 'line').then(([text]) => JSON.parse(text));
  // Only the race may fail the test: once the gateway is ready, its exit is expected.
  exited.catch(() => {});
  const ready = await within('the ready line of the gateway', Promise.race([line, exited]));
  if (ready.ready !== true) throw new Error(`unexpected ready line: ${JSON.stringify(ready)}`);
  return ready;
}

/** A gateway that is told to stop drains and exits with code 0; every suite checks that it did. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode === null) {
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await within('the gateway to exit after SIGTERM', exit);
  }
  if (child.exitCode !== 0) {
    throw new Error(`the gateway exited with ${child.exitCode ?? child.signalCode}`);
  }
}

/** A gateway in this process, whose connections a test may close while its queues stay. */
export async function startGatewayInProcess(): Promise<Gateway & { closeConnections(): void }> {
  const { broker, ports, stop } = await startNodeGateway({ ports: { amqp: 0, http: 0 } });
  return {
    amqpUrl: `amqp://guest:guest@127.0.0.1:${ports.amqp}`,
    wsUrl: `ws://127.0.0.1:${ports.http}/ws/amqp`,
    host: '127.0.0.1',
    amqpPort: ports.amqp,
    httpPort: ports.http,
    stop,
    closeConnections() {
      const error = new AmqpError('CONNECTION_FORCED', 'closed by the test');
      for (const connection of broker.connections) connection.close(error);
    },
  };
}
