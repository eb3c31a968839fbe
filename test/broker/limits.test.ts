/** How many of each thing there may be; the bounds are small here, so that few declarations reach them. */
import { expect, test, vi } from 'vitest';
import type * as module from '../../core/limits.ts';
import { fixture } from '../support/fixture.ts';
import { consume, declareExchange, declareQueue, refusal } from '../support/steps.ts';

vi.mock('../../core/limits.ts', async (original) => {
  const { limits } = await original<typeof module>();
  return { limits: { ...limits, exchangesMax: 10, queuesMax: 3, consumersPerChannelMax: 3 } };
});

test('one exchange too many is 406, and none is in the way of those that are there [EXC-11]', () => {
  const { open, vhost } = fixture();
  const channel = open();
  for (let count = vhost.exchanges.size; count < 10; count += 1) declareExchange(channel, `x${count}`, 'direct');
  declareExchange(channel, 'x9', 'direct');
  expect(refusal(() => declareExchange(channel, 'one-more', 'direct')))
    .toBe("406 PRECONDITION_FAILED - exchange limit of 10 in vhost '/' is reached (40.10)");
  expect(vhost.exchanges.size).toBe(10);
});

test('one queue too many is 406, until another goes [QUE-12]', () => {
  const { open, vhost } = fixture();
  const channel = open();
  for (const name of ['a', 'b', 'c', 'a']) declareQueue(channel, name);
  expect(refusal(() => declareQueue(channel, 'd')))
    .toBe("406 PRECONDITION_FAILED - queue limit of 3 in vhost '/' is reached (50.10)");
  const other = open();
  other.call('queue.delete', { queue: 'a' });
  declareQueue(other, 'd');
  expect([...vhost.queues.keys()]).toEqual(['b', 'c', 'd']);
});

test('one consumer too many on a channel is 530, and another channel may have as many [BAS-13]', () => {
  const { open } = fixture();
  const [channel, other] = [open(), open()];
  declareQueue(channel, 'q');
  for (const each of [channel, other]) {
    for (const consumerTag of ['a', 'b', 'c']) consume(each, 'q', { consumerTag });
  }
  expect(refusal(() => consume(channel, 'q', { consumerTag: 'd' })))
    .toBe('530 NOT_ALLOWED - reached maximum (3) of consumers per channel (60.20)');
  expect(declareQueue(other, 'q').consumerCount).toBe(3);
});
