import { describe, expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import {
  ack, consume, counts, declareExchange, declareQueue, deliveries, describeError, drain, get, nack, names, publishAll,
  qos, refusal, texts,
} from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

/** A transactional channel, and another one that looks on; there is a queue q. */
function transactional(): { channel: TestChannel; other: TestChannel; open: () => TestChannel } {
  const { open } = fixture();
  const [channel, other] = [open(), open()];
  declareQueue(channel, 'q');
  channel.call('tx.select');
  expect(channel.call('tx.select')).toEqual({});
  return { channel, other, open };
}

test('what is published comes with the commit, not before it [tx.commit]', () => {
  const { channel, other } = transactional();
  publishAll(channel, 'q', 'ab');
  expect(counts(other, 'q')).toEqual([0, 0]);
  channel.call('tx.commit');
  expect(drain(other, 'q')).toEqual(['a', 'b']);
  publishAll(channel, 'q', 'c');
  channel.call('tx.commit');
  channel.call('tx.commit');
  expect(drain(other, 'q')).toEqual(['c']);
});

test('a rollback forgets what was published [tx.rollback]', () => {
  const { channel, other } = transactional();
  publishAll(channel, 'q', 'ab');
  channel.call('tx.rollback');
  channel.call('tx.commit');
  expect(drain(other, 'q')).toEqual([]);
});

test.each<['close' | 'drop']>([['close'], ['drop']])('so does the end of the connection: %s', (way) => {
  const { channel, other } = transactional();
  publishAll(channel, 'q', 'ab');
  channel.client[way]();
  expect(counts(other, 'q')).toEqual([0, 0]);
});

describe('acknowledgements [TX-03]', () => {
  test('count from the commit on', () => {
    const { channel, other } = transactional();
    publishAll(other, 'q', 'abc');
    qos(channel, 1);
    consume(channel, 'q');
    ack(channel, 1);
    expect(texts(channel)).toEqual(['a']);
    channel.call('tx.commit');
    expect(texts(channel)).toEqual(['a', 'b']);
  });

  test('that are rolled back are to be given again', () => {
    const { channel, other } = transactional();
    publishAll(other, 'q', 'ab');
    consume(channel, 'q');
    ack(channel, 2, true);
    channel.call('tx.rollback');
    ack(channel, 1);
    nack(channel, 2, false);
    channel.call('tx.commit');
    channel.client.close();
    expect(drain(other, 'q')).toEqual([]);
  });

  test('that were not committed are as if not given: the messages come back in order', () => {
    const { channel, other } = transactional();
    publishAll(other, 'q', 'abc');
    consume(channel, 'q');
    ack(channel, 2);
    nack(channel, 1, false);
    channel.close();
    expect(get(other, 'q')).toMatchObject({ text: 'a', args: { redelivered: true } });
    expect(drain(other, 'q')).toEqual(['b', 'c']);
  });

  test('a requeue waits for the commit too', () => {
    const { channel, other } = transactional();
    publishAll(other, 'q', 'a');
    get(channel, 'q', false);
    nack(channel, 1);
    expect(counts(other, 'q')).toEqual([0, 0]);
    channel.call('tx.commit');
    expect(get(other, 'q')).toMatchObject({ text: 'a', args: { redelivered: true } });
  });

  test('a tag that is not there is refused when it is given [BAS-20]', () => {
    const { channel } = transactional();
    ack(channel, 1);
    expect(describeError(channel.closed)).toBe('406 PRECONDITION_FAILED - unknown delivery tag 1 (60.80)');
  });
});

test('returns come with the commit, before commit-ok [TX-02]', () => {
  const { channel } = transactional();
  channel.take();
  channel.publish('', 'nowhere', 'back', {}, { mandatory: true });
  expect(names(channel)).toEqual([]);
  channel.call('tx.commit');
  expect(names(channel)).toEqual(['basic.return', 'tx.commit-ok']);
});

test('commit-ok comes before the answer to what was asked behind the commit', () => {
  const { channel } = transactional();
  channel.take();
  channel.client.session.send(channel.number, 'tx.commit', {});
  channel.call('basic.get', { queue: 'q' });
  expect(names(channel)).toEqual(['tx.commit-ok', 'basic.get-empty']);
});

test('so does what no queue is left for at the commit, though there was one when it came [TX-02]', () => {
  const { channel, other } = transactional();
  channel.publish('', 'q', 'late', {}, { mandatory: true });
  other.call('queue.delete', { queue: 'q' });
  channel.take();
  channel.call('tx.commit');
  expect(names(channel)).toEqual(['basic.return', 'tx.commit-ok']);
});

test('whether an immediate message can be delivered is judged at the commit [IMM-9]', () => {
  const { channel, other } = transactional();
  channel.publish('', 'q', 'now', {}, { immediate: true });
  consume(other, 'q', { noAck: true });
  channel.call('tx.commit');
  expect(texts(other)).toEqual(['now']);
  channel.publish('', 'q', 'later', {}, { immediate: true });
  other.client.close();
  channel.take();
  channel.call('tx.commit');
  expect(names(channel)).toEqual(['basic.return', 'tx.commit-ok']);
  expect(counts(channel, 'q')).toEqual([0, 0]);
});

test('what is wrong with a publish is said at once', () => {
  const { channel } = transactional();
  channel.publish('none', '');
  expect(describeError(channel.closed)).toBe("404 NOT_FOUND - no exchange 'none' in vhost '/' (60.40)");
});

test('a queue that refuses fails the commit, though others took theirs [TX-05]', () => {
  const { channel, other } = transactional();
  declareQueue(other, 'full', { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
  publishAll(channel, 'full', 'ab');
  publishAll(channel, 'q', 'c');
  expect(refusal(() => channel.call('tx.commit')))
    .toBe('406 PRECONDITION_FAILED - partial tx completion (90.20)');
  expect([drain(other, 'full'), drain(other, 'q')]).toEqual([['a'], ['c']]);
});

describe('what goes before the commit', () => {
  test('a queue: its messages are dropped, nothing is left behind', () => {
    const { channel, other } = transactional();
    declareQueue(other, 'stays');
    for (const queue of ['q', 'stays']) other.call('queue.bind', { queue, exchange: 'amq.fanout' });
    channel.publish('amq.fanout', '', 'to both');
    channel.publish('', 'q', 'to one');
    other.call('queue.delete', { queue: 'q' });
    expect(channel.call('tx.commit')).toEqual({});
    expect(drain(other, 'stays')).toEqual(['to both']);
    declareQueue(other, 'q');
    expect(drain(other, 'q')).toEqual([]);
  });

  test('the queue of an acknowledged message', () => {
    const { channel, other } = transactional();
    publishAll(other, 'q', 'ab');
    consume(channel, 'q');
    ack(channel, 1);
    nack(channel, 2);
    other.call('queue.delete', { queue: 'q' });
    expect(channel.call('tx.commit')).toEqual({});
  });

  test.each(['x-recent-history', 'x-delayed-message'])('an exchange that keeps messages: %s', (type) => {
    const { channel, other } = transactional();
    declareExchange(other, 'x', type, { 'x-delayed-type': 'fanout' });
    channel.publish('x', '', 'kept', { headers: { 'x-delay': 1000 } });
    other.call('exchange.delete', { exchange: 'x' });
    expect(channel.call('tx.commit')).toEqual({});
  });

  test('whoever waits for a reply', () => {
    const { channel, open } = transactional();
    const requester = open();
    consume(requester, 'amq.rabbitmq.reply-to', { noAck: true });
    requester.publish('', 'q', '', { replyTo: 'amq.rabbitmq.reply-to' });
    const { replyTo } = get(channel, 'q')!.properties!;
    channel.publish('', replyTo!, 'too late');
    requester.close();
    expect(channel.call('tx.commit')).toEqual({});
    expect(requester.client.end).toBeUndefined();
    expect(deliveries(requester)).toEqual([]);
  });
});

test.each(['tx.commit', 'tx.rollback'] as const)('%s without tx.select is refused [TX-01]', (method) => {
  const id = method === 'tx.commit' ? '90.20' : '90.30';
  expect(refusal(() => fixture().open().call(method)))
    .toBe(`406 PRECONDITION_FAILED - channel is not transactional (${id})`);
});
