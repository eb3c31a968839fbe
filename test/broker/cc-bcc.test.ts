import { describe, expect, test } from 'vitest';
import type { FieldTable } from '../../core/protocol/types.ts';
import { fixture } from '../support/fixture.ts';
import {
  bind, consume, declareExchange, declareQueue, deliveries, describeError, drain, get,
} from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

/** A channel with three queues, bound to amq.direct by their names. */
function threeQueues(): TestChannel {
  const channel = fixture().open();
  for (const queue of ['a', 'b', 'c']) {
    declareQueue(channel, queue);
    bind(channel, 'amq.direct', queue, queue);
  }
  return channel;
}

test.each(['', 'amq.direct'])('keys of CC and BCC count too, in exchange %o [basic.properties.headers.CC]', (x) => {
  const channel = threeQueues();
  channel.publish(x, 'a', 'body', { headers: { CC: ['b', 'nowhere'], BCC: ['c'], other: 1 } });
  for (const queue of ['a', 'b', 'c']) {
    const got = get(channel, queue)!;
    expect(got).toMatchObject({ text: 'body', args: { exchange: x, routingKey: 'a' } });
    expect({ ...got.properties!.headers }).toEqual({ CC: ['b', 'nowhere'], other: 1 });
  }
});

test('each queue gets one copy, however often it is named', () => {
  const channel = threeQueues();
  channel.publish('amq.direct', 'a', 'body', { headers: { CC: ['a', 'b', 'b'], BCC: ['a', 'b'] } });
  expect(['a', 'b', 'c'].map((queue) => drain(channel, queue))).toEqual([['body'], ['body'], []]);
});

test('the key itself need lead nowhere', () => {
  const channel = threeQueues();
  channel.publish('amq.direct', 'nowhere', 'body', { headers: { BCC: ['c'] } }, { mandatory: true });
  expect(drain(channel, 'c')).toEqual(['body']);
  expect(channel.received.some(({ name }) => name === 'basic.return')).toBe(false);
});

test('they count for every exchange on the way', () => {
  const channel = threeQueues();
  declareExchange(channel, 'first', 'fanout');
  channel.call('exchange.bind', { source: 'first', destination: 'amq.direct' });
  channel.publish('first', 'a', 'body', { headers: { CC: ['b'] } });
  expect(['a', 'b'].map((queue) => drain(channel, queue))).toEqual([['body'], ['body']]);
});

test('a known key is not taken for all there is', () => {
  const channel = threeQueues();
  channel.publish('amq.direct', 'a', 'plain');
  channel.publish('amq.direct', 'a', 'copied', { headers: { CC: ['b'] } });
  channel.publish('amq.direct', 'a', 'plain again');
  expect(drain(channel, 'b')).toEqual(['copied']);
});

test('nobody sees BCC: neither consumers nor who gets the message back [basic.properties.headers.BCC]', () => {
  const channel = threeQueues();
  consume(channel, 'a');
  channel.publish('', 'a', 'body', { headers: { BCC: ['b'], x: 1 } });
  expect({ ...deliveries(channel)[0]!.properties!.headers }).toEqual({ x: 1 });
});

describe('what is no list of keys is refused', () => {
  test.each<[FieldTable, string]>([
    [{ CC: 'b' }, 'invalid message: {unacceptable_type_in_header,"CC",longstr}'],
    [{ BCC: 5 }, 'invalid message: {unacceptable_type_in_header,"BCC",signedint}'],
  ])('%o', (headers, text) => {
    const channel = threeQueues();
    channel.publish('', 'a', '', { headers });
    expect(describeError(channel.closed)).toBe(`406 PRECONDITION_FAILED - ${text} (60.40)`);
  });
});
