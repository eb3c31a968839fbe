/** Exchanges to which the broker itself publishes: events, firehose, log. */
import { expect, test } from 'vitest';
import { Broker, durableIn, VirtualClock } from '../../core/index.ts';
import type { FieldTable } from '../../core/protocol/types.ts';
import { MemoryJournal } from '../../core/storage/index.ts';
import { fixture, type Fixture } from '../support/fixture.ts';
import { bind, consume, declareExchange, declareQueue, get, nack } from '../support/steps.ts';
import { connect, type TestChannel } from '../support/test-client.ts';

interface Told { readonly key: string; readonly headers: FieldTable }

/** Everything that an exchange tells from now on, on a queue of its own. */
function listen(made: Fixture, exchange: string, key = '#', vhost = '/'): () => Told[] {
  const channel = made.open({ vhost });
  const { queue } = declareQueue(channel, '', {}, { exclusive: true });
  bind(channel, exchange, queue, key);
  consume(channel, queue, { noAck: true });
  channel.take();
  return () => {
    made.clock.runUntilIdle();
    return channel.take().flatMap((each) => (each.name === 'basic.deliver'
      ? [{ key: each.args.routingKey, headers: each.properties?.headers ?? {} }]
      : []));
  };
}

const keysOf = (all: readonly Told[]): string[] => all.map(({ key }) => key);

/** The headers of one event but for the time, which all of them have at the end. */
function facts(all: readonly Told[], key: string): FieldTable {
  const found = all.find((each) => each.key === key);
  expect(found, key).toBeDefined();
  const names = Object.keys(found!.headers);
  expect(names.at(-1)).toBe('timestamp_in_ms');
  const { timestamp_in_ms: at, ...others } = found!.headers;
  expect(Number(at)).toBeGreaterThan(0);
  return others;
}

function asGuest(table: FieldTable): FieldTable {
  return { user_who_performed_action: 'guest', ...table };
}

test('what is declared, bound, consumed and deleted is told, by whom and with its arguments', () => {
  const made = fixture();
  const told = listen(made, 'amq.rabbitmq.event');
  const channel = made.open();
  told();
  declareExchange(channel, 'x', 'topic', {}, { durable: true });
  declareQueue(channel, 'q', { 'x-max-length': 5 }, { durable: true });
  bind(channel, 'x', 'q', 'k', { a: 1 });
  channel.call('basic.qos', { prefetchCount: 3 });
  consume(channel, 'q', { consumerTag: 'c' });
  channel.call('basic.cancel', { consumerTag: 'c' });
  channel.call('queue.unbind', { exchange: 'x', queue: 'q', routingKey: 'k', arguments: { a: 1 } });
  channel.call('queue.delete', { queue: 'q' });
  channel.call('exchange.delete', { exchange: 'x' });
  const all = told();
  expect(keysOf(all)).toEqual([
    'exchange.created', 'queue.created', 'binding.created', 'consumer.created', 'consumer.deleted',
    'binding.deleted', 'queue.deleted', 'exchange.deleted',
  ]);
  expect(facts(all, 'exchange.created')).toEqual(asGuest({
    policy: '', arguments: [], internal: false, auto_delete: false, durable: true, type: 'topic', name: 'x',
    vhost: '/',
  }));
  expect(facts(all, 'queue.created')).toEqual(asGuest({
    exclusive: false, owner_pid: '', arguments: ['{<<"x-max-length">>,signedint,5}'], auto_delete: false,
    durable: true, name: 'q', vhost: '/',
  }));
  expect(facts(all, 'binding.created')).toEqual(asGuest({
    vhost: '/', arguments: ['{<<"a">>,signedint,1}'], routing_key: 'k', destination_kind: 'queue',
    destination_name: 'q', source_kind: 'exchange', source_name: 'x',
  }));
  expect(facts(all, 'consumer.created')).toEqual(asGuest({
    arguments: [], prefetch_count: 3, queue: 'q', vhost: '/', channel: '<connection-2/1>', ack_required: true,
    exclusive: false, consumer_tag: 'c',
  }));
  expect(facts(all, 'queue.deleted')).toEqual(asGuest({ name: 'q', vhost: '/' }));
});

