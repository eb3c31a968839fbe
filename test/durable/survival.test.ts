/** What a restart leaves, after a crash and after a stop in good order. */
import { describe, expect, test } from 'vitest';
import type { FieldTable } from '../../core/protocol/types.ts';
import {
  ack, bind, consume, counts, declareExchange, declareQueue, deliveries, drain, get, nack, qos, refusal, texts,
} from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';
import { Lives, durable, ends, persistent } from './lives.ts';

function publish(channel: TestChannel, queue: string, bodies: Iterable<string>, properties = {}): void {
  for (const body of bodies) channel.publish('', queue, body, { ...persistent, ...properties });
}

const toDead: FieldTable = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };

describe.each(ends)('after %s', (end) => {
  test('durable exchanges, queues and bindings are there, the others are not [EXC-08]', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareExchange(first, 'kept', 'topic', {}, durable);
    declareExchange(first, 'lost', 'topic');
    declareQueue(first, 'q', {}, durable);
    declareQueue(first, 'passing');
    bind(first, 'kept', 'q', 'a.*');
    bind(first, 'kept', 'passing', '#');
    bind(first, 'lost', 'q', '#');
    bind(first, 'amq.fanout', 'q');
    first.call('queue.unbind', { queue: 'q', exchange: 'amq.fanout' });
    bind(first, 'amq.direct', 'q', 'direct');
    await lives.next(end);
    const channel = lives.open();
    expect(refusal(() => channel.call('exchange.declare', { exchange: 'lost', passive: true }))).toMatch(/^404/);
    const other = lives.open();
    expect(refusal(() => counts(other, 'passing'))).toMatch(/^404/);
    const last = lives.open();
    last.publish('kept', 'a.b', 'by topic');
    last.publish('kept', 'c', 'to nobody');
    last.publish('amq.fanout', '', 'unbound');
    last.publish('amq.direct', 'direct', 'by a standard exchange');
    expect(drain(last, 'q')).toEqual(['by topic', 'by a standard exchange']);
    // Declared again as it was, it is the same; otherwise it is another.
    declareExchange(last, 'kept', 'topic', {}, durable);
    expect(refusal(() => declareExchange(last, 'kept', 'direct', {}, durable))).toMatch(/^406/);
  });

  test('exchanges bound to exchanges and alternate exchanges go on [EXC-08]', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareExchange(first, 'rest', 'fanout', {}, durable);
    declareExchange(first, 'inner', 'fanout', {}, { ...durable, internal: true });
    declareExchange(first, 'outer', 'headers', { 'alternate-exchange': 'rest' }, durable);
    first.call('exchange.bind', { source: 'outer', destination: 'inner', arguments: { color: 'red' } });
    for (const queue of ['matched', 'unmatched']) declareQueue(first, queue, {}, durable);
    bind(first, 'inner', 'matched');
    bind(first, 'rest', 'unmatched');
    await lives.next(end);
    const channel = lives.open();
    channel.publish('outer', '', 'red', { headers: { color: 'red' } });
    channel.publish('outer', '', 'blue', { headers: { color: 'blue' } });
    expect([drain(channel, 'matched'), drain(channel, 'unmatched')]).toEqual([['red'], ['blue']]);
    channel.publish('inner', '', 'x');
    expect(channel.closed?.replyCode, 'of a publish to an internal exchange').toBe(403);
  });

  test('persistent messages are there, whole and in their order; transient ones are not [BAS-07]', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'q', {}, durable);
    declareQueue(first, 'passing');
    const properties = {
      ...persistent, contentType: 'text/plain', messageId: 'm', headers: { list: [1, 'two'] }, timestamp: 99,
    };
    const body = new Uint8Array(300_000).map((_, index) => index);
    first.publish('', 'q', body, properties);
    publish(first, 'passing', ['gone']);
    first.publish('', 'q', 'transient', { deliveryMode: 1 });
    publish(first, 'q', ['2', '3']);
    await lives.next(end);
    const channel = lives.open();
    const got = get(channel, 'q')!;
    expect(got.properties).toMatchObject({ contentType: 'text/plain', messageId: 'm', headers: { list: [1, 'two'] } });
    expect(got.body).toEqual(body);
    expect(got.args).toMatchObject({ exchange: '', routingKey: 'q' });
    expect(drain(channel, 'q')).toEqual(['2', '3']);
  });

  test('what was settled, purged or deleted stays so', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    for (const queue of ['acked', 'purged', 'deleted', 'taken']) {
      declareQueue(first, queue, {}, durable);
      publish(first, queue, 'abc');
    }
    ack(first, get(first, 'acked', false)!.args.deliveryTag);
    get(first, 'taken');
    first.call('queue.purge', { queue: 'purged' });
    first.call('queue.delete', { queue: 'deleted' });
    declareQueue(first, 'deleted', {}, durable);
    await lives.next(end);
    const channel = lives.open();
    const left = ['acked', 'purged', 'deleted', 'taken'].map((queue) => drain(channel, queue).join(''));
    expect(left).toEqual(['bc', '', '', 'bc']);
  });

  test('what was not acknowledged is in its place and redelivered', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'q', {}, durable);
    publish(first, 'q', '123456');
    qos(first, 4);
    consume(first, 'q');
    ack(first, deliveries(first)[1]!.args.deliveryTag);
    await lives.next(end);
    const channel = lives.open();
    consume(channel, 'q');
    expect(texts(channel).join('')).toBe('13456');
    const redelivered = deliveries(channel).map(({ args }) => args.redelivered);
    // 2 was acknowledged, so 5 had gone out in its place. After a crash nobody knows what was out.
    expect(redelivered).toEqual(end === 'a crash' ? [true, true, true, true, true] : [true, true, true, true, false]);
  });

  test('what a consumer in process had, and one that does not say good-bye, is redelivered', async () => {
    const lives = await Lives.begin();
    const silent = lives.open();
    for (const queue of ['a', 'b']) {
      declareQueue(silent, queue, {}, durable);
      publish(silent, queue, '12');
    }
    lives.broker.vhost().queue('a').consume({ prefetch: 1 }).subscribe();
    get(silent, 'b', false);
    silent.client.setReading(false);
    await lives.next(end);
    const channel = lives.open();
    for (const queue of ['a', 'b']) {
      const redelivered = [get(channel, queue)!, get(channel, queue)!].map(({ args }) => args.redelivered);
      expect(redelivered).toEqual([true, end === 'a crash']);
    }
  });

  test('a message is redelivered in a life after the next as well', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'q', {}, durable);
    publish(first, 'q', 'a');
    get(first, 'q', false);
    await lives.next(end);
    await lives.next('a stop');
    publish(lives.open(), 'q', 'b');
    await lives.next('a stop');
    const channel = lives.open();
    consume(channel, 'q');
    expect(deliveries(channel).map(({ args }) => args.redelivered)).toEqual([true, false]);
  });

  test('delivery counts go on, and so does their limit [QUE-30]', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'dead', {}, durable);
    declareQueue(first, 'q', { ...toDead, 'x-queue-type': 'quorum', 'x-delivery-limit': 3 }, durable);
    publish(first, 'q', ['poison']);
    for (let i = 0; i < 2; i++) nack(first, get(first, 'q', false)!.args.deliveryTag);
    await lives.next(end);
    const channel = lives.open();
    for (const count of [2, 3]) {
      const got = get(channel, 'q', false)!;
      expect(Number(got.properties!.headers!['x-delivery-count'])).toBe(count);
      nack(channel, got.args.deliveryTag);
    }
    expect([drain(channel, 'q'), drain(channel, 'dead')]).toEqual([[], ['poison']]);
  });

  test('each queue has a count of its own', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    for (const queue of ['often', 'never']) {
      declareQueue(first, queue, { 'x-queue-type': 'quorum' }, durable);
      bind(first, 'amq.fanout', queue);
    }
    first.publish('amq.fanout', '', 'a', persistent);
    for (let i = 0; i < 3; i++) nack(first, get(first, 'often', false)!.args.deliveryTag);
    await lives.next(end);
    const channel = lives.open();
    const got = ['often', 'never'].map((queue) => get(channel, queue)!);
    // That it may have been out when the broker crashed makes it redelivered, and does not count.
    expect(got.map(({ properties }) => Number(properties!.headers!['x-delivery-count']))).toEqual([3, 0]);
    expect(got.map(({ args }) => args.redelivered)).toEqual([true, end === 'a crash']);
  });

  test('the history of dead letters goes on [QUE-21]', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'dead', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'q' }, durable);
    declareQueue(first, 'q', toDead, durable);
    publish(first, 'q', ['poison']);
    const round = (channel: TestChannel): void => {
      for (const queue of ['q', 'dead']) nack(channel, get(channel, queue, false)!.args.deliveryTag, false);
    };
    round(first);
    await lives.next(end);
    const channel = lives.open();
    round(channel);
    const deaths = get(channel, 'q')!.properties!.headers!['x-death'] as FieldTable[];
    expect(deaths.map(({ queue, reason, count }) => [queue, reason, Number(count)])).toEqual([
      ['dead', 'rejected', 2], ['q', 'rejected', 2],
    ]);
  });

  test('deadlines hold, and the time that the broker was down counts [QUE-14]', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'dead', {}, durable);
    declareQueue(first, 'q', { ...toDead, 'x-message-ttl': 10_000 }, durable);
    publish(first, 'q', ['short'], { expiration: '3000' });
    publish(first, 'q', ['middle'], { expiration: '6000' });
    publish(first, 'q', ['long']);
    lives.clock.advanceBy(1000);
    await lives.next(end, 3000);
    const channel = lives.open();
    expect([drain(channel, 'dead'), counts(channel, 'q')[0]]).toEqual([['short'], 2]);
    lives.clock.advanceBy(1999);
    expect(drain(channel, 'dead')).toEqual([]);
    lives.clock.advanceBy(1);
    expect(drain(channel, 'dead')).toEqual(['middle']);
    lives.clock.advanceBy(4000);
    expect([drain(channel, 'dead'), counts(channel, 'q')[0]]).toEqual([['long'], 0]);
  });

  test('priorities order what waits [QUE-24]', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'q', { 'x-max-priority': 9 }, durable);
    for (const priority of [1, 5, 9, 5, 0]) publish(first, 'q', [`p${priority}`], { priority });
    // The first of all is out at the end, and comes back before its equals.
    expect(get(first, 'q', false)!.text).toBe('p9');
    await lives.next(end);
    const channel = lives.open();
    publish(channel, 'q', ['new p5'], { priority: 5 });
    expect(drain(channel, 'q')).toEqual(['p9', 'p5', 'p5', 'new p5', 'p1', 'p0']);
  });

  test('delayed messages come when they are due, at once where that has passed [TYP-06]', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareExchange(first, 'later', 'x-delayed-message', { 'x-delayed-type': 'direct' }, durable);
    declareQueue(first, 'q', {}, durable);
    bind(first, 'later', 'q', 'key');
    for (const delay of [2000, 5000]) {
      first.publish('later', 'key', `after ${delay}`, { ...persistent, headers: { 'x-delay': delay } });
    }
    first.publish('later', 'key', 'transient', { headers: { 'x-delay': 5000 } });
    await lives.next(end, 3000);
    const channel = lives.open();
    expect(drain(channel, 'q')).toEqual(['after 2000']);
    lives.clock.advanceBy(1999);
    expect(drain(channel, 'q')).toEqual([]);
    lives.clock.advanceBy(1);
    expect(drain(channel, 'q')).toEqual(['after 5000']);
    // It came once: the next life has nothing of it.
    await lives.next(end, 10_000);
    expect(drain(lives.open(), 'q')).toEqual([]);
  });

  test('exclusive queues are gone with their connection [QUE-06]', async () => {
    const lives = await Lives.begin();
    declareQueue(lives.open(), 'own', {}, { ...durable, exclusive: true });
    await lives.next(end);
    expect(refusal(() => counts(lives.open(), 'own'))).toMatch(/^404/);
  });

  test('an auto-delete queue waits for its first consumer, and goes with its last [QUE-07]', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'q', {}, { ...durable, autoDelete: true });
    publish(first, 'q', 'a');
    await lives.next(end);
    const channel = lives.open();
    consume(channel, 'q', { noAck: true });
    expect(texts(channel)).toEqual(['a']);
    channel.call('basic.cancel', { consumerTag: 'q' });
    await lives.next(end);
    expect(refusal(() => counts(lives.open(), 'q'))).toMatch(/^404/);
  });

  test('a queue that expires when unused counts anew [QUE-13]', async () => {
    const lives = await Lives.begin();
    declareQueue(lives.open(), 'q', { 'x-expires': 5000 }, durable);
    await lives.next(end, 60_000);
    lives.clock.advanceBy(4999);
    expect(lives.broker.vhost().queues.has('q')).toBe(true);
    lives.clock.advanceBy(1);
    expect(lives.broker.vhost().queues.has('q')).toBe(false);
    await lives.next(end);
    expect(lives.broker.vhost().queues.has('q')).toBe(false);
  });

  test('length limits go on where they were [QUE-16]', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'q', { 'x-max-length': 3 }, durable);
    publish(first, 'q', '12345');
    await lives.next(end);
    const channel = lives.open();
    publish(channel, 'q', '6');
    expect(drain(channel, 'q')).toEqual(['4', '5', '6']);
  });

  test('many lives later all is still there', async () => {
    const lives = await Lives.begin();
    declareQueue(lives.open(), 'q', {}, durable);
    for (let life = 0; life < 10; life++) {
      publish(lives.open(), 'q', [`${life}`]);
      await lives.next(end);
    }
    expect(drain(lives.open(), 'q').join('')).toBe('0123456789');
  });
});

