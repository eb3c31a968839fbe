/** The session in its client role against the broker: the smallest work that a client does. */
import { expect, test } from 'vitest';
import { Broker } from '../../core/broker/broker.ts';
import { VirtualClock } from '../../core/clock/virtual-clock.ts';
import { connect } from '../support/test-client.ts';

function setUp(): { broker: Broker; clock: VirtualClock } {
  const clock = new VirtualClock();
  return { broker: new Broker({ clock, random: () => 0.5 }), clock };
}

test('declares, publishes with confirms, consumes and acknowledges', () => {
  const { broker, clock } = setUp();
  const client = connect(broker, clock);
  expect(client.session.state).toBe('running');
  const channel = client.channel();
  const { queue } = channel.call('queue.declare', { queue: '', exclusive: true });
  channel.call('confirm.select');
  channel.call('basic.consume', { queue, consumerTag: 'c' });
  channel.take();

  channel.publish('', queue, 'hello', { correlationId: '7', headers: { a: 1 } });
  const received = channel.take();
  expect(received.map(({ name }) => name).sort()).toEqual(['basic.ack', 'basic.deliver']);
  expect(received.find(({ name }) => name === 'basic.ack')!.args).toEqual({ deliveryTag: 1, multiple: false });
  expect(received.find(({ name }) => name === 'basic.deliver')).toMatchObject({
    args: { consumerTag: 'c', deliveryTag: 1, redelivered: false, exchange: '', routingKey: queue },
    properties: { correlationId: '7', headers: { a: 1 } },
    text: 'hello',
  });
  channel.send('basic.ack', { deliveryTag: 1 });
  expect(channel.call('queue.declare', { queue, passive: true }).messageCount).toBe(0);

  channel.close();
  client.close();
  expect(client.end).toEqual({ by: 'us' });
  expect([broker.connectionCount, broker.store.liveBytes, clock.pending]).toEqual([0, 0, 0]);
});

test('carries a body that is larger than a frame', () => {
  const { broker, clock } = setUp();
  const client = connect(broker, clock, { frameMax: 4096 });
  expect(client.session.frameBytesMax).toBe(4096);
  const channel = client.channel();
  channel.call('queue.declare', { queue: 'q' });
  const body = Uint8Array.from({ length: 10_000 }, (_, index) => index % 251);
  channel.publish('', 'q', body);
  expect(channel.call('basic.get', { queue: 'q', noAck: true })).toMatchObject({ routingKey: 'q' });
  expect(channel.take().at(-1)!.body).toEqual(body);
  client.drop();
  expect([broker.connectionCount, clock.pending]).toEqual([0, 0]);
});

test('hears why a channel and why the connection was closed', () => {
  const { broker, clock } = setUp();
  const client = connect(broker, clock);
  const channel = client.channel();
  expect(() => channel.call('queue.declare', { queue: 'nope', passive: true })).toThrow(/no queue 'nope'/);
  expect(channel.closed).toMatchObject({ replyCode: 404, classId: 50, methodId: 10 });
  expect(client.closed).toBeUndefined();

  const other = client.channel();
  expect(() => other.call('queue.declare', { queue: 'amq.mine' })).toThrow(/reserved prefix/);
  const third = client.channel();
  third.call('queue.declare', { queue: 'q', exclusive: true });
  third.call('basic.consume', { queue: 'q', consumerTag: 'c' });
  expect(() => third.call('basic.consume', { queue: 'q', consumerTag: 'c' })).toThrow(/reuse consumer tag/);
  expect(client.end).toMatchObject({ by: 'peer', error: { replyCode: 530 } });
  expect([broker.connectionCount, clock.pending]).toEqual([0, 0]);

  const refused = connect(broker, clock, { password: 'wrong' });
  expect(refused.closed).toMatchObject({ replyCode: 403 });
});
