import { describe, expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import {
  ack, consume, counts, declareQueue, deliveries, describeError, drain, get, nack, texts,
} from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

/** A channel that holds the messages a, b, c, d of the queue q. */
function holding(): { channel: TestChannel; open: () => TestChannel } {
  const { open } = fixture();
  const channel = open();
  declareQueue(channel, 'q');
  consume(channel, 'q');
  for (const body of 'abcd') channel.publish('', 'q', body);
  return { channel, open };
}

test('what is acknowledged does not come back; the rest does [basic.ack]', () => {
  const { channel, open } = holding();
  ack(channel, 2);
  channel.client.close();
  expect(drain(open(), 'q')).toEqual(['a', 'c', 'd']);
});

test('multiple acknowledges all up to the tag; 0 all there are [basic.ack.multiple]', () => {
  const { channel, open } = holding();
  ack(channel, 3, true);
  ack(channel, 0, true);
  ack(channel, 0, true);
  channel.client.close();
  expect(drain(open(), 'q')).toEqual([]);
});

test('reject and nack without requeue drop the message [basic.reject] [basic.nack.requeue]', () => {
  const { channel, open } = holding();
  channel.send('basic.reject', { deliveryTag: 1, requeue: false });
  nack(channel, 3, false, true);
  channel.client.close();
  expect(drain(open(), 'q')).toEqual(['d']);
});

test('nack of several brings each back [basic.nack.multiple]', () => {
  const { channel } = holding();
  channel.take();
  nack(channel, 3, true, true);
  expect(deliveries(channel).map(({ text, args }) => [text, args.redelivered, args.deliveryTag])).toEqual([
    ['a', true, 5], ['b', true, 6], ['c', true, 7],
  ]);
});

describe('a tag that is not there ends the channel with 406 [BAS-20]', () => {
  const unknown = (tag: number, method: number): string =>
    `406 PRECONDITION_FAILED - unknown delivery tag ${tag} (60.${method})`;

  test.each<[string, (channel: TestChannel) => void, string]>([
    ['ack of a tag to come', (channel) => ack(channel, 5), unknown(5, 80)],
    ['ack twice', (channel) => [ack(channel, 1), ack(channel, 1)], unknown(1, 80)],
    ['ack of what another ack covered', (channel) => [ack(channel, 2, true), ack(channel, 1)], unknown(1, 80)],
    ['ack of 0 alone', (channel) => ack(channel, 0), unknown(0, 80)],
    ['multiple beyond the last', (channel) => ack(channel, 9, true), unknown(9, 80)],
    ['nack', (channel) => nack(channel, 5), unknown(5, 120)],
    ['reject', (channel) => channel.send('basic.reject', { deliveryTag: 7 }), unknown(7, 90)],
  ])('%s', (_what, settle, text) => {
    const { channel, open } = holding();
    settle(channel);
    expect(describeError(channel.closed)).toBe(text);
    expect(channel.client.end).toBeUndefined();
    const left = drain(open(), 'q');
    expect(left.at(-1)).toBe('d');
  });
});

test('tags are the channel\'s own: another channel does not know them', () => {
  const { channel } = holding();
  const other = channel.client.channel();
  ack(other, 1);
  expect(describeError(other.closed)).toBe('406 PRECONDITION_FAILED - unknown delivery tag 1 (60.80)');
  ack(channel, 1);
  expect(channel.closed).toBeUndefined();
});

describe('basic.recover [BAS-23]', () => {
  test.each<['basic.recover' | 'basic.recover-async']>([['basic.recover'], ['basic.recover-async']])(
    '%s brings back all that the channel holds, in order [basic.recover.requeue] [basic.recover-async.requeue]',
    (method) => {
      const { channel } = holding();
      ack(channel, 2);
      channel.take();
      channel.send(method, { requeue: true });
      expect(texts(channel)).toEqual(['a', 'c', 'd']);
      expect(deliveries(channel).every(({ args }) => args.redelivered)).toBe(true);
      expect(channel.received.some(({ name }) => name === 'basic.recover-ok')).toBe(method === 'basic.recover');
    },
  );

  test('without requeue it is not to be had', () => {
    const { channel } = holding();
    channel.send('basic.recover', { requeue: false });
    expect(describeError(channel.client.closed)).toBe('540 NOT_IMPLEMENTED - requeue=false (60.110)');
  });
});

describe('basic.get [BAS-19]', () => {
  test('tells how many are left, or that there is nothing [basic.get-ok.messageCount] [basic.get-empty]', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q');
    expect(get(channel, 'q')).toBeUndefined();
    expect(channel.received.at(-1)!.name).toBe('basic.get-empty');
    for (const body of 'abc') channel.publish('', 'q', body);
    expect(get(channel, 'q')!.args).toEqual({
      deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'q', messageCount: 2,
    });
  });

  test('without acknowledgement the message is gone; with it, it is held [basic.get.noAck]', () => {
    const { open } = fixture();
    const channel = open();
    declareQueue(channel, 'q');
    for (const body of 'ab') channel.publish('', 'q', body);
    get(channel, 'q', true);
    get(channel, 'q', false);
    expect(counts(channel, 'q')).toEqual([0, 0]);
    ack(channel, 1);
    expect(describeError(channel.closed)).toBe('406 PRECONDITION_FAILED - unknown delivery tag 1 (60.80)');
    expect(drain(open(), 'q')).toEqual(['b']);
  });
});

describe('consumer tags [BAS-09]', () => {
  test('the broker makes one where none is given; one in use ends the connection [basic.consume.consumerTag]', () => {
    const { open } = fixture();
    const channel = open();
    declareQueue(channel, 'q');
    const { consumerTag } = channel.call('basic.consume', { queue: 'q' });
    expect(consumerTag).toMatch(/^amq\.ctag-[\w-]{22}$/);
    const other = channel.client.channel();
    expect(other.call('basic.consume', { queue: 'q', consumerTag })).toEqual({ consumerTag });
    channel.send('basic.consume', { queue: 'q', consumerTag });
    expect(describeError(channel.client.closed))
      .toBe(`530 NOT_ALLOWED - attempt to reuse consumer tag '${consumerTag}' (60.20)`);
  });

  test('cancelling what is not there is no error [basic.cancel]', () => {
    expect(fixture().open().call('basic.cancel', { consumerTag: 'none' })).toEqual({ consumerTag: 'none' });
  });

  test('what a cancelled consumer holds may still be acknowledged [BAS-17]', () => {
    const { channel, open } = holding();
    channel.call('basic.cancel', { consumerTag: 'q' });
    ack(channel, 2, true);
    channel.client.close();
    expect(drain(open(), 'q')).toEqual(['c', 'd']);
  });
});