test('connections, channels and logins are told', () => {
  const made = fixture();
  const told = listen(made, 'amq.rabbitmq.event', 'connection.#');
  const logins = listen(made, 'amq.rabbitmq.event', 'user.authentication.*');
  const channels = listen(made, 'amq.rabbitmq.event', 'channel.*');
  for (const listener of [told, logins, channels]) listener();
  connect(made.broker, made.clock, { password: 'wrong' });
  const channel = made.open();
  channel.client.close();
  const all = told();
  expect(keysOf(all)).toEqual(['connection.closed', 'connection.created', 'connection.closed']);
  expect(facts(all, 'connection.created')).toMatchObject(asGuest({
    type: 'network', vhost: '/', user: 'guest', protocol: '{0,9,1}', auth_mechanism: 'PLAIN', ssl: false,
  }));
  const [failure, success] = logins();
  expect([failure!.key, success!.key]).toEqual(['user.authentication.failure', 'user.authentication.success']);
  expect(failure!.headers).toMatchObject({ name: 'guest', connection_type: 'network' });
  expect(String.fromCodePoint(...failure!.headers['error'] as number[])).toContain('Login was refused');
  expect(keysOf(channels()).slice(-2)).toEqual(['channel.created', 'channel.closed']);
});

test('users, permissions, parameters, limits and policies are told when they change', () => {
  const made = fixture();
  const told = listen(made, 'amq.rabbitmq.event');
  const { access, parameters } = made.broker;
  declareQueue(made.open(), 'q1');
  told();
  access.users.put('u', { password: 'p', tags: ['management'] });
  access.users.put('u', { password: 'other', limits: { 'max-channels': 50 } });
  access.users.clearLimit('u', 'max-channels');
  const patterns = { configure: '', write: 'w', read: '.*' };
  access.permissions.set('u', '/', patterns);
  access.permissions.setTopic('u', '/', 'amq.topic', { write: 'w', read: 'r' });
  access.permissions.deleteTopic('u', '/');
  const vhost = made.broker.vhost();
  vhost.policies.set('p', { pattern: '^q', definition: { 'max-length': 100 }, priority: 3, applyTo: 'queues' });
  vhost.policies.delete('p');
  vhost.operatorPolicies.set('o', { pattern: '^q', definition: { 'max-length': 50 } });
  vhost.operatorPolicies.delete('o');
  vhost.limits.set('max-queues', 20);
  vhost.limits.clear('max-queues');
  parameters.set('shovel', '/', 's', { a: [1, 'x'] });
  parameters.delete('shovel', '/', 's');
  access.users.delete('u');
  const all = told();
  expect(keysOf(all)).toEqual([
    'user.created', 'user.tags.set', 'user.password.changed', 'user.limits.set', 'user.limits.cleared',
    'permission.created', 'topic.permission.created', 'topic.permission.deleted',
    'queue.policy.updated', 'policy.set', 'queue.policy.cleared', 'policy.cleared',
    'parameter.set', 'queue.policy.updated', 'policy.set',
    'parameter.cleared', 'queue.policy.cleared', 'operator.policy.cleared',
    'parameter.set', 'vhost.limits.set', 'parameter.cleared', 'vhost.limits.set',
    'parameter.set', 'parameter.cleared', 'user.deleted', 'permission.deleted',
  ]);
  expect(facts(all, 'user.tags.set')).toMatchObject({ tags: ['management'], name: 'u' });
  expect(facts(all, 'permission.created')).toMatchObject({ ...patterns, vhost: '/', user: 'u' });
  expect(facts(all, 'queue.policy.updated')).toMatchObject({
    'apply-to': 'queues', priority: 3, definition: { 'max-length': 100 }, pattern: '^q',
    type: 'rabbit_classic_queue', vhost: '/', name: 'q1',
  });
  expect(facts(all.slice(22), 'parameter.set')).toMatchObject({
    value: { a: [1, 'x'] }, name: 's', component: 'shovel', vhost: '/',
  });
});

test('virtual hosts are told with the exchanges that they begin with, and alarms', () => {
  const made = fixture();
  const told = listen(made, 'amq.rabbitmq.event');
  const vhost = made.broker.ensureVhost('ev');
  vhost.describe({ tracing: true, description: 'd', tags: ['a'] });
  made.broker.setAlarm('memory', true);
  made.broker.setAlarm('memory', false);
  const all = told();
  expect(keysOf(all)).toEqual([
    ...Array.from({ length: 7 }, () => 'exchange.created'), 'vhost.created', 'vhost.updated', 'alarm.set',
    'alarm.cleared',
  ]);
  expect(facts(all, 'vhost.updated')).toMatchObject({
    tags: ['a'], description: 'd', tracing: true, default_queue_type: 'undefined', name: 'ev',
    metadata: '#{<<"description">> => <<"d">>,<<"tags">> => [<<"a">>]}',
  });
  expect(facts(all, 'alarm.set')).toMatchObject({ node: 'tabmq', source: 'memory' });
});

