import { expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import { consume, declareQueue, deliveries, drain, get, nack, qos, refusal, texts } from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

/** Publishes to q one message for each priority, which is its text as well. */
function publishEach(channel: TestChannel, priorities: readonly (number | undefined)[]): void {
  for (const priority of priorities) {
    channel.publish('', 'q', `${priority}`, priority === undefined ? {} : { priority });
  }
}

test('the highest comes first; none is 0, too much is the most [QUE-24] [basic.properties.priority]', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q', { 'x-max-priority': 5 });
  publishEach(channel, [0, 3, 9, undefined, 5, 1]);
  expect(drain(channel, 'q')).toEqual(['9', '5', '3', '1', '0', 'undefined']);
});

test('within one priority the order is that of publishing', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q', { 'x-max-priority': 2 });
  ['a1', 'b2', 'c1', 'd2', 'e0'].forEach((text) => channel.publish('', 'q', text, { priority: Number(text[1]) }));
  expect(drain(channel, 'q')).toEqual(['b2', 'd2', 'a1', 'c1', 'e0']);
});

test('a message that comes back goes before its equals and after its betters', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q', { 'x-max-priority': 9 });
  publishEach(channel, [5]);
  const { deliveryTag } = get(channel, 'q', false)!.args;
  channel.publish('', 'q', 'new 5', { priority: 5 });
  publishEach(channel, [7, 1]);
  nack(channel, deliveryTag);
  expect(drain(channel, 'q')).toEqual(['7', '5', 'new 5', '1']);
});

test('what a consumer holds is not taken back for a better one', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q', { 'x-max-priority': 9 });
  qos(channel, 1);
  consume(channel, 'q');
  publishEach(channel, [1, 2, 9]);
  channel.send('basic.ack', { deliveryTag: deliveries(channel)[0]!.args.deliveryTag });
  expect(texts(channel)).toEqual(['1', '9']);
});

test('a queue without the argument knows no priorities', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  publishEach(channel, [1, 9, 5]);
  expect(drain(channel, 'q')).toEqual(['1', '9', '5']);
});

test('more than 255 is refused [queue.declare.arguments.x-max-priority]', () => {
  expect(refusal(() => declareQueue(fixture().open(), 'q', { 'x-max-priority': 256 })))
    .toMatch(/^406 PRECONDITION_FAILED - invalid arg 'x-max-priority' for queue 'q' in vhost '\/'/);
});
