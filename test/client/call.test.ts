/** Every method of the protocol by `call` and `send`, and what a channel refuses to send. */
import { expect, test } from 'vitest';
import type { CallName, MethodArgs, MethodName } from '../../core/client/index.ts';
import { methods, type MethodSpec } from '../../core/protocol/spec.ts';
import { open } from './fixture.ts';

/** Arguments with which TabMQ answers each method in good order, in this order. */
const calls: { readonly [N in CallName]: Partial<MethodArgs<N>> } = {
  'access.request': { realm: '/data' },
  'exchange.declare': { exchange: 'e', type: 'fanout' },
  'queue.declare': { queue: 'q' },
  'queue.bind': { queue: 'q', exchange: 'e' },
  'exchange.bind': { destination: 'e', source: 'amq.topic', routingKey: '#' },
  'basic.qos': { prefetchCount: 5 },
  'basic.consume': { queue: 'q', consumerTag: 'c' },
  'basic.cancel': { consumerTag: 'c' },
  'basic.get': { queue: 'q' },
  'basic.recover': { requeue: true },
  'channel.flow': { active: true },
  'exchange.unbind': { destination: 'e', source: 'amq.topic', routingKey: '#' },
  'queue.unbind': { queue: 'q', exchange: 'e' },
  'queue.purge': { queue: 'q' },
  'queue.delete': { queue: 'q' },
  'exchange.delete': { exchange: 'e' },
  'tx.select': {},
  'tx.commit': {},
  'tx.rollback': {},
  'confirm.select': {},
};

test('calls every method that has a reply', () => {
  const { channel, connection, ask, watch } = open();
  for (const [name, args] of Object.entries(calls)) {
    // A channel has either transactions or confirms.
    const on = name === 'confirm.select' ? watch(connection.channel()).value : channel;
    const { sync: [answer] = [] }: MethodSpec = methods[name as CallName];
    const spec: MethodSpec = methods[answer as MethodName];
    const fields = spec.args.map(([field]) => field).filter((field) => !field.startsWith('reserved'));
    const reply = ask(on.call(name as CallName, args));
    if (name === 'basic.get') expect(reply).toBeUndefined();
    else expect(Object.keys(reply!), name).toEqual(fields);
  }
  expect(channel.open).toBe(true);
});

test('completes at once where no reply is wanted, and hears of failures by the end of the channel', () => {
  const { channel, connection, ask, watch } = open();
  const silent = watch(channel.call('queue.declare', { queue: 'q', noWait: true }));
  expect([silent.values, silent.completed]).toEqual([[], true]);
  expect(ask(channel.call('queue.declare', { queue: 'q', passive: true }))).toMatchObject({ queue: 'q' });
  const other = watch(connection.channel());
  watch(other.value.call('queue.delete', { queue: 'q', noWait: true, ifUnused: true }));
  watch(other.value.call('queue.bind', { queue: 'q', exchange: 'none', noWait: true }));
  expect(other.error).toMatchObject({ name: 'ReplyError', replyCode: 404, scope: 'channel' });
  expect(channel.open).toBe(true);
});

test('hands bare deliveries to whoever started a bare consumer, and settles them by bare methods', () => {
  const { channel, ask, watch } = open();
  ask(channel.declareQueue('q'));
  for (const body of ['a', 'b', 'c']) ask(channel.publish({ routingKey: 'q', body }));
  const deliveries = watch(channel.unclaimed$);
  const { consumerTag } = ask(channel.call('basic.consume', { queue: 'q' }));
  expect(deliveries.values.map((delivery) => [delivery.text(), delivery.consumerTag]))
    .toEqual(['a', 'b', 'c'].map((text) => [text, consumerTag]));
  channel.send('basic.ack', { deliveryTag: 2, multiple: true });
  channel.send('basic.nack', { deliveryTag: 3, requeue: false });
  ask(channel.call('basic.cancel', { consumerTag }));
  expect(ask(channel.recover())).toBeUndefined();
  expect(ask(channel.purgeQueue('q'))).toBe(0);
});