test('a binding asks after a restart for the type that it asked for before', async () => {
  const lives = await Lives.begin();
  const first = lives.open();
  declareQueue(first, 'q', {}, durable);
  // A long, as one that is larger than 32 bits is sent.
  const wanted = { a: [1n] };
  first.call('queue.bind', { queue: 'q', exchange: 'amq.headers', arguments: wanted });
  for (const end of ends) {
    await lives.next(end);
    const channel = lives.open();
    channel.publish('amq.headers', '', 'a long', { headers: { a: [1n] } });
    channel.publish('amq.headers', '', 'an integer', { headers: { a: [1] } });
    expect(drain(channel, 'q')).toEqual(['a long']);
  }
});

test('durable bindings up to the last that found room come back, and leave room for messages', async () => {
  const lives = await Lives.begin({ memoryBytesMax: 1_000_000 });
  const channel = lives.open();
  channel.call('queue.declare', { queue: 'q', durable: true });
  const bindMany = (): void => {
    for (let i = 0; i < 1000; i++) bind(channel, 'amq.topic', 'q', `k.${i}`);
  };
  expect(bindMany).toThrow(/cannot make a binding/);
  const count = lives.broker.vhost().exchange('amq.topic').bindingCount;
  await lives.next('a crash');
  expect(lives.broker.vhost().exchange('amq.topic').bindingCount).toBe(count);
  expect(lives.broker.alarm).toBeUndefined();
});
