import { describe, expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import { writeContentHeader } from '../../core/protocol/properties.ts';
import type { FieldTable, MethodArgs } from '../../core/protocol/types.ts';
import { fixture, leaveNothing, looseFixture } from '../support/fixture.ts';
import {
  ack, consume, counts, declareQueue, deliveries, drain, get, nack, names, publishAll, qos, refusal, texts,
} from '../support/steps.ts';
import { argumentsOf, type TestChannel } from '../support/test-client.ts';

test('messages come in the order in which they were published, with tags from 1 up [BAS-18]', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  publishAll(channel, 'q', 'ab');
  get(channel, 'q', false);
  consume(channel, 'q');
  publishAll(channel, 'q', 'cd');
  expect(deliveries(channel).map(({ args, text }) => [args.deliveryTag, text])).toEqual([[2, 'b'], [3, 'c'], [4, 'd']]);
});

test('a delivery says all there is to say of a message [basic.deliver]', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  channel.call('queue.bind', { queue: 'q', exchange: 'amq.topic', routingKey: '#' });
  consume(channel, 'q', { consumerTag: 'tag' });
  const properties = {
    contentType: 'text/plain', contentEncoding: 'utf-8', headers: { deep: { list: [1, 'two', null] } },
    deliveryMode: 2, priority: 3, correlationId: 'c', replyTo: 'r', expiration: '60000', messageId: 'm',
    timestamp: 1_700_000_000_000, type: 't', userId: 'guest', appId: 'a', clusterId: 'cl',
  };
  channel.publish('amq.topic', 'key', 'body', properties);
  const [delivery] = deliveries(channel);
  expect(delivery!.args).toEqual({
    consumerTag: 'tag', deliveryTag: 1, redelivered: false, exchange: 'amq.topic', routingKey: 'key',
  });
  expect(delivery!.properties).toEqual(properties);
  expect(delivery!.text).toBe('body');
});

test('consume-ok comes before the first delivery, and nothing after cancel-ok [BAS-15]', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  publishAll(channel, 'q', 'ab');
  channel.take();
  consume(channel, 'q');
  expect(names(channel)).toEqual(['basic.consume-ok', 'basic.deliver', 'basic.deliver']);
  channel.call('basic.cancel', { consumerTag: 'q' });
  publishAll(channel, 'q', 'c');
  expect(names(channel).at(-1)).toBe('basic.cancel-ok');
  expect(counts(channel, 'q')).toEqual([1, 0]);
});

test('so it is when all methods come in one chunk', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  channel.take();
  const { session } = channel.client;
  session.send(1, 'basic.consume', argumentsOf('basic.consume', { queue: 'q', consumerTag: 't', noAck: true }));
  channel.publish('', 'q', 'one');
  session.send(1, 'basic.cancel', { consumerTag: 't', noWait: false });
  channel.publish('', 'q', 'two');
  expect(names(channel)).toEqual(['basic.consume-ok', 'basic.deliver', 'basic.cancel-ok']);
});

describe('consumers have what was published before anything else is asked, all in one chunk', () => {
  test('a cancel does not leave it to the next consumer', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q');
    consume(channel, 'q', { consumerTag: 'first', arguments: { 'x-priority': 1 } });
    consume(channel, 'q', { consumerTag: 'second' });
    publishAnd(channel, 'q', 'basic.cancel', { consumerTag: 'first' });
    expect(deliveries(channel).map(({ args }) => args.consumerTag)).toEqual(['first']);
  });

  test('a get does not find it', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q');
    consume(channel, 'q');
    channel.take();
    publishAnd(channel, 'q', 'basic.get', { queue: 'q' });
    expect(names(channel)).toEqual(['basic.deliver', 'basic.get-empty']);
  });

  /** Publishes an empty message to a queue and calls a method, in one chunk. */
  function publishAnd<N extends 'basic.cancel' | 'basic.get'>(
    channel: TestChannel, queue: string, name: N, args: Partial<MethodArgs<N>>,
  ): void {
    const { client, number } = channel;
    client.session.send(number, 'basic.publish', argumentsOf('basic.publish', { routingKey: queue }));
    writeContentHeader(client.session.writer, number, 0, {});
    client.session.send<'basic.cancel' | 'basic.get'>(number, name, argumentsOf(name, args));
    client.run();
  }
});

