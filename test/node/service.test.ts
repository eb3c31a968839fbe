/** The gateway as a service: probes, SIGHUP, systemd and containers. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from 'node:tls';
import { once } from 'node:events';
import amqplib from 'amqplib';
import { validate } from 'dockerfile-utils';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readSettings } from '../../node/configuration.ts';
import { Log, startGateway, type Gateway, type GatewayOptions } from '../../node/index.ts';
import { within } from '../clients/waiting.ts';
import { canMakeCertificates, useCertificates } from './certificate.ts';
import { startReady } from './command.ts';

const service = fileURLToPath(new URL('../../node/service/', import.meta.url));

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tabmq-service-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function start(options: GatewayOptions = {}): Promise<Gateway> {
  const gateway = await startGateway({ ports: { amqp: 0, http: 0, amqps: 0, https: 0 }, ...options });
  onTestFinished(() => gateway.stop());
  return gateway;
}

async function probe(port: number, path: string): Promise<readonly [number, string]> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return [response.status, await response.text()];
}

test('probes hear whether it lives, and whether clients are welcome', async () => {
  const { broker, ports: { http } } = await start();
  expect(await probe(http, '/health')).toEqual([200, 'ok']);
  expect(await probe(http, '/health/ready')).toEqual([200, 'ok']);
  broker.setAlarm('disk', true);
  expect(await probe(http, '/health/ready')).toEqual([503, 'Publishers have to wait: low on disk.\n']);
  expect(await probe(http, '/health')).toEqual([200, 'ok']);
  broker.setAlarm('disk', false);
  expect(await probe(http, '/health/ready')).toEqual([200, 'ok']);
});

describe('a reload', () => {
  test('takes on other users, and lets those go who are not given any more', async () => {
    const gateway = await start({ users: [{ name: 'ann', password: 'one' }, { name: 'bob', password: 'two' }] });
    const enter = async (name: string, password: string) => {
      const connection = await amqplib.connect(`amqp://${name}:${password}@127.0.0.1:${gateway.ports.amqp}`);
      connection.on('error', () => {});
      onTestFinished(() => connection.close().catch(() => {}));
      return connection;
    };
    const ann = await enter('ann', 'one');
    const ended = once(await enter('bob', 'two'), 'close');
    gateway.reload({ users: [{ name: 'ann', password: 'three' }, { name: 'cid', password: 'four' }] });
    expect(String((await within('the end of bob', ended))[0])).toContain("user 'bob' is deleted");
    await enter('cid', 'four');
    await enter('ann', 'three');
    await expect(enter('ann', 'one')).rejects.toThrow('ACCESS_REFUSED');
    await ann.createChannel();
  });

  test.runIf(canMakeCertificates)('shows another certificate, unless that cannot be read', async () => {
    const { server, ann } = certificates;
    const gateway = await start({ tls: { certificate: server.certificate, key: server.key } });
    const shown = async (): Promise<string> => {
      const socket = connect({ host: '127.0.0.1', port: gateway.ports.amqps!, rejectUnauthorized: false });
      onTestFinished(() => void socket.destroy());
      await within('a TLS connection', once(socket, 'secureConnect'));
      return socket.getPeerX509Certificate()!.subject;
    };
    expect(await shown()).toBe('CN=server');
    gateway.reload({ tls: { certificate: ann.certificate, key: ann.key } });
    expect(await shown()).toBe('O=Example\nCN=ann');
    expect(() => gateway.reload({ tls: { certificate: ann.certificate, key: server.key } })).toThrow('does not belong');
    expect(await shown()).toBe('O=Example\nCN=ann');
  });

  const certificates = useCertificates();

  test('has other levels of the log', async () => {
    const lines: string[] = [];
    const log = new Log({ levels: { all: 'error' }, write: (line) => lines.push(line) });
    const gateway = await start({ log });
    gateway.reload({ logLevels: { all: 'info', connection: 'trace' } });
    const connection = await amqplib.connect(`amqp://127.0.0.1:${gateway.ports.amqp}`);
    await connection.close();
    expect(lines.join('')).toMatch(/gateway: reloaded users=0\n[^]*connection: in +ch 0 connection.start-ok/);
  });
});

test('SIGHUP opens the log again and reads the files of users and settings', async () => {
  const folder = temporaryFolder();
  const logFile = join(folder, 'log');
  const users = join(folder, 'users');
  const config = join(folder, 'config');
  writeFileSync(users, 'ann:one\n');
  writeFileSync(config, '{}');
  const flags = ['--log-file', logFile, '--user-file', users, '--config', config];
  const { child, ready } = await startReady({ flags });
  const enter = async (name: string, password: string): Promise<void> => {
    const connection = await amqplib.connect(`amqp://${name}:${password}@127.0.0.1:${ready.amqp}`);
    await connection.close();
  };
  await enter('ann', 'one');
  expect(readFileSync(logFile, 'utf8')).toContain('connection: opened');
  renameSync(logFile, `${logFile}.1`);
  writeFileSync(users, 'bob:two\n');
  child.kill('SIGHUP');
  await expect.poll(() => textOf(logFile)).toContain('gateway: reloaded users=1');
  await enter('bob', 'two');
  await expect(enter('ann', 'one')).rejects.toThrow('ACCESS_REFUSED');
  writeFileSync(config, '{"logLevel": "loud"}');
  child.kill('SIGHUP');
  await expect.poll(() => textOf(logFile)).toContain('gateway: not reloaded reason=');
  await enter('bob', 'two');
});

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

test('systemd hears when it is ready and when it stops', async () => {
  const folder = temporaryFolder();
  const told = join(folder, 'told');
  writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$*" >> '${told}'\n`);
  chmodSync(join(folder, 'systemd-notify'), 0o755);
  const { child, ready, exit } = await startReady({
    environment: {
      NOTIFY_SOCKET: join(folder, 'socket'), PATH: `${folder}${delimiter}${process.env['PATH']}`,
    },
  });
  const expected = `--pid=${child.pid} --ready --status=amqp://127.0.0.1:${ready.amqp}`;
  await expect.poll(() => textOf(told)).toContain(expected);
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
  await expect.poll(() => textOf(told)).toContain(`--pid=${child.pid} STOPPING=1`);
});

test('the unit of systemd is well-formed, waits for readiness and is locked in', () => {
  const unit = readFileSync(`${service}tabmq.service`, 'utf8');
  const lines = unit.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(lines.filter((line) => !/^(\[\w+\]|\w+=.*)$/.test(line))).toEqual([]);
  expect(lines).toEqual(expect.arrayContaining([
    'Type=notify', 'ExecReload=/bin/kill -HUP $MAINPID', 'ProtectSystem=strict', 'DynamicUser=yes',
  ]));
  // Where systemd is installed it says itself what it thinks of it.
  const verified = spawnSync('systemd-analyze', ['verify', `${service}tabmq.service`], { encoding: 'utf8' });
  const { error, stderr, status } = verified;
  if (error !== undefined) return;
  expect([status, stderr]).toEqual([0, '']);
});

test('the Dockerfile is well-formed, and every setting in it is one', () => {
  const text = readFileSync(`${service}Dockerfile`, 'utf8');
  expect(validate(text)).toEqual([]);
  const names = [...text.matchAll(/^ {2}(TABMQ_\w+)=(\S+)/gm)].map(([, name, value]) => [name!, value!] as const);
  expect(names.length).toBe(3);
  const environment = Object.fromEntries(names);
  expect(readSettings({ flags: {}, environment })).toEqual({
    host: ['0.0.0.0'], data: '/var/lib/tabmq', userFile: '/etc/tabmq/users',
  });
});

describe('a variable of the environment', () => {
  test('that is misspelt is refused, and the one that was meant is named', () => {
    const read = (environment: Record<string, string>) => () => readSettings({ flags: {}, environment });
    expect(read({ TABMQ_AMQP_PRT: '1' })).toThrow(
      'There is no environment variable TABMQ_AMQP_PRT. Did you mean TABMQ_AMQP_PORT?',
    );
    expect(read({ TABMQ_LOGLEVEL: '' })).toThrow('Did you mean TABMQ_LOG_LEVEL?');
    expect(read({ TABMQ_XYZZY_PLUGH: '1' })).toThrow(/^There is no environment variable TABMQ_XYZZY_PLUGH\.$/);
    const others = { TABMQ_API_URL: 'http://x', TABMQ_TEST_SEED: '1', OTHER: '1' };
    expect(read({ TABMQ_AMQP_PORT: '1', ...others })()).toEqual({ amqpPort: 1 });
  });
});