test.each<[string, () => Partial<MethodArgs<'queue.declare'>>, RegExp]>([
  ['a name that is too long', () => ({ queue: 'x'.repeat(256) }), /queue of queue.declare takes 256 octets/],
  ['a name that is no text', () => ({ queue: 5 as never }), /is not text/],
  ['a bit that is none', () => ({ durable: 1 as never }), /is not a boolean/],
  ['a table that is none', () => ({ arguments: [] as never }), /is not a table/],
  ['a value that no table holds', () => ({ arguments: { a: (() => 1) as never } }), /holds no function/],
  ['an unknown argument', () => ({ name: 'q' } as never), /queue.declare has no argument 'name'/],
  ['a value that is missing', () => ({ arguments: { a: undefined as never } }), /encoded: a field table holds no/],
  ['more than a frame', () => ({ arguments: { a: 'x'.repeat(140_000) } }), /more than a frame/],
])('refuses %s, and the channel stays', (_what, args, text) => {
  const { channel, ask, watch } = open();
  const { error } = watch(channel.call('queue.declare', args()));
  expect(error).toMatchObject({ name: 'ArgumentError' });
  expect((error as Error).message).toMatch(text);
  expect(ask(channel.declareQueue('q')).queue).toBe('q');
});

test('refuses a method that AMQP has not', () => {
  const { channel, watch } = open();
  expect(watch(channel.call('queue.rename' as 'queue.declare')).error)
    .toMatchObject({ name: 'ArgumentError', message: "AMQP has no method 'queue.rename'" });
});

test('an empty consumer tag is one that the client makes: deliveries find their consumer', () => {
  const { channel, ask, watch } = open();
  ask(channel.declareQueue('q'));
  const consumed = watch(channel.consume('q', { consumerTag: '' }));
  ask(channel.publish({ routingKey: 'q', body: 'hello' }));
  expect(consumed.value.text()).toBe('hello');
});

test('refuses a second consumer of one tag, and a channel more than was agreed', () => {
  const { connection, channel, ask, watch } = open({ url: 'amqp://broker', heartbeat: 0, channelMax: 2 });
  ask(channel.declareQueue('q'));
  watch(channel.consume('q', { consumerTag: 'same' }));
  expect(watch(channel.consume('q', { consumerTag: 'same' })).error).toMatchObject({ name: 'ArgumentError' });
  const second = watch(connection.channel());
  expect(second.value.number).toBe(2);
  expect(watch(connection.channel()).error).toMatchObject({ message: 'all 2 channels of the connection are open' });
  second.unsubscribe();
  expect(watch(connection.channel()).value.number).toBe(2);
});

test('fails with what ended the channel, however late it is asked', () => {
  const { connection, channel, watch, connecting } = open();
  const closed = watch(connection.channel());
  closed.unsubscribe();
  expect([closed.value.open, watch(closed.value.declareQueue('q')).error])
    .toMatchObject([false, { scope: 'channel', message: 'the channel is closed' }]);
  expect(() => closed.value.send('basic.ack')).toThrow('the channel is closed');
  connecting.unsubscribe();
  expect(watch(channel.declareQueue('q')).error).toMatchObject({ scope: 'channel' });
  const late = watch(connection.channel()).error as Error;
  expect(late.message).toMatch(/^the connection is closed/);
  expect(watch(connection.updateSecret(new Uint8Array(1), '')).error).toMatchObject({ scope: 'connection' });
});

test('gives the broker a new secret', () => {
  const { connection, watch } = open();
  expect(watch(connection.updateSecret(new TextEncoder().encode('guest'), 'renewed'))).toMatchObject({
    error: undefined, completed: true,
  });
  const tooLong = watch(connection.updateSecret(new Uint8Array(1), 'x'.repeat(256)));
  expect(tooLong.error).toMatchObject({ name: 'ArgumentError' });
  expect(connection.open).toBe(true);
});
