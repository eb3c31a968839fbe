import { describe, expect, test } from 'vitest';
import type { FieldTable } from '../../core/protocol/types.ts';
import { fixture, type Fixture } from '../support/fixture.ts';
import {
  ack, consume, counts, declareQueue, deliveries, drain, get, nack, publishAll, refusal,
} from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

const durable = { durable: true };
const quorum: FieldTable = { 'x-queue-type': 'quorum' };

/** A broker with the quorum queue q, which sends its dead to the queue dead. */
function replicated(table: FieldTable = {}): Fixture & { channel: TestChannel } {
  const made = fixture();
  const channel = made.open();
  declareQueue(channel, 'dead');
  const toDead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };
  declareQueue(channel, 'q', { ...quorum, ...toDead, ...table }, durable);
  return { ...made, channel };
}

const countOf = (headers: FieldTable | undefined): number => Number(headers!['x-delivery-count']);

describe('a declaration [QUE-29] [queue.declare.arguments.x-queue-type]', () => {
  test.each([
    ['non-durable', {}],
    ['auto-delete', { durable: true, autoDelete: true }],
    ['exclusive-owner', { durable: true, exclusive: true }],
  ])('%s is refused', (property, flags) => {
    expect(refusal(() => declareQueue(fixture().open(), 'bad', quorum, flags)))
      .toBe(`406 PRECONDITION_FAILED - invalid property '${property}' for queue 'bad' in vhost '/' (50.10)`);
  });

  test('without a name is refused', () => {
    expect(refusal(() => declareQueue(fixture().open(), '', quorum, durable)))
      .toBe('406 PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_quorum_queue (50.10)');
  });

  test.each<[string, FieldTable]>([
    ['x-max-priority', { ...quorum, 'x-max-priority': 5 }],
    ['x-delivery-limit', { 'x-delivery-limit': 5 }],
  ])('with an argument of another type is refused: %s [TOP-8]', (name, table) => {
    expect(refusal(() => declareQueue(fixture().open(), 'bad', table, durable)))
      .toMatch(`406 PRECONDITION_FAILED - invalid arg '${name}' for queue 'bad' in vhost '/'`);
  });

  test('if-unused and if-empty are not to be had at its deletion [QUE-11]', () => {
    const { open } = replicated();
    expect(refusal(() => open().call('queue.delete', { queue: 'q', ifUnused: true }))).toMatch(/^540 NOT_IMPLEMENTED/);
  });
});

describe('x-delivery-count [QUE-30]', () => {
  test('says how often a message came back before', () => {
    const { channel } = replicated();
    publishAll(channel, 'q', 'a');
    for (let i = 0; i < 3; i++) {
      const got = get(channel, 'q', false)!;
      expect(countOf(got.properties!.headers)).toBe(i);
      expect(got.args.redelivered).toBe(i > 0);
      nack(channel, got.args.deliveryTag);
    }
  });

  test('is on deliveries to consumers, beside the headers of the message', () => {
    const { channel } = replicated();
    consume(channel, 'q');
    channel.publish('', 'q', 'a', { headers: { mine: 'yes' }, messageId: 'm' });
    const [delivery] = deliveries(channel);
    expect(delivery).toMatchObject({ text: 'a', properties: { messageId: 'm', headers: { mine: 'yes' } } });
    nack(channel, delivery!.args.deliveryTag);
    const again = deliveries(channel)[1]!;
    expect(again).toMatchObject({ text: 'a', properties: { messageId: 'm', headers: { mine: 'yes' } } });
    expect(countOf(again.properties!.headers)).toBe(1);
  });

  test('a classic queue does not count', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q');
    publishAll(channel, 'q', 'a');
    expect(get(channel, 'q')!.properties!.headers).toBeUndefined();
  });
});

