/** What RabbitMQ 3.10.8 answers, by key and type: each object of the API has all of it. */
import { readFileSync } from 'node:fs';
import { connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../../node/index.ts';

interface Recorded {
  readonly body: string;
  /** Path of a key to the types that it has; `?`: not every object has it. */
  readonly keys?: Readonly<Record<string, string>>;
  readonly keysOf?: string;
}

const recorded = JSON.parse(readFileSync(new URL('../fixtures/management-keys.json', import.meta.url), 'utf8')) as
  Readonly<Record<string, Recorded>>;

/** Disk accesses of RabbitMQ's message store, what its plug-ins use exchanges for, and how long somebody was idle. */
const meaningless = /^message_stats\.disk_|internal_purpose$|^idle_since$/;

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

const names: Readonly<Record<string, string>> = { int: 'number', float: 'number', bool: 'boolean' };

/** Values that a path leads to, one for each item of a list on the way; undefined: it is not there. */
function at(value: unknown, path: readonly string[]): unknown[] {
  const [head, ...rest] = path;
  if (head === undefined) return [value];
  const isList = head.endsWith('[]');
  const next = (value as Record<string, unknown>)[isList ? head.slice(0, -2) : head];
  if (next === undefined) return [undefined];
  return isList ? (next as unknown[]).flatMap((item) => at(item, rest)) : at(next, rest);
}

/** What an object lacks, or has otherwise. */
function complaints(object: unknown, keys: Readonly<Record<string, string>>): string[] {
  return Object.entries(keys).flatMap(([key, type]) => {
    if (meaningless.test(key)) return [];
    // What has not happened is not counted.
    const isOptional = type.endsWith('?') || key.startsWith('message_stats.');
    const types = type.replace('?', '').split('|').map((each) => names[each] ?? each);
    return at(object, key.split('.')).flatMap((value) => {
      // What is within something that not every object has is there only with it.
      const isPart = key.includes('.') && at(object, [key.split('.')[0]!])[0] === undefined;
      if (value === undefined) return isOptional || isPart ? [] : [`${key} is missing`];
      return types.includes(typeOf(value)) ? [] : [`${key} is ${typeOf(value)} and not ${types.join('|')}`];
    });
  });
}

test('every route tells the keys that RabbitMQ tells, with their types', async () => {
  const gateway = await startGateway({ hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 } });
  onTestFinished(() => gateway.stop());
  const headers = { authorization: `Basic ${btoa('guest:guest')}` };
  const ask = async (method: string, path: string, body?: object): Promise<Response> => {
    const response = await fetch(`http://127.0.0.1:${gateway.ports.http}${path}`, {
      method, headers, ...(body && { body: JSON.stringify(body) }),
    });
    expect(response.status, `${method} ${path}`).toBeLessThan(300);
    return response;
  };
  const url = `amqp://127.0.0.1:${gateway.ports.amqp}`;
  const connection = await connect(url, { clientProperties: { connection_name: 'me' } });
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('q');
  await channel.assertQueue('quorum', { arguments: { 'x-queue-type': 'quorum' } });
  await channel.assertQueue('stream', { arguments: { 'x-queue-type': 'stream' } });
  await channel.assertExchange('x', 'topic');
  await channel.assertExchange('y', 'fanout');
  await channel.bindQueue('q', 'x', '#');
  await channel.bindExchange('y', 'x', '#');
  channel.publish('x', 'key', Buffer.from('a'), { timestamp: 1_700_000_000 });
  await channel.waitForConfirms();
  await channel.consume('q', () => {});
  await ask('PUT', '/api/vhosts/v', { description: 'd', tags: ['a'] });
  await ask('PUT', '/api/users/u', { password: 'p', tags: 'monitoring' });
  await ask('PUT', '/api/users/nobody', { password: 'p', tags: '' });
  await ask('PUT', '/api/permissions/%2F/u', { configure: '', write: '', read: '.*' });
  await ask('PUT', '/api/topic-permissions/%2F/u', { exchange: 'x', write: 'a', read: 'b' });
  await ask('PUT', '/api/policies/%2F/p', { pattern: '^q', definition: { 'max-length': 9 }, 'apply-to': 'queues' });
  await ask('PUT', '/api/operator-policies/%2F/p', { pattern: '^q', definition: { 'max-length': 5 } });
  await ask('PUT', '/api/vhost-limits/%2F/max-queues', { value: 50 });
  await ask('PUT', '/api/user-limits/u/max-channels', { value: 50 });
  await ask('PUT', '/api/parameters/shovel/%2F/s', { value: { 'src-queue': 'q' } });
  await ask('PUT', '/api/global-parameters/g', { value: { a: 1 } });
  const [{ name }] = await (await ask('GET', '/api/connections')).json() as [{ name: string }];
  const parts: Record<string, string> = {
    v: '%2F', n: gateway.broker.options.node, c: encodeURIComponent(name), ch: encodeURIComponent(`${name} (1)`),
    u: 'u', q: 'q', s: 'x', d: 'q', within: '1', unit: 'days', p: String(gateway.ports.amqp),
  };
  const special: Record<string, string> = {
    '/api/parameters/{c}': '/api/parameters/shovel', '/api/parameters/{c}/{v}': '/api/parameters/shovel/%2F',
    '/api/parameters/{c}/{v}/{n}': '/api/parameters/shovel/%2F/s',
      '/api/global-parameters/{n}': '/api/global-parameters/g',
    '/api/policies/{v}/{n}': '/api/policies/%2F/p', '/api/operator-policies/{v}/{n}': '/api/operator-policies/%2F/p',
    '/api/exchanges/{v}/{n}': '/api/exchanges/%2F/x',
      '/api/connections/username/{u}': '/api/connections/username/guest',
    '/api/exchanges/{v}/{n}/bindings/source': '/api/exchanges/%2F/x/bindings/source',
    '/api/exchanges/{v}/{n}/bindings/destination': '/api/exchanges/%2F/y/bindings/destination',
    '/api/bindings/{v}/e/{s}/e/{d}': '/api/bindings/%2F/e/x/e/y',
    '/api/health/checks/protocol-listener/{p}': '/api/health/checks/protocol-listener/amqp091',
  };
  const found: string[] = [];
  for (const [path, { body: kind, keys, keysOf }] of Object.entries(recorded)) {
    const place = special[path] ?? path.replaceAll(/\{(\w+)\}/g, (_, part: string) => parts[part]!);
    const value = await (await ask('GET', place)).json() as unknown;
    const items = kind === 'array' ? value as unknown[] : [value];
    if (path !== '/api/extensions') expect(items, place).not.toEqual([]);
    const wanted = keys ?? recorded[keysOf!]!.keys!;
    found.push(...items.flatMap((item) => complaints(item, wanted).map((text) => `${path}: ${text}`)));
  }
  expect([...new Set(found)]).toEqual([]);
  await connection.close();
});