describe('whose turn it is [BAS-14]', () => {
  test('consumers of one priority take turns, over channels and connections', () => {
    const { open } = fixture();
    const channel = open();
    const others = [channel, channel.client.channel(), open()];
    declareQueue(channel, 'q');
    others.forEach((each) => consume(each, 'q', { noAck: true }));
    publishAll(channel, 'q', '123456789');
    expect(others.map(texts)).toEqual([['1', '4', '7'], ['2', '5', '8'], ['3', '6', '9']]);
  });

  test('the highest priority is served while it can take more [basic.consume.arguments.x-priority]', () => {
    const { open } = fixture();
    const [low, high] = [open(), open()];
    declareQueue(low, 'q');
    consume(low, 'q');
    qos(high, 2);
    consume(high, 'q', { arguments: { 'x-priority': 10 } });
    publishAll(low, 'q', 'abc');
    expect([texts(low), texts(high)]).toEqual([['c'], ['a', 'b']]);
    ack(high, 1);
    publishAll(low, 'q', 'de');
    expect([texts(low), texts(high)]).toEqual([['c', 'e'], ['a', 'b', 'd']]);
  });

  test('a priority that is no integer is refused', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q');
    expect(refusal(() => consume(channel, 'q', { arguments: { 'x-priority': 'high' } })))
      .toMatch(/^406 PRECONDITION_FAILED - invalid arg 'x-priority' for queue 'q' in vhost '\/': .* \(60\.20\)$/);
  });

  test('whoever is full is left out, and is in again once it acknowledged', () => {
    const { open } = fixture();
    const [a, b] = [open(), open()];
    declareQueue(a, 'q');
    qos(a, 1);
    consume(a, 'q');
    consume(b, 'q', { noAck: true });
    publishAll(a, 'q', '123');
    expect([texts(a), texts(b)]).toEqual([['1'], ['2', '3']]);
    ack(a, 1);
    publishAll(a, 'q', '45');
    expect(texts(a).length + texts(b).length).toBe(5);
    expect(texts(a)).toHaveLength(2);
  });
});

describe('redelivered [BAS-28]', () => {
  test.each<[string, (holder: TestChannel) => void]>([
    ['nack', (holder) => nack(holder, 1)],
    ['reject', (holder) => holder.send('basic.reject', { deliveryTag: 1, requeue: true })],
    ['recover', (holder) => holder.call('basic.recover', { requeue: true })],
    ['the end of the channel', (holder) => holder.close()],
    ['the end of the connection', (holder) => holder.client.close()],
    ['the loss of the link', (holder) => holder.client.drop()],
  ])('is set after %s', (_way, giveBack) => {
    const { open } = fixture();
    const [channel, holder] = [open(), open()];
    declareQueue(channel, 'q');
    publishAll(channel, 'q', 'ab');
    expect(get(holder, 'q', false)!.args.redelivered).toBe(false);
    giveBack(holder);
    expect(get(channel, 'q')).toMatchObject({ text: 'a', args: { redelivered: true } });
    expect(get(channel, 'q')).toMatchObject({ text: 'b', args: { redelivered: false } });
  });
});

describe('what comes back takes its old place [BAS-21]', () => {
  test('whatever the order of the nacks', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q');
    publishAll(channel, 'q', '1234');
    for (let i = 0; i < 3; i++) get(channel, 'q', false);
    for (const tag of [2, 1, 3]) nack(channel, tag);
    expect(drain(channel, 'q')).toEqual(['1', '2', '3', '4']);
  });

  interface Step { readonly op: 'publish' | 'get' | 'nack' | 'ack'; readonly pick: number }
  const step = fc.record<Step>({
    op: fc.constantFrom('publish', 'get', 'get', 'nack', 'nack', 'ack'), pick: fc.nat(99),
  });

  test.each<[string, FieldTable]>([
    ['a plain queue', {}],
    ['a queue with priorities', { 'x-max-priority': 3 }],
  ])('property: %s is always its waiting messages in their first order', async (_kind, table) => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const made = looseFixture();
      const channel = made.open();
      declareQueue(channel, 'q', table);
      const priorityOf = (n: number): number => (table['x-max-priority'] === undefined ? 0 : n % 5 % 4);
      let published = 0;
      const waiting: number[] = [];
      const held: { readonly tag: number; readonly n: number }[] = [];
      for (const { op, pick } of steps) {
        const holding = held[pick % (held.length || 1)];
        if (op === 'publish') {
          channel.publish('', 'q', `${published}`, { priority: priorityOf(published) });
          waiting.push(published++);
        } else if (op === 'get') {
          waiting.sort((a, b) => priorityOf(b) - priorityOf(a) || a - b);
          const got = get(channel, 'q', false);
          expect(got?.text).toBe(waiting[0]?.toString());
          if (got !== undefined) held.push({ tag: got.args.deliveryTag, n: waiting.shift()! });
        } else if (holding !== undefined) {
          held.splice(held.indexOf(holding), 1);
          if (op === 'ack') ack(channel, holding.tag);
          else nack(channel, holding.tag);
          if (op === 'nack') waiting.push(holding.n);
        }
      }
      for (const { tag, n } of held) {
        nack(channel, tag);
        waiting.push(n);
      }
      waiting.sort((a, b) => priorityOf(b) - priorityOf(a) || a - b);
      expect(drain(channel, 'q')).toEqual(waiting.map(String));
      await leaveNothing(made);
    }), { numRuns: 300 });
  });
});

test('a queue longer than one turn allows is delivered whole and in order', () => {
  const turnWork = 1000;
  const { open, vhost } = fixture({ turnWork });
  const channel = open();
  declareQueue(channel, 'q');
  const sent = Array.from({ length: 2 * turnWork + 5 }, (_, i) => `${i}`);
  for (const body of sent) vhost.exchange('').publish({ routingKey: 'q', body });
  consume(channel, 'q', { noAck: true });
  expect(texts(channel)).toEqual(sent);
});