describe('x-delivery-limit [queue.declare.arguments.x-delivery-limit]', () => {
  /** Brings the message back until it is gone: how often it was delivered. */
  function deliveriesOf(channel: TestChannel, most: number): number {
    channel.publish('', 'q', 'poison');
    let count = 0;
    for (let got = get(channel, 'q', false); got !== undefined && count < most; got = get(channel, 'q', false)) {
      count++;
      nack(channel, got.args.deliveryTag);
    }
    return count;
  }

  test('that often it may come back, then it is dead', () => {
    const { channel } = replicated({ 'x-delivery-limit': 2 });
    expect(deliveriesOf(channel, 100)).toBe(3);
    const dead = get(channel, 'dead')!;
    expect(dead.text).toBe('poison');
    expect(dead.properties!.headers!['x-first-death-reason']).toBe('delivery_limit');
    expect(counts(channel, 'q')).toEqual([0, 0]);
  });

  test('is 20 where nothing is said', () => {
    expect(deliveriesOf(replicated().channel, 100)).toBe(21);
  });

  test('a negative one is none', () => {
    const { channel } = replicated({ 'x-delivery-limit': -1 });
    expect(deliveriesOf(channel, 100)).toBe(100);
    expect(drain(channel, 'dead')).toEqual([]);
  });

  test('a lost connection counts as well', () => {
    const { channel, open } = replicated({ 'x-delivery-limit': 0 });
    publishAll(channel, 'q', 'a');
    const holder = open();
    get(holder, 'q', false);
    holder.client.drop();
    expect(drain(channel, 'dead')).toEqual(['a']);
  });
});

describe('delayed retry [queue.declare.arguments.x-delayed-retry-type]', () => {
  const retry = { 'x-delayed-retry-type': 'failed', 'x-delayed-retry-min': 100, 'x-delayed-retry-max': 250 };

  test('what a consumer gives back waits longer each time, up to the most', () => {
    const { channel, clock } = replicated(retry);
    publishAll(channel, 'q', 'a');
    for (const delay of [100, 200, 250, 250]) {
      nack(channel, get(channel, 'q', false)!.args.deliveryTag);
      clock.advanceBy(delay - 1);
      expect(get(channel, 'q')).toBeUndefined();
      clock.advanceBy(1);
    }
    expect(drain(channel, 'q')).toEqual(['a']);
  });

  test('what came back for other reasons does not wait', () => {
    const { channel, open } = replicated(retry);
    publishAll(channel, 'q', 'a');
    const holder = open();
    get(holder, 'q', false);
    holder.client.drop();
    expect(drain(channel, 'q')).toEqual(['a']);
  });

  test('all waits if so declared', () => {
    const { channel, clock, open } = replicated({ ...retry, 'x-delayed-retry-type': 'all' });
    publishAll(channel, 'q', 'a');
    const holder = open();
    get(holder, 'q', false);
    holder.close();
    expect(drain(channel, 'q')).toEqual([]);
    clock.advanceBy(100);
    expect(drain(channel, 'q')).toEqual(['a']);
  });

  test('others are delivered meanwhile; afterwards it has its old place', () => {
    const { channel, clock } = replicated(retry);
    publishAll(channel, 'q', 'abc');
    nack(channel, get(channel, 'q', false)!.args.deliveryTag);
    expect(get(channel, 'q')!.text).toBe('b');
    clock.advanceBy(100);
    expect(drain(channel, 'q')).toEqual(['a', 'c']);
  });

  test('a queue that is deleted meanwhile takes what waits with it', () => {
    const { channel, clock, broker } = replicated(retry);
    publishAll(channel, 'q', 'ab');
    nack(channel, get(channel, 'q', false)!.args.deliveryTag);
    channel.call('queue.delete', { queue: 'q' });
    clock.advanceBy(1000);
    expect(broker.store.liveBytes).toBe(0);
  });
});

test('a single active consumer keeps basic.get away [QUE-25]', () => {
  const { open } = replicated({ 'x-single-active-consumer': true });
  expect(refusal(() => get(open(), 'q'))).toMatch(/^405 RESOURCE_LOCKED/);
});

test('acknowledgements, and publishing under a limit, are as with any queue', () => {
  const { channel } = replicated({ 'x-max-length': 1, 'x-overflow': 'reject-publish' });
  channel.call('confirm.select');
  consume(channel, 'q');
  channel.take();
  publishAll(channel, 'q', 'a');
  ack(channel, deliveries(channel)[0]!.args.deliveryTag);
  expect(counts(channel, 'q')).toEqual([0, 1]);
});