test('clients cannot publish to what the broker tells, and nothing is made while nobody listens', () => {
  const made = fixture();
  for (const exchange of ['amq.rabbitmq.event', 'amq.rabbitmq.log', 'amq.rabbitmq.trace']) {
    const channel = made.open();
    channel.publish(exchange, 'k');
    expect(channel.closed?.replyText).toContain('ACCESS_REFUSED - cannot publish to internal exchange');
  }
  expect([...made.broker.vhost().exchanges.keys()].filter((name) => name.startsWith('amq.rabbitmq')))
    .toEqual(['amq.rabbitmq.trace', 'amq.rabbitmq.event', 'amq.rabbitmq.log']);
  made.broker.vhost().describe({ tracing: true });
  const channel = made.open();
  const { published } = made.broker.vhost().counters;
  made.broker.logExchange.write('info', 'a line');
  declareQueue(channel, 'q');
  channel.publish('', 'q');
  expect(made.broker.vhost().counters.published).toBe(published + 1);
});

test('the firehose copies what is published and delivered, while tracing is on', () => {
  const made = fixture();
  made.broker.ensureVhost('ev');
  made.broker.access.permissions.set('guest', 'ev', { configure: '.*', write: '.*', read: '.*' });
  const told = listen(made, 'amq.rabbitmq.trace', '#', 'ev');
  const channel = made.open({ vhost: 'ev' });
  declareQueue(channel, 'a');
  declareQueue(channel, 'b');
  declareExchange(channel, 'x', 'fanout');
  for (const queue of ['a', 'b']) bind(channel, 'x', queue);
  channel.publish('x', 'before');
  expect(told()).toEqual([]);
  const vhost = made.broker.vhost('ev');
  for (const queue of ['a', 'b']) vhost.queue(queue).purge();
  vhost.describe({ tracing: true });
  channel.publish('x', 'rk1', 'hello', {
    appId: 'a', priority: 2, deliveryMode: 2, headers: { h: 1, CC: ['k2'], BCC: ['k3'] },
  });
  channel.publish('amq.direct', 'nowhere', 'lost');
  get(channel, 'a', false);
  nack(channel, 1);
  get(channel, 'a', true);
  consume(channel, 'b', { noAck: true });
  const all = told();
  expect(keysOf(all)).toEqual([
    'publish.x', 'publish.amq.direct', 'deliver.a', 'deliver.a', 'deliver.b',
  ]);
  const common = {
    exchange_name: 'x', routing_keys: ['rk1', 'k2', 'k3'], node: 'tabmq', vhost: 'ev', connection: 'connection-2',
    channel: 1, user: 'guest',
    properties: { app_id: 'a', priority: 2, delivery_mode: 2, headers: { h: 1, CC: ['k2'] } },
  };
  expect(all[0]!.headers).toEqual({ ...common, routed_queues: ['a', 'b'] });
  expect(all[1]!.headers).toMatchObject({ routing_keys: ['nowhere'], routed_queues: [], properties: {} });
  expect(all.slice(2).map(({ headers }) => headers['redelivered'])).toEqual([0, 1, 0]);
  expect(all[4]!.headers).toEqual({ ...common, redelivered: 0 });
  vhost.describe({ tracing: false });
  channel.publish('x', 'after');
  expect(told()).toEqual([]);
});

test('lines of the log come with their level as the key', () => {
  const made = fixture();
  const channel: TestChannel = made.open();
  const { queue } = declareQueue(channel, '', {}, { exclusive: true });
  bind(channel, 'amq.rabbitmq.log', queue, 'error');
  made.broker.logExchange.write('info', 'a line');
  made.broker.logExchange.write('error', 'it broke');
  made.clock.runUntilIdle();
  const got = get(channel, queue)!;
  expect([got.text, got.args.routingKey, got.properties!.contentType, got.properties!.headers])
    .toEqual(['it broke', 'error', 'text/plain', { node: 'tabmq' }]);
  expect(get(channel, queue)).toBeUndefined();
});

test('tracing, and a queue that is bound to events, are there after a restart', async () => {
  const journal = new MemoryJournal();
  const start = async (on: MemoryJournal): Promise<Broker> => {
    const broker = new Broker({ clock: new VirtualClock(), durability: durableIn(on) });
    await broker.recover();
    return broker;
  };
  const first = await start(journal);
  const vhost = first.vhost();
  const queue = vhost.declareQueue({ queue: 'q', durable: true });
  vhost.bind(vhost.exchange('amq.rabbitmq.event'), queue, 'queue.*', {});
  vhost.describe({ tracing: true });
  await first.whenKept();
  await first.stop();
  const second = await start(journal.reopen());
  expect(second.vhost().metadata.tracing).toBe(true);
  expect(second.vhost().firehose).toBeDefined();
  const { readyCount } = second.vhost().queue('q');
  second.vhost().declareQueue({ queue: 'other' });
  expect(second.vhost().queue('q').readyCount).toBe(readyCount + 1);
  await second.stop();
});
