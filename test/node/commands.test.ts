/** What a person does from a shell to a broker that runs, by our words and by those of rabbitmqctl. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqplib from 'amqplib';
import { Command } from 'commander';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ApiClient } from '../../node/commands/api-client.ts';
import { apiCommands, registerCommands } from '../../node/commands/register.ts';
import { tableOf, valueAt } from '../../node/commands/output.ts';
import { limits } from '../../core/limits.ts';
import { startGateway, type Gateway } from '../../node/index.ts';
import { run } from './command.ts';

let folder: string;
let data: string;
let gateway: Gateway;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tabmq-commands-'));
  data = join(folder, 'data');
  gateway = await startGateway({ ports: { amqp: 0, http: 0 }, data });
});

afterAll(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  const { exitCode } = process;
  onTestFinished(() => void (process.exitCode = exitCode));
});

/** Runs a command in this process, over the socket of the data directory unless the words say otherwise. */
async function tabmq(...words: string[]): Promise<string> {
  const said: string[] = [];
  const program = new Command('tabmq').exitOverride().enablePositionalOptions()
    .configureOutput({ outputError: () => {}, writeOut: (text) => said.push(text) });
  registerCommands(program, (text) => said.push(text));
  const isPlaced = words.includes('--url') || words.includes('--help');
  await program.parseAsync([...words, ...(isPlaced ? [] : ['--data', data])], { from: 'user' });
  return said.join('\n');
}

async function rows(...words: string[]): Promise<Record<string, unknown>[]> {
  return JSON.parse(await tabmq(...words, '--json'));
}

const url = (): string => `http://127.0.0.1:${gateway.ports.http}`;

describe('the control socket', () => {
  test('is for the owner of the data directory alone, who needs no password', async () => {
    expect(statSync(join(data, 'control.sock')).mode & 0o777).toBe(0o600);
    expect(await tabmq('ping')).toBe('the broker answers');
    expect((await rows('users'))[0]).toMatchObject({ name: 'guest', tags: ['administrator'] });
  });

  test('is gone when the gateway stops, and made anew where one was left behind', async () => {
    const other = join(folder, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'control.sock'), '');
    const second = await startGateway({ ports: { amqp: 0, http: 0 }, data: other });
    await new ApiClient({ data: other }).ask({ path: '/overview' });
    await second.stop();
    expect(statSync(join(other, 'control.sock'), { throwIfNoEntry: false })).toBeUndefined();
  });
});

describe('over HTTP', () => {
  test('a user asks by URL and password, and is told what is refused', async () => {
    const place = ['--url', url(), '--user', 'guest:guest'];
    expect(await tabmq('ping', ...place)).toBe('the broker answers');
    await expect(tabmq('users', '--url', `${url()}/api`, '--user', 'guest:wrong')).rejects.toThrow(
      'The broker answers 401: Login failed',
    );
    await expect(tabmq('delete_user', 'nobody', ...place)).rejects.toThrow('The broker answers 404: Not Found');
    await expect(tabmq('users', '--url', 'http://127.0.0.1:1')).rejects.toThrow(
      'Cannot reach the broker at http://127.0.0.1:1: no broker listens there.',
    );
    await expect(tabmq('users', '--url', 'localhost')).rejects.toThrow('begins with http:// or https://');
    await expect(tabmq('users', '--url', url(), '--user', 'guest')).rejects.toThrow('must be name:password');
  });
});

describe('users and what they may do', () => {
  test('are made, changed and deleted', async () => {
    await tabmq('add_user', 'ann', 'one');
    await tabmq('set_user_tags', 'ann', 'monitoring', 'management');
    await tabmq('set_permissions', '-p', '/', 'ann', '^a', '^b', '.*');
    await tabmq('topic-permissions', 'set', 'ann', 'amq.topic', '^c', '^d');
    await tabmq('users', 'limit', 'ann', '{"max-connections": 5, "max-channels": 7}');
    expect(await tagsOfAnn()).toEqual(['monitoring', 'management']);
    expect(await rows('list_user_permissions', 'ann')).toMatchObject([{ configure: '^a', write: '^b', read: '.*' }]);
    expect(await rows('list_topic_permissions')).toMatchObject([{ user: 'ann', write: '^c', read: '^d' }]);
    expect(await rows('list_user_limits')).toEqual([
      { user: 'ann', limit: 'max-connections', value: 5 }, { user: 'ann', limit: 'max-channels', value: 7 },
    ]);
    const login = (password: string): Promise<string> => tabmq('ping', '--url', url(), '--user', `ann:${password}`);
    await login('one');
    await tabmq('change_password', 'ann', 'two');
    await login('two');
    await expect(login('one')).rejects.toThrow('401');
    expect(await tagsOfAnn()).toEqual(['monitoring', 'management']);
    await tabmq('users', 'clear-password', 'ann');
    await expect(login('two')).rejects.toThrow('401');
    await tabmq('clear_topic_permissions', 'ann', 'amq.topic');
    await tabmq('clear_permissions', 'ann');
    await tabmq('clear_user_limits', 'ann', 'all');
    expect([await rows('list_user_permissions', 'ann'), await rows('list_user_limits')]).toEqual([[], []]);
    await tabmq('users', 'delete', 'ann');
    expect((await rows('users')).map(({ name }) => name)).toEqual(['guest']);
  });
});

