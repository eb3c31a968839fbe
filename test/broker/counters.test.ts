import { describe, expect, test } from 'vitest';
import { deliveriesOf, sampleStats, settlePublishes } from '../../core/broker/stats.ts';
import { limits } from '../../core/limits.ts';
import type { ServerChannel } from '../../core/broker/connection/server-channel.ts';
import { fixture, type Fixture } from '../support/fixture.ts';
import { bind, consume, declareQueue } from '../support/steps.ts';

function channelsOf({ broker }: Fixture): ServerChannel[] {
  return [...broker.connections].flatMap(({ channels }) => [...channels]);
}

describe('counts of deliveries', () => {
  test('are those of queue, channel and virtual host, by consumer and get, with and without ack', () => {
    const made = fixture();
    const channel = made.open();
    const queue = made.broker.vhost().queue(declareQueue(channel, 'q').queue);
    channel.send('basic.get', { queue: 'q' });
    for (let i = 0; i < 6; i++) channel.publish('', 'q', `${i}`);
    channel.send('basic.get', { queue: 'q' });
    channel.send('basic.get', { queue: 'q', noAck: true });
    channel.send('basic.ack', { deliveryTag: 1 });
    consume(channel, 'q', { consumerTag: 'held' });
    channel.send('basic.nack', { deliveryTag: 3, requeue: true });
    channel.send('basic.ack', { deliveryTag: 0, multiple: true });
    channel.send('basic.cancel', { consumerTag: 'held' });
    const expected = {
      delivered: 5, deliveredNoAck: 0, got: 2, gotNoAck: 1, gotNothing: 1, acknowledged: 5, redelivered: 1,
    };
    expect({ ...queue.counters }).toEqual(expected);
    expect(queue.arrivedCount).toBe(6);
    const [server] = channelsOf(made);
    expect({ ...server!.tallies.total }).toEqual(expected);
    expect([...server!.tallies.all].map(([{ name }, counters]) => [name, { ...counters }]))
      .toEqual([['q', expected]]);
    expect({ ...deliveriesOf(made.broker.vhost()) }).toEqual(expected);
  });

  test('do not fall when consumers, channels, queues and virtual hosts go', () => {
    const made = fixture();
    const [channel, other] = [made.open(), made.open()];
    declareQueue(channel, 'q');
    consume(channel, 'q', { noAck: true });
    channel.publish('', 'q', 'a');
    channel.publish('', 'nowhere', 'b');
    const before = sampleStats(made.broker).counters;
    expect(before).toMatchObject({ published: 2, dropped: 1, delivered: 1, deliveredNoAck: 1 });
    channel.client.close();
    expect(sampleStats(made.broker).counters).toEqual(before);
    other.call('queue.delete', { queue: 'q' });
    expect(sampleStats(made.broker).counters).toEqual(before);
    made.broker.ensureVhost('another');
    made.broker.removeVhost(made.broker.vhost());
    expect(sampleStats(made.broker).counters).toEqual(before);
  });

  test('tell direct replies and consumers in process', () => {
    const made = fixture();
    const channel = made.open();
    consume(channel, 'amq.rabbitmq.reply-to', { noAck: true });
    declareQueue(channel, 'q');
    channel.publish('', 'q', 'request', { replyTo: 'amq.rabbitmq.reply-to' });
    const vhost = made.broker.vhost();
    vhost.queue('q').consume().subscribe((message) => {
      vhost.exchange('').publish({ routingKey: message.properties.replyTo!, body: 'reply' });
      message.ack();
    });
    made.clock.runUntilIdle();
    expect(deliveriesOf(vhost)).toMatchObject({ delivered: 2, deliveredNoAck: 1, acknowledged: 1 });
  });
});

