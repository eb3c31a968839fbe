import { describe, expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import {
  consume, counts, declareQueue, deliveries, get, publishAll, qos, refusal, texts,
} from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

const single = { 'x-single-active-consumer': true };

/** A queue q with consumers of these priorities in this order, each on a connection of its own. */
function consumers(...priorities: readonly number[]): TestChannel[] {
  const { open } = fixture();
  return priorities.map((priority) => {
    const channel = open();
    declareQueue(channel, 'q', single);
    consume(channel, 'q', { arguments: { 'x-priority': priority } });
    return channel;
  });
}

test('the first consumer gets all, the others wait [QUE-25] [queue.declare.arguments.x-single-active-consumer]', () => {
  const [first, second] = consumers(0, 0) as [TestChannel, TestChannel];
  publishAll(first, 'q', 'abc');
  expect([texts(first), texts(second)]).toEqual([['a', 'b', 'c'], []]);
  expect(counts(first, 'q')).toEqual([0, 2]);
});

describe('when the active one goes', () => {
  test('the next in line takes over, with what it held', () => {
    const [first, second, third] = consumers(0, 0, 0) as [TestChannel, TestChannel, TestChannel];
    publishAll(third, 'q', 'ab');
    first.client.drop();
    expect(deliveries(second).map(({ text, args }) => [text, args.redelivered])).toEqual([['a', true], ['b', true]]);
    publishAll(third, 'q', 'c');
    expect([texts(second), texts(third)]).toEqual([['a', 'b', 'c'], []]);
  });

  test('by a cancel, it keeps what it holds', () => {
    const [first, second] = consumers(0, 0) as [TestChannel, TestChannel];
    publishAll(second, 'q', 'a');
    first.call('basic.cancel', { consumerTag: 'q' });
    publishAll(second, 'q', 'b');
    expect([texts(first), texts(second)]).toEqual([['a'], ['b']]);
  });

  test('the highest priority is next, before the longest wait', () => {
    const [first, , third] = consumers(5, 1, 9) as [TestChannel, TestChannel, TestChannel];
    publishAll(first, 'q', 'a');
    expect(texts(first)).toEqual(['a']);
    first.client.close();
    expect(texts(third)).toEqual(['a']);
  });
});

test('a full active consumer is waited for: the order is worth more than the speed', () => {
  const { open } = fixture();
  const [first, second] = [open(), open()];
  declareQueue(first, 'q', single);
  qos(first, 1);
  consume(first, 'q');
  consume(second, 'q');
  publishAll(first, 'q', 'ab');
  expect([texts(first), texts(second)]).toEqual([['a'], []]);
});

test('nobody may consume it exclusively', () => {
  const { open } = fixture();
  declareQueue(open(), 'q', single);
  expect(refusal(() => consume(open(), 'q', { exclusive: true })))
    .toBe("403 ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use (60.20)");
});

test('basic.get goes on as ever', () => {
  const { open } = fixture();
  const [channel, consumer] = [open(), open()];
  declareQueue(channel, 'q', single);
  qos(consumer, 1);
  consume(consumer, 'q');
  publishAll(channel, 'q', 'ab');
  expect(get(channel, 'q')!.text).toBe('b');
});

test('a number is no boolean', () => {
  expect(refusal(() => declareQueue(fixture().open(), 'q', { 'x-single-active-consumer': 1 })))
    .toMatch(/^406 PRECONDITION_FAILED - invalid arg 'x-single-active-consumer' for queue 'q' in vhost '\/'/);
});
