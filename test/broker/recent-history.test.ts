import { expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import { bind, consume, declareExchange, declareQueue, drain, publishAll, refusal, texts } from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

function declareHistory(channel: TestChannel, length?: number): void {
  const table = length === undefined ? {} : { 'x-recent-history-length': length };
  declareExchange(channel, 'news', 'x-recent-history', table);
}

function publishEach(channel: TestChannel, bodies: Iterable<string>): void {
  for (const body of bodies) channel.publish('news', 'any', body);
}

/** What a new queue gets at once. */
function replay(channel: TestChannel, queue: string): string[] {
  declareQueue(channel, queue);
  bind(channel, 'news', queue, 'key');
  return drain(channel, queue);
}

test('a new queue gets the last messages, oldest first, then all that come [TYP-08]', () => {
  const channel = fixture().open();
  declareHistory(channel, 3);
  publishEach(channel, 'abcde');
  expect(replay(channel, 'late')).toEqual(['c', 'd', 'e']);
  publishEach(channel, 'f');
  expect(drain(channel, 'late')).toEqual(['f']);
  expect(replay(channel, 'later')).toEqual(['d', 'e', 'f']);
});

test('20 are kept where nothing is said', () => {
  const channel = fixture().open();
  declareHistory(channel);
  publishEach(channel, Array.from({ length: 30 }, (_, i) => `${i}`));
  expect(replay(channel, 'late')).toEqual(Array.from({ length: 20 }, (_, i) => `${i + 10}`));
});

test('a queue that is bound twice gets the past once for each binding that is new', () => {
  const channel = fixture().open();
  declareHistory(channel);
  publishEach(channel, 'ab');
  expect(replay(channel, 'q')).toEqual(['a', 'b']);
  expect(replay(channel, 'q')).toEqual([]);
});

test('a message may ask not to be kept', () => {
  const channel = fixture().open();
  declareHistory(channel);
  declareQueue(channel, 'q');
  bind(channel, 'news', 'q');
  channel.publish('news', '', 'secret', { headers: { 'x-recent-history-no-store': true } });
  expect(drain(channel, 'q')).toEqual(['secret']);
  expect(replay(channel, 'late')).toEqual([]);
});

test('a consumer that waits gets the past at once', () => {
  const channel = fixture().open();
  declareHistory(channel);
  publishEach(channel, 'ab');
  declareQueue(channel, 'q');
  consume(channel, 'q');
  bind(channel, 'news', 'q');
  expect(texts(channel)).toEqual(['a', 'b']);
});

test('it keeps what came through another exchange, and no exchange gets the past', () => {
  const channel = fixture().open();
  declareHistory(channel);
  declareExchange(channel, 'next', 'fanout');
  declareQueue(channel, 'q');
  bind(channel, 'next', 'q');
  publishEach(channel, 'a');
  channel.call('exchange.bind', { source: 'amq.fanout', destination: 'news' });
  channel.publish('amq.fanout', '', 'b');
  channel.call('exchange.bind', { source: 'news', destination: 'next' });
  expect(drain(channel, 'q')).toEqual([]);
  expect(replay(channel, 'late')).toEqual(['a', 'b']);
});

test('what it keeps is kept once, and goes with the exchange', () => {
  const { open, broker } = fixture();
  const channel = open();
  declareHistory(channel, 2);
  publishEach(channel, 'abc');
  publishAll(channel, 'nowhere', 'x');
  expect(broker.store.liveBytes).toBeGreaterThan(0);
  channel.call('exchange.delete', { exchange: 'news' });
  expect(broker.store.liveBytes).toBe(0);
});

test.each([0, -1])('a length of %o is refused [exchange.declare.arguments.x-recent-history-length]', (length) => {
  const channel = fixture().open();
  expect(refusal(() => declareHistory(channel, length))).toBe("406 PRECONDITION_FAILED - Invalid argument, " +
    "'x-recent-history-length' must be a positive integer (40.10)");
});
