/** A disk that failed: nothing durable is declared, bound or deleted any more, whoever asks. */
import { describe, expect, test } from 'vitest';
import { managementApi, type ApiRequest } from '../../core/management/index.ts';
import type { From, MethodArgs } from '../../core/protocol/types.ts';
import { consume, declareExchange, declareQueue, names } from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';
import { durable, durableChanges, Lives } from './lives.ts';

/** The durable q and e, bound to each other, a transient exchange, and then the disk fails. */
async function failed(): Promise<{ lives: Lives; channel: TestChannel; consumer: TestChannel }> {
  const lives = await Lives.begin();
  lives.broker.ensureVhost('other').declareQueue({ queue: 'kept', durable: true });
  const channel = lives.open();
  declareQueue(channel, 'q', {}, durable);
  declareExchange(channel, 'e', 'fanout', {}, durable);
  declareExchange(channel, 'passing', 'fanout');
  channel.call('queue.bind', { queue: 'q', exchange: 'e' });
  channel.call('exchange.bind', { source: 'amq.fanout', destination: 'e' });
  const consumer = lives.open();
  consume(consumer, 'q', { noAck: true });
  lives.journal.fail('input/output error');
  lives.clock.runUntilIdle();
  consumer.take();
  return { lives, channel: lives.open(), consumer };
}

/** All that is declared, and that the consumer still gets what comes by two bindings. */
function stateOf({ lives, consumer }: Awaited<ReturnType<typeof failed>>): unknown {
  const { broker, clock } = lives;
  broker.vhost().exchange('amq.fanout').publish({ routingKey: '', body: 'a' });
  clock.runUntilIdle();
  const delivered = names(consumer);
  consumer.take();
  return [...broker.vhosts].map(([vhost, { queues, exchanges }]) => [
    vhost, [...queues.keys()], [...exchanges].map(([name, { bindingCount }]) => `${name} ${bindingCount}`), delivered,
  ]);
}

/** What a channel hears that sends this. */
function heard<N extends From<'client'>>(channel: TestChannel, name: N, args: Partial<MethodArgs<N>>): unknown {
  channel.take();
  channel.send(name, args);
  return [names(channel), channel.client.closed?.replyCode, channel.client.closed?.message];
}

const TEXT = 'the disk failed, nothing is durable';
const refused = [[], 541, TEXT];

describe.each([['', {}], [', which asks for no answer', { noWait: true }]])('over AMQP%s', (_what, flags) => {
  test.each(durableChanges)('%s is refused before it changes anything', async (name, args) => {
    const world = await failed();
    const before = stateOf(world);
    expect(heard(world.channel, name, { ...args, ...flags } as Partial<MethodArgs<typeof name>>)).toEqual(refused);
    expect(stateOf(world)).toEqual(before);
  });
});

describe('by the API', () => {
  test.each<ApiRequest>([
    { method: 'PUT', path: '/api/queues/%2F/new', body: { durable: true } },
    { method: 'DELETE', path: '/api/queues/%2F/q' },
    { method: 'PUT', path: '/api/exchanges/%2F/new', body: { durable: true } },
    { method: 'DELETE', path: '/api/exchanges/%2F/e' },
    { method: 'DELETE', path: '/api/vhosts/other' },
  ])('$method $path is refused before it changes anything', async (request) => {
    const world = await failed();
    const before = stateOf(world);
    const { status, body } = await managementApi(world.lives.broker)(request);
    expect([status, body]).toEqual([500, { error: 'internal_server_error', reason: TEXT }]);
    expect(stateOf(world)).toEqual(before);
  });

  test('definitions are imported as far as they are there, or are not durable', async () => {
    const world = await failed();
    const part = (name: string) => ({ vhost: '/', name, durable: name !== 'passing', arguments: {} });
    const binding = (source: string) =>
      ({ vhost: '/', source, destination: 'q', destination_type: 'queue', routing_key: '', arguments: {} });
    const answer = await managementApi(world.lives.broker)({
      method: 'POST', path: '/api/definitions', body: {
        exchanges: [{ ...part('e'), type: 'fanout' }, { ...part('new'), type: 'fanout' }],
        queues: [part('q'), part('new'), part('passing')],
        bindings: [binding('e'), binding('amq.fanout')],
      },
    });
    const items = answer.body as readonly { kind: string; name: string; outcome: string }[];
    expect(items.map(({ kind, name, outcome }) => `${kind} ${name}: ${outcome}`)).toEqual([
      'exchange e: same', 'exchange new: refused', 'queue q: same', 'queue new: refused',
      'queue passing: created', 'binding e -> q: same', 'binding amq.fanout -> q: refused',
    ]);
  });
});

test('what was not on disk when it failed is not there for whoever declares it again', async () => {
  const lives = await Lives.begin();
  const channel = lives.open();
  const lost = { queue: 'lost', durable: true };
  const binding = { queue: 'lost', exchange: 'amq.topic', routingKey: '#' };
  const exchange = { exchange: 'lost', type: 'topic', durable: true };
  lives.journal.hold(true);
  channel.send('queue.declare', lost);
  channel.send('queue.bind', binding);
  channel.send('exchange.declare', exchange);
  lives.journal.fail('input/output error');
  lives.clock.runUntilIdle();
  expect(heard(lives.open(), 'queue.declare', lost)).toEqual(refused);
  expect(heard(lives.open(), 'queue.bind', binding)).toEqual(refused);
  expect(heard(lives.open(), 'exchange.declare', exchange)).toEqual(refused);
  await lives.next('a crash');
});

test('what is transient comes and goes, and so does what goes by itself', async () => {
  const { lives, channel } = await failed();
  const vhost = lives.broker.vhost();
  declareQueue(channel, 'brief', {});
  channel.call('queue.bind', { queue: 'brief', exchange: 'passing' });
  channel.call('queue.unbind', { queue: 'brief', exchange: 'passing' });
  channel.call('queue.bind', { queue: 'brief', exchange: 'e' });
  channel.call('queue.delete', { queue: 'brief' });
  channel.call('exchange.delete', { exchange: 'passing' });
  expect([vhost.queues.has('brief'), vhost.exchanges.has('passing')]).toEqual([false, false]);
  expect(channel.client.closed).toBeUndefined();
});

test('a durable queue goes with its last consumer also then, and is back after a restart', async () => {
  const lives = await Lives.begin();
  const channel = lives.open();
  declareQueue(channel, 'q', {}, { durable: true, autoDelete: true });
  consume(channel, 'q');
  lives.journal.fail('input/output error');
  lives.clock.runUntilIdle();
  channel.call('basic.cancel', { consumerTag: 'q' });
  expect(lives.broker.vhost().queues.has('q')).toBe(false);
  // What else is asked on this connection has nothing to do with that.
  declareQueue(channel, 'brief');
  await lives.next('a crash');
  expect(lives.broker.vhost().queues.has('q')).toBe(true);
});