async function tagsOfAnn(): Promise<unknown> {
  return (await rows('list_users')).find(({ name }) => name === 'ann')?.['tags'];
}

describe('virtual hosts and policies', () => {
  test('are made, limited, set and deleted', async () => {
    await tabmq('add_vhost', 'v/1', '--description', 'for tests', '--tags', 'a,b');
    expect((await rows('list_vhosts')).find(({ name }) => name === 'v/1')).toMatchObject({ description: 'for tests' });
    await tabmq('set_vhost_limits', '-p', 'v/1', '{"max-queues": 3}');
    expect(await rows('limits', '-p', 'v/1')).toEqual([{ vhost: 'v/1', limit: 'max-queues', value: 3 }]);
    await tabmq('limits', 'clear', '-p', 'v/1');
    const terms = ['--priority', '2', '--apply-to', 'queues', 'short', '^q', '{"max-length": 5}'];
    await tabmq('set_policy', '-p', 'v/1', ...terms);
    expect(await rows('list_policies', '-p', 'v/1')).toMatchObject([
      { 'name': 'short', 'pattern': '^q', 'priority': 2, 'apply-to': 'queues', 'definition': { 'max-length': 5 } },
    ]);
    await tabmq('set_operator_policy', '-p', 'v/1', 'shorter', '.*', '{"max-length": 2}');
    expect(await rows('operator-policies', '-p', 'v/1')).toMatchObject([{ name: 'shorter' }]);
    await tabmq('policies', 'clear', 'short', '-p', 'v/1');
    await tabmq('clear_operator_policy', 'shorter', '-p', 'v/1');
    await tabmq('set_global_parameter', 'mine', '{"a": 1}');
    expect((await rows('global-parameters')).find(({ name }) => name === 'mine')?.['value']).toEqual({ a: 1 });
    await tabmq('clear_global_parameter', 'mine');
    await tabmq('trace_on', '-p', 'v/1');
    await tabmq('trace', 'off', '-p', 'v/1');
    await expect(tabmq('set_policy', 'bad', '.*', '{length}')).rejects.toThrow('definition of the policy is not JSON');
    await expect(tabmq('set_policy', 'bad', '.*', '{"nope": 1}')).rejects.toThrow('answers 400: Validation failed');
    await tabmq('delete_vhost', 'v/1');
    expect((await rows('vhosts')).map(({ name }) => name)).toEqual(['/']);
  });
});

