import { expect, test } from 'vitest';
import {
  managementApi, type ApiRequest, type MessageView, type QueueView, type TopologyView,
} from '../../core/management/index.ts';
import { fixture, type Fixture } from '../support/fixture.ts';
import { bind, consume, counts, declareExchange, declareQueue, get, publishAll, qos } from '../support/steps.ts';

function api({ broker }: Fixture) {
  const call = managementApi(broker);
  return async (path: string, init: Omit<ApiRequest, 'path'> = {}) => call({ path, ...init });
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test('objects are declared, listed and deleted', async () => {
  const ask = api(fixture());
  const declaration = { durable: true, arguments: { 'x-max-length': 3 } };
  expect(await ask('/api/queues/%2F/a%20b', { method: 'PUT', body: declaration })).toMatchObject({ status: 201 });
  const { body } = await ask('/api/queues');
  expect(body).toMatchObject([{ name: 'a b', vhost: '/', durable: true, arguments: { 'x-max-length': 3 } }]);
  await ask('/api/queues/%2F/a%20b', { method: 'DELETE' });
  expect(await ask('/api/queues')).toEqual({ status: 200, body: [] });
});

test('a virtual host is made once, and deleted with its queues and connections', async () => {
  const made = fixture();
  const ask = api(made);
  await ask('/api/vhosts/other', { method: 'PUT' });
  await ask('/api/vhosts/other', { method: 'PUT' });
  expect(await ask('/api/vhosts?columns=name')).toEqual({ status: 200, body: [{ name: '/' }, { name: 'other' }] });
  await ask('/api/queues/other/q', { method: 'PUT', body: {} });
  expect(made.broker.vhost('other').queues.size).toBe(1);
  expect(await ask('/api/vhosts/other', { method: 'DELETE' })).toEqual({ status: 204, body: null });
  for (const method of ['GET', 'DELETE'] as const) {
    expect(await ask('/api/vhosts/other', { method })).toMatchObject({ status: 404 });
  }
});

test('what AMQP refuses is told in its words', async () => {
  const ask = api(fixture());
  expect(await ask('/api/exchanges/%2F/x', { method: 'PUT', body: { type: 'odd' } })).toMatchObject({
    status: 400, body: { reason: "unknown exchange type 'odd'" },
  });
  expect(await ask('/api/queues/%2F/none')).toMatchObject({ status: 404 });
  expect(await ask('/api/queues/%2F/%zz')).toMatchObject({ status: 400 });
  expect(await ask('/api/none')).toMatchObject({ status: 404 });
  expect(await ask('/api/overview', { method: 'DELETE' })).toMatchObject({ status: 405 });
});

test.each<[string, object, RegExp]>([
  ['queues/%2F/q', { durable: 'yes' }, /not_boolean/],
  ['queues/%2F/q', { arguments: 5 }, /a JSON object was expected, and not 5/],
  ['queues/%2F/q', { arguments: { a: null } }, /null_not_allowed/],
  ['exchanges/%2F/x', { type: 5 }, /type: a text was expected, and not 5/],
  ['exchanges/%2F/x', { internal: 1 }, /not_boolean/],
  ['exchanges/%2F/amq.direct/publish', { routing_key: 5 }, /routing_key: a text was expected/],
  ['exchanges/%2F/amq.direct/publish', { routing_key: 'ü'.repeat(128) }, /the routing key takes 256 octets/],
  ['exchanges/%2F/amq.direct/publish', { properties: { type: 't'.repeat(256) } }, /type takes more than 255 octets/],
  [`exchanges/%2F/${'x'.repeat(256)}`, { type: 'fanout' }, /the exchange takes 256 octets, where 255 are/],
  ['exchanges/%2F/amq.direct/publish', { properties: 'x' }, /a JSON object was expected/],
  ['exchanges/%2F/amq.direct/publish', { properties: { delivery_mode: '2' } }, /not_int,delivery_mode/],
  ['exchanges/%2F/amq.direct/publish', { properties: { priority: 999 } }, /not_int,priority/],
  ['exchanges/%2F/amq.direct/publish', { properties: { expiration: 5 } }, /not_string,expiration/],
  ['exchanges/%2F/amq.direct/publish', { properties: { headers: 5 } }, /a JSON object was expected/],
  ['exchanges/%2F/amq.direct/publish', { payload_encoding: 'rot13' }, /unsupported_encoding,rot13/],
])('what is of another type than it must be is refused: %s %j', async (path, body, reason) => {
  const made = fixture();
  const method = path.endsWith('publish') ? 'POST' : 'PUT';
  const answer = await api(made)(`/api/${path}`, { method, body });
  expect(answer).toMatchObject({ status: 400, body: { error: 'bad_request' } });
  expect(String((answer.body as { reason: unknown }).reason)).toMatch(reason);
  expect([...made.vhost.queues.keys()]).toEqual([]);
});

test('a peek changes nothing, however often', async () => {
  const made = fixture();
  const channel = made.open();
  const ask = api(made);
  declareQueue(channel, 'q');
  publishAll(channel, 'q', ['a', 'b', 'c']);
  const peek = async () => (await ask('/api/queues/%2F/q/messages?from=1&count=1')).body as MessageView[];
  const first = await peek();
  expect(first.map(({ payload, position }) => [textOf(payload), position])).toEqual([['b', 1]]);
  expect(await peek()).toEqual(first);
  expect(counts(channel, 'q')).toEqual([3, 0]);
  expect(get(channel, 'q')).toMatchObject({ text: 'a', args: { redelivered: false } });
});

test('who holds a message, and since when', async () => {
  const made = fixture();
  const channel = made.open();
  const ask = api(made);
  declareQueue(channel, 'q');
  qos(channel, 1);
  made.clock.advanceBy(100);
  consume(channel, 'q', { consumerTag: 't' });
  publishAll(channel, 'q', ['a', 'b']);
  const { body } = await ask('/api/queues/%2F/q/messages?state=unacked');
  expect(body).toMatchObject([
    { state: 'unacked', held_by: { channel: 'connection-1/1', consumer_tag: 't', delivery_tag: 1, since: 100 } },
  ]);
});

test('a picture has everything in one answer', async () => {
  const made = fixture();
  const channel = made.open();
  declareExchange(channel, 'x', 'topic');
  declareQueue(channel, 'q');
  bind(channel, 'x', 'q', '#');
  consume(channel, 'q', { consumerTag: 't' });
  publishAll(channel, 'q', ['a']);
  const { body } = await api(made)('/api/topology?vhost=%2F');
  const { queues, bindings, consumers, connections } = body as TopologyView;
  expect(queues).toMatchObject([{ name: 'q', messages_unacknowledged: 1, head: [] }]);
  expect(bindings).toMatchObject([{ source: 'x', destination: 'q', routing_key: '#' }]);
  expect(consumers).toMatchObject([{ queue: 'q', channel: 'connection-1/1', unacked: 1, active: true }]);
  expect(connections).toMatchObject([{ name: 'connection-1', state: 'running' }]);
});

test('definitions go out and come in again, without what goes with its connection [DEF-04]', async () => {
  const made = fixture();
  const channel = made.open();
  declareExchange(channel, 'x', 'topic', {}, { durable: true });
  declareQueue(channel, 'q', { 'x-max-priority': 5 }, { durable: true });
  bind(channel, 'x', 'q', 'a.*');
  declareQueue(channel, '');
  declareQueue(channel, 'mine', {}, { exclusive: true });
  bind(channel, 'x', 'mine', 'b.*');
  const { body } = await api(made)('/api/definitions');
  const other = api(fixture());
  const report = await other('/api/definitions', { method: 'POST', body: JSON.parse(JSON.stringify(body)) });
  expect((report.body as { outcome: string }[]).map(({ outcome }) => outcome))
    .toEqual(['same', 'same', 'same', 'created', 'created', 'created', 'created']);
  expect((await other('/api/definitions')).body).toEqual(body);
});

test('an import goes on behind what is refused or not known', async () => {
  const ask = api(fixture());
  const { body } = await ask('/api/definitions', {
    method: 'POST',
    body: {
      users: [{ name: 'alice' }], shovels: [{ name: 'mover' }],
      queues: [{ name: 'bad', vhost: '/', arguments: { 'x-max-length': 'much' } }, { name: 'good', vhost: '/' }, 7],
    },
  });
  expect(body).toMatchObject([
    { kind: 'user', name: 'alice', outcome: 'created' }, { kind: 'queue', name: 'bad', outcome: 'refused' },
    { kind: 'queue', name: 'good', outcome: 'created' }, { kind: 'queue', outcome: 'refused' },
    { kind: 'shovels', name: 'mover', outcome: 'skipped' },
  ]);
  expect((await ask('/api/queues')).body as QueueView[]).toHaveLength(1);
  expect(await ask('/api/definitions', { method: 'POST', body: { some: 'file' } })).toMatchObject({ status: 400 });
  expect(await ask('/api/definitions', { method: 'POST', body: { queues: 7, vhosts: [{ name: 'other' }] } }))
    .toMatchObject({ status: 400, body: { reason: '"queues" must be a list' } });
});