describe('counts of publishes', () => {
  test('are those of exchange, queue, channel and virtual host', () => {
    const made = fixture();
    const [channel, other] = [made.open(), made.open()];
    const vhost = made.broker.vhost();
    for (const name of ['a', 'b']) bind(channel, 'amq.fanout', declareQueue(channel, name).queue);
    channel.call('confirm.select');
    for (let i = 0; i < 40; i++) {
      channel.publish('amq.fanout', `key-${i}`);
      channel.publish('', 'a');
    }
    channel.publish('amq.direct', 'lost', '', {}, { mandatory: true });
    channel.publish('amq.direct', 'lost');
    other.publish('amq.fanout', '');
    settlePublishes(vhost);
    const [server] = channelsOf(made);
    expect({ ...vhost.exchange('amq.fanout').pastCounters })
      .toEqual({ published: 41, routed: 82, returned: 0, dropped: 0, confirmed: 40 });
    expect({ ...vhost.exchange('amq.direct').pastCounters })
      .toEqual({ published: 2, routed: 0, returned: 1, dropped: 1, confirmed: 2 });
    expect(vhost.queue('a').arrivedCount).toBe(81);
    const { tallies } = server!.publisher;
    expect({ ...tallies.total }).toEqual({ published: 82, routed: 120, returned: 1, dropped: 1, confirmed: 82 });
    expect([...tallies.all].map(([{ name }, { byQueue }]) => (
      [name, [...byQueue].map(([{ label }, count]) => `${label}: ${count}`)]
    ))).toEqual([['amq.fanout', ['a: 40', 'b: 40']], ['', ['a: 40']], ['amq.direct', []]]);
    expect(vhost.counters).toMatchObject({
      published: 83, publishedForConfirm: 82, unroutable: 2, dropped: 1, returned: 1, confirmed: 82,
    });
  });

  test('what a queue refuses is not confirmed', () => {
    const made = fixture();
    const channel = made.open();
    declareQueue(channel, 'full', { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    channel.call('confirm.select');
    for (let i = 0; i < 3; i++) channel.publish('', 'full');
    expect(made.broker.vhost().counters).toMatchObject({ published: 3, confirmed: 1 });
    expect(channelsOf(made)[0]!.publisher.tallies.total.confirmed).toBe(1);
  });

  test('pairs of a channel and a queue have a bound, beyond which the totals go on', () => {
    const made = fixture();
    const channel = made.open();
    const { memory } = made.broker;
    memory.countTally(limits.talliesMax - 2);
    for (const name of ['a', 'b', 'c']) channel.publish('', declareQueue(channel, name).queue);
    const { tallies } = channelsOf(made)[0]!.publisher;
    expect(tallies.total.published).toBe(3);
    expect(tallies.all.get(made.broker.vhost().exchange(''))!.byQueue.size).toBe(1);
    expect(memory.hasRoomForTally).toBe(false);
    channel.client.close();
    expect(memory.hasRoomForTally).toBe(true);
    memory.countTally(2);
    expect(memory.hasRoomForTally).toBe(false);
  });

  test('the tallies of what is gone make room for others', () => {
    const made = fixture();
    const channel = made.open();
    for (let i = 0; i < 1000; i++) {
      channel.publish('', declareQueue(channel, `q-${i}`).queue);
      channel.send('basic.get', { queue: `q-${i}`, noAck: true });
      channel.call('queue.delete', { queue: `q-${i}` });
    }
    const { publisher, tallies } = channelsOf(made)[0]!;
    expect([publisher.tallies.total.published, tallies.total.got]).toEqual([1000, 1000]);
    expect([publisher.tallies.all.size, tallies.all.size]).toEqual([1, 0]);
  });
});

test('what died is counted by type of queue, what became of it, and why', () => {
  const made = fixture();
  const channel = made.open();
  declareQueue(channel, 'dead');
  const letters = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };
  declareQueue(channel, 'a', { ...letters, 'x-max-length': 1 });
  declareQueue(channel, 'b', { 'x-message-ttl': 10 });
  for (const name of ['a', 'a', 'a', 'b']) channel.publish('', name);
  made.clock.advanceBy(20);
  const { classic, quorum } = made.broker.vhost().totals.queues;
  expect(classic.deaths).toMatchObject({
    'at-most-once': { maxlen: 2, expired: 0, rejected: 0 }, 'disabled': { expired: 1, maxlen: 0 },
  });
  expect(quorum.deaths.disabled).toEqual({ expired: 0, rejected: 0, maxlen: 0, delivery_limit: 0 });
});

test('connections, channels and queues that come and go are counted, and what went over them', () => {
  const made = fixture();
  const channel = made.open();
  channel.call('queue.declare', { queue: 'q' });
  channel.call('queue.declare', { queue: 'q' });
  channel.call('queue.declare', { queue: 'q', passive: true });
  channel.client.channel();
  channel.call('queue.delete', { queue: 'q' });
  const [connection] = made.broker.connections;
  const { receivedBytes, sentBytes, receivedChunks, sentBatches } = connection!.traffic;
  expect(Math.min(receivedBytes, sentBytes, receivedChunks, sentBatches)).toBeGreaterThan(5);
  channel.client.close();
  expect({ ...made.broker.totals.churn }).toEqual({
    connectionsOpened: 1, connectionsClosed: 1, channelsOpened: 2, channelsClosed: 2,
    queuesDeclared: 2, queuesCreated: 1, queuesDeleted: 1,
  });
  const { traffic } = made.broker.vhost().totals;
  expect(traffic.receivedBytes).toBeGreaterThanOrEqual(receivedBytes);
  expect(traffic.sentBytes).toBeGreaterThanOrEqual(sentBytes);
});