describe('queues and clients', () => {
  test('are shown by the columns that are asked for, purged, deleted and closed', async () => {
    const connection = await amqplib.connect(`amqp://127.0.0.1:${gateway.ports.amqp}`);
    const closed = new Promise<string>((resolve) => {
      connection.on('close', (error: unknown) => resolve(String(error)));
    });
    connection.on('error', () => {});
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('tasks/1');
    for (const text of ['a', 'b']) channel.sendToQueue('tasks/1', Buffer.from(text));
    await channel.waitForConfirms();
    expect(await tabmq('list_queues', 'name', 'messages')).toBe('name     messages\ntasks/1  2');
    expect(await tabmq('list_queues', 'name', 'messages', '-q')).toBe('tasks/1  2');
    expect(await rows('queues', 'name', 'messages')).toEqual([{ name: 'tasks/1', messages: 2 }]);
    expect(await tabmq('list_bindings', 'destination')).toContain('tasks/1');
    expect(await tabmq('exchanges', '-p', '/')).toMatch(/amq\.topic +topic +true/);
    await channel.consume('tasks/1', () => {}, { noAck: false });
    await expect.poll(() => rows('consumers', 'queue.name', 'ack_required')).toEqual([
      { 'queue.name': 'tasks/1', 'ack_required': true },
    ]);
    expect(await rows('list_channels', 'user')).toEqual([{ user: 'guest' }]);
    expect(await tabmq('status')).toMatch(/connections +1\n[^]*queues +1\n[^]*alarms +none/);
    await tabmq('pause_queue', 'tasks/1');
    expect(await rows('list_queues', 'state')).toEqual([{ state: 'paused' }]);
    await tabmq('resume', 'tasks/1');
    expect(await rows('list_queues', 'state')).toEqual([{ state: 'running' }]);
    await expect(tabmq('delete', 'tasks/1', '--if-unused')).rejects.toThrow('The broker answers 400');
    await tabmq('purge_queue', 'tasks/1');
    const [{ name }] = await rows('list_connections', 'name') as [{ name: string }];
    await tabmq('close_connection', name, 'for tests');
    expect(await closed).toContain('CONNECTION_FORCED - for tests');
    await tabmq('delete_queue', 'tasks/1');
    expect(await rows('queues')).toEqual([]);
    expect(await tabmq('close_all_connections', 'enough')).toBe('0 connections closed');
  });

  test('have definitions that go out and come in', async () => {
    const file = join(folder, 'definitions.json');
    const connection = await amqplib.connect(`amqp://127.0.0.1:${gateway.ports.amqp}`);
    onTestFinished(() => connection.close());
    await (await connection.createChannel()).assertQueue('kept');
    expect(await tabmq('export_definitions', file)).toBe(`${file} has the definitions`);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ queues: [{ name: 'kept' }] });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await tabmq('delete', 'kept');
    expect(await tabmq('definitions', 'import', file)).toBe('the definitions are taken in');
    expect(await rows('queues', 'name')).toEqual([{ name: 'kept' }]);
    expect(JSON.parse(await tabmq('definitions', 'export'))).toMatchObject({ queues: [{ name: 'kept' }] });
    await tabmq('vhosts', 'add', 'aside');
    await tabmq('set_permissions', '-p', 'aside', 'guest', '.*', '.*', '.*');
    const other = await amqplib.connect(`amqp://127.0.0.1:${gateway.ports.amqp}/aside`);
    await (await other.createChannel()).assertQueue('apart');
    await other.close();
    const apart = join(folder, 'aside.json');
    await tabmq('definitions', 'export', apart, '-p', 'aside');
    const whole = JSON.parse(readFileSync(apart, 'utf8')) as Record<string, unknown>;
    expect(whole).toMatchObject({ queues: [{ name: 'apart' }] });
    expect([whole['users'], (whole['queues'] as object[]).length]).toEqual([undefined, 1]);
    await tabmq('import_definitions', apart, '--vhost', '/');
    expect(await rows('queues', 'name', '-p', '/')).toEqual([{ name: 'kept' }, { name: 'apart' }]);
    await tabmq('delete', 'apart');
    await tabmq('vhosts', 'delete', 'aside');
    await expect(tabmq('import_definitions', '/no/such/file')).rejects.toThrow('Cannot read the definitions');
    await tabmq('delete', 'kept');
  });

  test('suffer what runs short, which is shown', async () => {
    expect(await tabmq('alarms')).toBe('no alarm');
    gateway.broker.setAlarm('memory', true);
    expect(await tabmq('alarms')).toBe('alarm: memory');
    expect(process.exitCode).toBe(1);
    gateway.broker.setAlarm('memory', false);
  });
});

test('the node tells what it takes of the machine, and what there is', async () => {
  const [node] = (await new ApiClient({ data }).ask({ path: '/nodes' })) as unknown as Record<string, number>[];
  expect(node).toMatchObject({ db_dir: data, disk_free_limit: limits.journalReserveBytes, disk_free_alarm: false });
  for (const key of ['disk_free', 'fd_used', 'fd_total', 'mem_used']) expect(node![key], key).toBeGreaterThan(0);
});

describe('the table of commands', () => {
  test('gives each a sentence and rabbitmqctl\'s words, no word twice', async () => {
    const words = apiCommands.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(words).size).toBe(words.length);
    const help = await tabmq('--help').catch(() => '').then(() => helpOf('--help'));
    for (const word of ['queues', 'status', 'definitions', 'trace', 'users']) expect(help).toMatch(`\n  ${word}`);
    expect(await helpOf('users', '--help')).toContain('add_user');
  });

  async function helpOf(...words: string[]): Promise<string> {
    let help = '';
    const program = new Command('tabmq').exitOverride().enablePositionalOptions();
    registerCommands(program, () => {});
    const all = [program, ...program.commands];
    for (const each of all) each.exitOverride().configureOutput({ writeOut: (text) => (help += text) });
    await program.parseAsync(words, { from: 'user' }).catch(() => {});
    return help;
  }
});

test('a table shows what is there, and no tricks on a terminal', () => {
  expect(tableOf([{ a: 1, b: { c: 'x' } }, { a: '\u001b[31m', b: {} }], ['a', 'b.c'])).toBe(
    'a           b.c\n1           x\n\\u{1b}[31m',
  );
  expect(valueAt({ 'a.b': 1, 'a': { b: 2 } }, 'a.b')).toBe(1);
});

test('the program itself has them, beside its own flags, and says what went wrong', async () => {
  const environment = { TABMQ_MEMORY: '', TABMQ_DATA: data };
  const { code, stdout, stderr } = await run({ flags: ['list_users', 'name'], environment });
  expect([code, stdout, stderr]).toEqual([0, 'name\nguest\n', '']);
  const refused = await run({ flags: ['delete_user', 'nobody'], environment });
  expect([refused.code, refused.stderr]).toEqual([1, 'The broker answers 404: Not Found\n']);
  const wrong = await run({ flags: ['add_user', 'ann'], environment });
  const sentence = "Wrong usage: missing required argument 'password'; see tabmq --help.\n";
  expect([wrong.code, wrong.stderr]).toEqual([2, sentence]);
});
