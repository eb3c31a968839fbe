import { describe, expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import {
  bind, consume, counts, declareExchange, declareQueue, deliveries, describeError, drain, get, names, refusal,
} from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

const TEN_YEARS_MS = 315_360_000_000;

function declareDelayed(channel: TestChannel, type = 'direct'): void {
  declareExchange(channel, 'later', 'x-delayed-message', { 'x-delayed-type': type });
  declareQueue(channel, 'q');
  bind(channel, 'later', 'q', 'k');
}

const delayed = (delay: number | string | bigint) => ({ headers: { 'x-delay': delay } });

test('a message comes after its delay, to the millisecond [TYP-06] [exchange.declare.arguments.x-delayed-type]', () => {
  const { open, clock } = fixture();
  const channel = open();
  declareDelayed(channel);
  channel.publish('later', 'k', 'slow', delayed(5000));
  channel.publish('later', 'k', 'fast', delayed(10));
  channel.publish('later', 'k', 'now');
  expect(drain(channel, 'q')).toEqual(['now']);
  clock.advanceBy(9);
  expect(drain(channel, 'q')).toEqual([]);
  clock.advanceBy(1);
  expect(drain(channel, 'q')).toEqual(['fast']);
  clock.advanceBy(4990);
  expect(drain(channel, 'q')).toEqual(['slow']);
});

test('ten years are as exact as ten milliseconds', () => {
  const { open, clock } = fixture();
  const channel = open();
  declareDelayed(channel);
  channel.publish('later', 'k', 'patient', delayed(TEN_YEARS_MS));
  clock.advanceBy(TEN_YEARS_MS - 1);
  expect(counts(channel, 'q')).toEqual([0, 0]);
  clock.advanceBy(1);
  expect(drain(channel, 'q')).toEqual(['patient']);
});

test('messages of one delay keep their order', () => {
  const { open, clock } = fixture();
  const channel = open();
  declareDelayed(channel);
  for (const body of 'abcde') channel.publish('later', 'k', body, delayed(100));
  clock.advanceBy(100);
  expect(drain(channel, 'q')).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('the delay is negative when the message comes, so that it is none for another exchange', () => {
  const { open, clock } = fixture();
  const channel = open();
  declareDelayed(channel);
  consume(channel, 'q');
  channel.publish('later', 'k', 'body', { ...delayed(100), messageId: 'm' });
  clock.advanceBy(100);
  expect(deliveries(channel)).toMatchObject([{
    text: 'body', args: { exchange: 'later', routingKey: 'k' },
    properties: { messageId: 'm', headers: { 'x-delay': -100 } },
  }]);
});

test.each([0, -5, 'soon'])('a delay of %o', (delay) => {
  const { open, clock } = fixture();
  const channel = open();
  declareDelayed(channel);
  channel.publish('later', 'k', 'body', delayed(delay));
  clock.advanceBy(2);
  expect(drain(channel, 'q')).toEqual(['body']);
});

test.each([1.5, 1e300])('a delay of %o is no integer: 406, and the publish is not taken', (delay) => {
  const { open } = fixture();
  const channel = open();
  declareDelayed(channel);
  channel.publish('later', 'k', 'body', delayed(delay));
  expect(describeError(channel.closed)).toBe(
    "406 PRECONDITION_FAILED - invalid message: header 'x-delay': \"expected integer, got double\" (60.40)",
  );
  // Where nothing is held back it means nothing.
  const other = open();
  expect(drain(other, 'q')).toEqual([]);
  other.publish('', 'q', 'body', delayed(delay));
  expect(drain(other, 'q')).toEqual(['body']);
});

test('it may be of any integer type', () => {
  const { open, clock } = fixture();
  const channel = open();
  declareDelayed(channel);
  channel.publish('later', 'k', 'body', delayed(1000n));
  expect(drain(channel, 'q')).toEqual([]);
  clock.advanceBy(1000);
  expect(drain(channel, 'q')).toEqual(['body']);
});

test('routing is that of the type, by the bindings of when the time has come', () => {
  const { open, clock } = fixture();
  const channel = open();
  declareExchange(channel, 'later', 'x-delayed-message', { 'x-delayed-type': 'topic' });
  declareQueue(channel, 'q');
  channel.publish('later', 'a.b', 'before', delayed(1000));
  channel.publish('later', 'c', 'elsewhere', delayed(1000));
  bind(channel, 'later', 'q', 'a.*');
  clock.advanceBy(1000);
  expect(drain(channel, 'q')).toEqual(['before']);
});

test('further keys of CC and BCC are waited for too [BAS-04]', () => {
  const { open, clock } = fixture();
  const channel = open();
  declareDelayed(channel);
  for (const [queue, key] of [['copy', 'cc'], ['hidden', 'bcc']] as const) {
    declareQueue(channel, queue);
    bind(channel, 'later', queue, key);
  }
  channel.publish('later', 'k', 'body', { headers: { 'x-delay': 100, CC: ['cc'], BCC: ['bcc'] } });
  clock.advanceBy(100);
  for (const queue of ['q', 'copy', 'hidden']) {
    const got = get(channel, queue)!;
    expect([got.text, Object.keys(got.properties!.headers!).sort()]).toEqual(['body', ['CC', 'x-delay']]);
  }
});

test('it is confirmed when it is held back, and is no longer returned then', () => {
  const { open, clock } = fixture();
  const channel = open();
  declareExchange(channel, 'later', 'x-delayed-message', { 'x-delayed-type': 'direct' });
  channel.call('confirm.select');
  channel.take();
  channel.publish('later', 'nowhere', 'body', delayed(100), { mandatory: true });
  expect(names(channel)).toEqual(['basic.ack']);
  clock.advanceBy(100);
  expect(names(channel)).toEqual(['basic.ack']);
});

test('deleting the exchange drops what it holds back', () => {
  const { open, clock, broker } = fixture();
  const channel = open();
  declareDelayed(channel);
  channel.publish('later', 'k', 'body', delayed(100));
  channel.call('exchange.delete', { exchange: 'later' });
  expect([clock.pending, broker.store.liveBytes]).toEqual([0, 0]);
  clock.advanceBy(100);
  expect(drain(channel, 'q')).toEqual([]);
});

describe('a declaration', () => {
  test.each([undefined, 'nope', 'x-delayed-message', 5])('with the type %o is refused', (type) => {
    const table = type === undefined ? {} : { 'x-delayed-type': type };
    expect(refusal(() => declareExchange(fixture().open(), 'bad', 'x-delayed-message', table))).toBe(
      "406 PRECONDITION_FAILED - Invalid argument, 'x-delayed-type' must be an existing exchange type (40.10)",
    );
  });
});

test('publishing to one that is gone is refused as ever', () => {
  const channel = fixture().open();
  channel.publish('later', 'k', '', delayed(10));
  expect(describeError(channel.closed)).toBe("404 NOT_FOUND - no exchange 'later' in vhost '/' (60.40)");
});
