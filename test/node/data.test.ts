/** The data directory of the gateway: what it keeps, where it is, and what is said where it cannot be had. */
import {
  existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqplib from 'amqplib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openFileJournal } from '../../node/file-journal.ts';
import { nodeClock } from '../../node/host-clock.ts';
import { within } from '../clients/waiting.ts';
import { run, start, startReady, type CommandOptions, type Running } from './command.ts';
import { freePortFlags } from '../support/free-port.ts';

let folder = '';
let data = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tabmq-data-'));
  data = join(folder, 'data');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** None of the settings that the other suites have. */
const environment = { TABMQ_MEMORY: '' };
const ports = freePortFlags;

function startOn(...flags: string[]): ReturnType<typeof startReady> {
  return startReady({ flags: ['--data', data, ...flags], environment });
}

async function stop({ child, exit }: Running, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
  child.kill(signal);
  return within('the exit', exit);
}

async function withChannel<T>(port: number, use: (channel: amqplib.ConfirmChannel) => Promise<T>): Promise<T> {
  const connection = await amqplib.connect(`amqp://127.0.0.1:${port}`);
  // A broker that is killed takes its connections along.
  connection.on('error', () => {});
  const result = await use(await connection.createConfirmChannel());
  await connection.close();
  return result;
}

/** Puts messages into the durable queue `kept`, confirmed. */
function fill(port: number, ...bodies: string[]): Promise<void> {
  return withChannel(port, async (channel) => {
    await channel.assertQueue('kept');
    for (const body of bodies) channel.sendToQueue('kept', Buffer.from(body), { persistent: true });
    await channel.waitForConfirms();
  });
}

/** Reads the stream `log` from its beginning until it has so many messages; each with its offset. */
function readLog(port: number, count: number): Promise<string[]> {
  return withChannel(port, async (channel) => {
    await channel.prefetch(100);
    const messages: string[] = [];
    const arguments_ = { 'x-stream-offset': 'first' };
    await within(`${count} messages`, new Promise<void>((resolve, reject) => {
      const onMessage = (message: amqplib.ConsumeMessage | null): void => {
        messages.push(`${message?.properties.headers?.['x-stream-offset']} ${message?.content.toString()}`);
        if (messages.length === count) resolve();
      };
      channel.consume('log', onMessage, { arguments: arguments_ }).catch(reject);
    }));
    return messages;
  });
}

/** The messages that wait in the queue `kept`, which stay there. */
function kept(port: number): Promise<string[]> {
  return withChannel(port, async (channel) => {
    const bodies: string[] = [];
    for (;;) {
      const message = await channel.get('kept');
      if (message === false) return bodies;
      bodies.push(message.content.toString());
    }
  });
}

/** Changes one byte in the place where `text` stands in the journal. */
function damage(text: string): { file: string; offset: number } {
  for (const file of readdirSync(data)) {
    const bytes = readFileSync(join(data, file));
    const offset = bytes.indexOf(text);
    if (offset === -1) continue;
    bytes[offset]! ^= 1;
    writeFileSync(join(data, file), bytes);
    return { file, offset };
  }
  throw new Error(`no file has ${text}`);
}

describe('the data directory', () => {
  test.each<NodeJS.Signals>(['SIGTERM', 'SIGKILL'])('keeps what was confirmed over %s', async (signal) => {
    const first = await startOn();
    expect(first.ready.data).toBe(data);
    await fill(first.ready.amqp, 'one', 'two');
    expect(await stop(first, signal)).toBe(signal === 'SIGTERM' ? 0 : 'SIGKILL');
    const second = await startOn();
    expect(await kept(second.ready.amqp)).toEqual(['one', 'two']);
  });

  test('is tabmq-data where the gateway is started', async () => {
    const { ready } = await startReady({ cwd: folder, environment });
    expect(ready.data).toBe(join(folder, 'tabmq-data'));
    expect(existsSync(ready.data!)).toBe(true);
  });

  test('is none with --memory', async () => {
    const { ready } = await startReady({ cwd: folder, environment, flags: ['--memory'] });
    expect(ready.data).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is told of in words', async () => {
    const outputs = [
      start({ flags: ['--host', '127.0.0.1', '--data', data], environment }),
      start({ flags: ['--host', '127.0.0.1', '--memory'], environment }),
    ];
    const lines = await Promise.all(outputs.map(({ stdout }) => stdout.takeMany(3)));
    expect(lines[0]![2]).toMatch(new RegExp(` keeps its data in ${data}$`));
    expect(lines[1]![2]).toMatch(/ keeps nothing: all is in memory$/);
  });

  test('is written to the log with what it held', async () => {
    const { stderr } = await startOn();
    const line = `journal: recovered data=${data} exchanges=0 queues=0 messages=0 clean=true`;
    expect(await stderr.take()).toContain(line);
  });

  test.each<[string, CommandOptions, boolean]>([
    ['a flag for memory before a variable for data', { flags: ['--memory'], environment: { TABMQ_DATA: 'x' } }, false],
    ['a flag for data before a variable for memory', { flags: ['--data', 'x'] }, true],
  ])('%s', async (_what, options, hasData) => {
    const { ready } = await startReady({ cwd: folder, ...options });
    expect(ready.data).toBe(hasData ? join(folder, 'x') : null);
  });
});

describe('a data directory that cannot be had: one sentence and the exit code 2', () => {
  async function refusal(...flags: string[]): Promise<string> {
    const { code, stdout, stderr } = await run({
      flags: [...ports, '--data', data, '--log-level', 'error', ...flags], environment,
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^[^\n]+\n$/);
    return stderr.trimEnd();
  }

  test('without a parent', async () => {
    const parent = join(folder, 'none');
    data = join(parent, 'data');
    expect(await refusal()).toBe(`The data directory ${data} cannot be made: there is no ${parent}.`);
  });

  test('a file', async () => {
    writeFileSync(data, '');
    expect(await refusal()).toBe(`The data directory ${data} is not a directory.`);
  });

  test('in a file', async () => {
    const parent = join(folder, 'file');
    writeFileSync(parent, '');
    data = join(parent, 'data');
    expect(await refusal()).toBe(`The data directory ${data} cannot be made: ${parent} is not a directory.`);
  });

  test('a link to what is not there', async () => {
    symlinkSync(join(folder, 'none'), data);
    expect(await refusal()).toBe(`The data directory ${data} is a link that leads nowhere.`);
  });

  test('held by another process', async () => {
    const { child, ready } = await startOn();
    expect(await refusal()).toBe(`The data directory ${data} is in use by process ${child.pid}.`);
    expect(await kept(ready.amqp).catch((error: Error) => error.message)).toContain("no queue 'kept'");
  });

  test('of a newer format', async () => {
    mkdirSync(data);
    // The header of format 2 for segment 1 with salt 0, and its checksum.
    const header = `5461624d516c6f670000000200000001${'00'.repeat(12)}ff74879d`;
    writeFileSync(join(data, '0000000001.segment'), header, 'hex');
    const reason = `The journal in ${data} is of a newer TabMQ: 0000000001.segment has format 2.`;
    expect(await refusal()).toBe(reason);
  });

  test('with a record that only a newer TabMQ writes', async () => {
    const journal = await openFileJournal(data, { clock: nodeClock() });
    journal.append(Uint8Array.of(200));
    await journal.close();
    expect(await refusal()).toBe(`The journal in ${data} is of a newer TabMQ: there is a record of kind 200.`);
    expect((await run({ flags: ['check', data] })).code).toBe(2);
  });

  test('with data and memory at once', async () => {
    expect(await refusal('--memory')).toBe('The flag --memory contradicts the one for a data directory.');
    expect(existsSync(data)).toBe(false);
  });

  test('damaged: by file and offset, until a salvage keeps the rest', async () => {
    const first = await startOn();
    for (const body of ['first', 'second', 'third']) await fill(first.ready.amqp, body);
    await stop(first);
    const { file, offset } = damage('second');
    const complaint = await refusal();
    const [, where, bytes] = /at offset (\d+) \((\d+) bytes, 1 message\)/.exec(complaint)!.map(Number);
    expect(complaint).toBe(
      `The journal in ${data} is damaged: ${file} at offset ${where} (${bytes} bytes, 1 message). ` +
        'Bring the directory back from a copy, or start with --salvage to keep all else.',
    );
    expect(offset).toBeGreaterThan(where!);
    expect(offset).toBeLessThan(where! + bytes!);

    const salvaged = await startOn('--salvage');
    expect(await salvaged.stderr.take()).toContain(`given up: ${file} at offset ${where} (${bytes} bytes, 1 message)`);
    expect(await kept(salvaged.ready.amqp)).toEqual(['first', 'third']);
    await stop(salvaged);
    expect(await kept((await startOn()).ready.amqp)).toEqual(['first', 'third']);
  });

  test('an empty directory of the same name is as good as none', async () => {
    mkdirSync(data);
    expect((await startOn()).ready.data).toBe(data);
  });
});

describe('tabmq check', () => {
  function bytesOfFiles(): Record<string, string> {
    // The control socket of a process that was killed is no file.
    const names = readdirSync(data).filter((name) => name !== 'control.sock');
    return Object.fromEntries(names.map((name) => {
      return [name, readFileSync(join(data, name), 'base64')];
    }));
  }

  async function filled(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const gateway = await startOn();
    await fill(gateway.ready.amqp, 'first');
    await withChannel(gateway.ready.amqp, async (channel) => {
      await channel.assertExchange('orders', 'topic');
      await channel.bindQueue('kept', 'orders', 'order.*');
      await channel.assertQueue('log', { arguments: { 'x-queue-type': 'stream' } });
      channel.sendToQueue('log', Buffer.from('entry'), { persistent: true });
      await channel.waitForConfirms();
    });
    for (const body of ['second', 'third']) await fill(gateway.ready.amqp, body);
    await stop(gateway, signal);
  }

  const content = [
    'virtual host /', '  exchange orders: topic, 1 bindings', '  queue kept: 3 messages, 16 bytes',
    expect.stringMatching(/^  stream log: 1 messages, [1-9]\d* bytes$/), '4 messages in all', 'no damage',
  ];

  const ends: NodeJS.Signals[] = ['SIGTERM', 'SIGKILL'];
  test.each(ends)('says what there is after %s, and changes nothing', async (signal) => {
    await filled(signal);
    const before = bytesOfFiles();
    const { code, stdout, stderr } = await run({ flags: ['check', data] });
    const [head, ...lines] = stdout.trimEnd().split('\n');
    expect({ code, stderr, lines }).toEqual({ code: 0, stderr: '', lines: content });
    expect(head).toMatch(new RegExp(`^${data} has 1 segments with \\d+ bytes$`));
    expect(bytesOfFiles()).toEqual(before);
  });

  test('says where it is damaged, and what a salvage would keep', async () => {
    await filled();
    const { file } = damage('second');
    const before = bytesOfFiles();
    const { code, stdout } = await run({ flags: ['check', data] });
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^DAMAGED: ${file} at offset \\d+ \\(\\d+ bytes, 1 message\\)$`, 'm'));
    expect(stdout).toContain('  queue kept: 2 messages, 10 bytes\n');
    expect(bytesOfFiles()).toEqual(before);
  });

  test('says who has it', async () => {
    const { child } = await startOn();
    const { code, stdout } = await run({ flags: ['check', data] });
    expect({ code, line: stdout.split('\n')[0] }).toEqual({
      code: 0, line: `${data} is in use by process ${child.pid}: what it writes now may be missing here`,
    });
  });

  test('says where it is damaged while somebody has it', async () => {
    const { ready } = await startOn();
    for (const body of ['first', 'second', 'third']) await fill(ready.amqp, body);
    const { file } = damage('second');
    const { code, stdout } = await run({ flags: ['check', data] });
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^DAMAGED: ${file} at offset \\d+ \\(\\d+ bytes, 1 message\\)$`, 'm'));
  });

  test('refuses what holds no journal', async () => {
    mkdirSync(data);
    expect(await run({ flags: ['check', data] })).toEqual({
      code: 2, stdout: '', stderr: `There is no journal in ${data}.\n`,
    });
    // It need not be a directory of ours: what is called a lock there may be anything.
    mkdirSync(join(data, 'lock'));
    expect((await run({ flags: ['check', data] })).stderr).toBe(`There is no journal in ${data}.\n`);
    const none = join(data, 'none');
    expect(await run({ flags: ['check', none] })).toEqual({
      code: 2, stdout: '', stderr: `Cannot look at ${none}: there is no such directory.\n`,
    });
    expect((await run({ flags: ['check'] })).code).toBe(2);
  });
});

test('a stream is read again after a kill, what is transient in it too, and goes on with its offsets', async () => {
  const publish = (port: number, ...bodies: string[]): Promise<void> => withChannel(port, async (channel) => {
    await channel.assertQueue('log', { arguments: { 'x-queue-type': 'stream' } });
    for (const body of bodies) channel.sendToQueue('log', Buffer.from(body));
    await channel.waitForConfirms();
  });
  const first = await startOn();
  await publish(first.ready.amqp, 'a', 'b');
  await stop(first, 'SIGKILL');
  const second = await startOn();
  expect(await readLog(second.ready.amqp, 2)).toEqual(['0 a', '1 b']);
  await publish(second.ready.amqp, 'c');
  await stop(second, 'SIGKILL');
  const third = await startOn();
  expect(await readLog(third.ready.amqp, 3)).toEqual(['0 a', '1 b', '2 c']);
});
