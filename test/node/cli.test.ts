/** The command line: what it takes, from where, and what it says of mistakes. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { within } from '../clients/waiting.ts';
import { run, start, startReady, type CommandOptions } from './command.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tabmq-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function configFile(content: unknown): string {
  const path = join(folder, 'tabmq.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const hasIpv6 = Object.values(networkInterfaces()).flat().some((address) => address?.address === '::1');

async function reach(host: string, port: number): Promise<void> {
  const socket = connect({ host, port });
  await within(`a connection to ${host}`, once(socket, 'connect'));
  socket.destroy();
}

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('a start', () => {
  test('says that it is ready with one line of JSON and nothing else', async () => {
    const { ready, child, stdout, exit } = await startReady();
    expect(ready).toMatchObject({ ready: true, host: '127.0.0.1' });
    await reach('127.0.0.1', ready.amqp);
    await reach('127.0.0.1', ready.http);
    child.kill('SIGTERM');
    expect(await within('the exit', exit)).toBe(0);
    expect(stdout.waitingCount).toBe(0);
  });

  test.runIf(hasIpv6)('listens on both loopback addresses, with one port for both', async () => {
    const { ready } = await startReady();
    expect(ready.hosts).toEqual(['127.0.0.1', '::1']);
    for (const host of ready.hosts) {
      await reach(host, ready.amqp);
      await reach(host, ready.http);
    }
  });

  test('says for each listener where it is, in words', async () => {
    const { stdout } = start({ flags: ['--host', '127.0.0.1'] });
    const version = manifest.version.replaceAll('.', '\\.');
    expect(await stdout.take()).toMatch(new RegExp(`^TabMQ ${version} listens on amqp://127\\.0\\.0\\.1:\\d+$`));
    expect(await stdout.take()).toMatch(/ listens on ws:\/\/127\.0\.0\.1:\d+\/ws\/amqp$/);
  });

  test('listens on the hosts it is given, and no other', async () => {
    const { ready } = await startReady({ flags: ['--host', '127.0.0.2', '--host', '127.0.0.3'] });
    expect(ready.hosts).toEqual(['127.0.0.2', '127.0.0.3']);
    await reach('127.0.0.3', ready.amqp);
    const socket = connect({ host: '127.0.0.1', port: ready.amqp });
    const [error] = await within('a refusal', once(socket, 'error'));
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test.runIf(process.platform !== 'win32')('goes on when nobody reads its log any more', async () => {
    const { ready, child, exit } = await startReady({ flags: ['--log-level', 'debug'] });
    child.stderr!.destroy();
    await reach('127.0.0.1', ready.amqp);
    const health = await fetch(`http://127.0.0.1:${ready.http}/health`);
    expect(await health.text()).toBe('ok');
    child.kill('SIGTERM');
    expect(await within('the exit', exit)).toBe(0);
  });

  test('opens the playground in the browser that BROWSER names', async () => {
    const browser = join(folder, 'browser');
    const script = `#!/bin/sh\necho "$1" > ${folder}/part && mv ${folder}/part ${folder}/opened\n`;
    writeFileSync(browser, script, { mode: 0o755 });
    const { stdout, child, exit } = start({ flags: ['playground'], environment: { BROWSER: browser } });
    const [, page = ''] = /^The playground is at (http:.*)$/.exec(await stdout.take()) ?? [];
    expect(await (await fetch(page, { headers: { accept: 'text/html' } })).text()).toContain('<title>');
    await expect.poll(() => existsSync(join(folder, 'opened'))).toBe(true);
    expect(readFileSync(join(folder, 'opened'), 'utf8')).toBe(`${page}\n`);
    child.kill();
    expect(await exit).toBe(0);
  });

  test('prints its version', async () => {
    expect(await run({ flags: ['--version'] })).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  test('prints help that names every flag', async () => {
    const { code, stdout } = await run({ flags: ['--help'] });
    expect(code).toBe(0);
    for (const flag of [
      'host', 'amqp-port', 'http-port', 'amqps-port', 'https-port', 'tls-cert', 'tls-key', 'tls-ca', 'user',
      'vhost', 'allow-origin', 'data', 'memory', 'salvage', 'memory-high-watermark', 'immediate', 'log-level',
      'compatibility', 'max-message-size',
      'log-format', 'ready-json', 'config',
    ]) expect(stdout).toContain(`--${flag}`);
    expect(stdout).toContain('TABMQ_AMQP_PORT');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

describe('a setting', () => {
  // Each start listens on the address of its strongest source, which the ready line then shows.
  const flags = ['--host', '127.0.0.5'];
  const environment = { TABMQ_HOST: '127.0.0.6' };
  const content = { host: '127.0.0.7' };

  test.each<[string, CommandOptions, unknown, string]>([
    ['a flag before all', { flags, environment }, content, '127.0.0.5'],
    ['the environment before the file', { environment }, content, '127.0.0.6'],
    ['the file before the default', {}, content, '127.0.0.7'],
    ['the default', {}, {}, '127.0.0.1'],
    ['an empty variable as none', { environment: { TABMQ_HOST: '' } }, {}, '127.0.0.1'],
  ])('comes from %s', async (_source, options, file, host) => {
    const config = ['--config', configFile(file)];
    const { ready } = await startReady({ ...options, flags: [...config, ...(options.flags ?? [])] });
    expect(ready.host).toBe(host);
  });

  test('may be a list in each source', async () => {
    const hosts = ['127.0.0.2', '127.0.0.3'];
    const file = configFile({ host: hosts });
    expect((await startReady({ environment: { TABMQ_CONFIG: file } })).ready.hosts).toEqual(hosts);
    for (const value of [hosts.join(','), JSON.stringify(hosts)]) {
      expect((await startReady({ environment: { TABMQ_HOST: value } })).ready.hosts).toEqual(hosts);
    }
  });

  test('has the same name in the file, in camel or kebab case', async () => {
    const file = configFile({ 'ready-json': true, 'amqpPort': 0, 'http-port': '0', 'host': ['127.0.0.1'] });
    const { code, stderr } = await run({ flags: ['--config', file, '--amqps-port', 'x'] });
    expect({ code, stderr }).toEqual({
      code: 2, stderr: "The flag --amqps-port must be a whole number from 0 to 65535, not 'x'.\n",
    });
  });
});

describe('a mistake is one sentence, and the exit code 2:', () => {
  const share = 'must be a number above 0 and up to 1, not';
  const whole = 'must be a whole number from 0 to 65535, not';

  test.each<[string[], string]>([
    [['--frob'], "Wrong usage: unknown option '--frob'; see tabmq --help."],
    [['--amqp-prot', '1'], "Wrong usage: unknown option '--amqp-prot' (Did you mean --amqp-port?); see tabmq --help."],
    [['serve'], 'Wrong usage: too many arguments. Expected 0 arguments but got 1; see tabmq --help.'],
    [['--host'], "Wrong usage: option '--host <ADDRESS>' argument missing; see tabmq --help."],
    [['--host', ''], 'The flag --host must be a text that is not empty.'],
    [['--amqp-port', 'x'], `The flag --amqp-port ${whole} 'x'.`],
    [['--amqp-port', '65536'], `The flag --amqp-port ${whole} '65536'.`],
    [['--http-port', '-1'], `The flag --http-port ${whole} '-1'.`],
    [['--https-port', '1.5'], `The flag --https-port ${whole} '1.5'.`],
    [['--user', 'name'], 'The flag --user must be name:password, with neither of them empty.'],
    [['--user', ':secret'], 'The flag --user must be name:password, with neither of them empty.'],
    [['--user', 'name:'], 'The flag --user must be name:password, with neither of them empty.'],
    [['--vhost', ''], 'The flag --vhost must be a text that is not empty.'],
    [
      ['--allow-origin', 'shop'],
      "The flag --allow-origin must be like https://example.com, or *, not 'shop'.",
    ],
    [['--memory-high-watermark', '0'], `The flag --memory-high-watermark ${share} '0'.`],
    [['--memory-high-watermark', '60%'], `The flag --memory-high-watermark ${share} '60%'.`],
    [['--immediate', 'never'], "The flag --immediate must be spec or refuse, not 'never'."],
    [
      ['--compatibility', 'rabbitmq-2'],
      "The flag --compatibility must be rabbitmq-3.13 or rabbitmq-4, not 'rabbitmq-2'.",
    ],
    ...['0', '-1', '1.5', 'x', '513MiB', '536870913', '5 GB'].map((size): [string[], string] => [
      ['--max-message-size', size],
      `The flag --max-message-size must be a size from 1 byte to 512MiB, not '${size}'.`,
    ]),
    [['--log-format', 'xml'], "The flag --log-format must be text or json, not 'xml'."],
    [
      ['--log-level', 'loud'],
      "The flag --log-level has no level 'loud', only trace, debug, info, warn, error, silent.",
    ],
    [
      ['--log-level', 'info,conection=trace'],
      "The flag --log-level has no component 'conection', only alarm, binding, broker, channel, connection, "
        + 'consumer, exchange, gateway, journal, message, queue.',
    ],
    [
      ['--host', '203.0.113.1', '--amqp-port', '0'],
      'Cannot listen on port 0 of 203.0.113.1: this machine has no such address.',
    ],
  ])('%j', async (flags, sentence) => {
    expect(await run({ flags })).toEqual({ code: 2, stdout: '', stderr: `${sentence}\n` });
  });

  test('a port that is in use', async () => {
    const port = await takenPort();
    for (const flags of [
      ['--amqp-port', `${port}`, '--http-port', '0'], ['--amqp-port', '0', '--http-port', `${port}`],
    ]) {
      expect(await run({ flags })).toEqual({
        code: 2, stdout: '', stderr: `Cannot listen on port ${port} of 127.0.0.1: it is in use by another program.\n`,
      });
    }
  });

  test.each<[string, unknown, string]>([
    ['no JSON', '{', 'is not JSON: .*'],
    ['no object', '[]', 'is not a JSON object'],
    ['an unknown key', { amqpPort: 1, amqpProt: 1 }, "has an unknown key 'amqpProt'"],
    ['a key of every object', { constructor: 1 }, "has an unknown key 'constructor'"],
    ['a key twice', { 'amqpPort': 1, 'amqp-port': 1 }, "sets 'amqpPort' twice"],
  ])('a configuration file with %s', async (_what, content, complaint) => {
    const path = configFile(content);
    const { code, stdout, stderr } = await run({ flags: ['--config', path] });
    expect(stderr).toMatch(new RegExp(`^The configuration file ${path} ${complaint}\\.\n$`));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test.each<[string, unknown, string]>([
    ['amqpPort', 70_000, 'must be a whole number from 0 to 65535, not 70000'],
    ['amqpPort', [1], 'must be a whole number from 0 to 65535, not \\[1\\]'],
    ['readyJson', 'yes', "must be true or false, not 'yes'"],
    ['memory-high-watermark', true, 'must be a number above 0 and up to 1, not true'],
    ['host', [1], 'must be a text that is not empty'],
    ['user', ['a:b', { name: 'a' }], 'must be name:password, with neither of them empty'],
    ['immediate', null, 'must be spec or refuse, not null'],
  ])('a configuration file where %s is %j', async (key, value, complaint) => {
    const path = configFile({ [key]: value });
    const { code, stderr } = await run({ flags: ['--config', path] });
    expect(stderr).toMatch(new RegExp(`^The key '${key}' of the configuration file ${path} ${complaint}\\.\n$`));
    expect(code).toBe(2);
  });

  test('a configuration file that cannot be read', async () => {
    for (const [path, reason] of [['/nowhere/x.json', 'there is no such file'], [folder, 'EISDIR']]) {
      expect(await run({ environment: { TABMQ_CONFIG: path! } })).toEqual({
        code: 2, stdout: '', stderr: `Cannot read the configuration file ${path}: ${reason}.\n`,
      });
    }
  });

  test('an environment variable', async () => {
    expect(await run({ environment: { TABMQ_HTTP_PORT: 'x' } })).toEqual({
      code: 2, stdout: '', stderr: `The environment variable TABMQ_HTTP_PORT ${whole} 'x'.\n`,
    });
  });

  test('never shows a password', async () => {
    for (const options of [{ flags: ['--user', ':secret'] }, { environment: { TABMQ_USER: ':secret' } }]) {
      const { stderr } = await run(options);
      expect(stderr).toContain('must be name:password');
      expect(stderr).not.toContain('secret');
    }
  });
});

describe('a signal', () => {
  test.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])('%s drains', async (signal) => {
    const { child, stderr, exit } = await startReady();
    child.kill(signal);
    expect(await within('the exit', exit)).toBe(0);
    expect(await stderr.take()).toContain('gateway: draining');
  });

  test('frees the ports', async () => {
    const first = await startReady();
    const ports = ['--amqp-port', `${first.ready.amqp}`, '--http-port', `${first.ready.http}`];
    first.child.kill('SIGTERM');
    expect(await within('the exit', first.exit)).toBe(0);
    expect((await startReady({ flags: ports })).ready.amqp).toBe(first.ready.amqp);
  });
});
