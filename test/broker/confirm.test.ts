import { describe, expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import { declareExchange, declareQueue, drain, names, publishTogether, refusal } from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

/** Confirms that came: 'ack 3', 'ack 5 and before', 'nack 2'. */
export function confirms(channel: TestChannel): string[] {
  return channel.received.flatMap((each) => {
    if (each.name !== 'basic.ack' && each.name !== 'basic.nack') return [];
    const { deliveryTag, multiple } = each.args;
    return `${each.name.slice(6)} ${deliveryTag}${multiple ? ' and before' : ''}`;
  });
}

test('each publish is confirmed by its number, counted from confirm.select on [CNF-02] [confirm.select]', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  channel.publish('', 'q', 'before');
  channel.call('confirm.select');
  expect(channel.call('confirm.select')).toEqual({});
  for (const body of 'abc') channel.publish('', 'q', body);
  expect(confirms(channel)).toEqual(['ack 1', 'ack 2', 'ack 3']);
});

test('what came together is confirmed together [basic.ack.multiple]', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  channel.call('confirm.select');
  publishTogether(channel, ['q', 'q', 'q']);
  channel.publish('', 'q');
  expect(confirms(channel)).toEqual(['ack 3 and before', 'ack 4']);
});

test('what was taken is confirmed before a later method closes the channel', () => {
  const channel = fixture().open();
  channel.call('confirm.select');
  publishTogether(channel, ['nowhere', 'nowhere'], () => {
    channel.client.session.send(channel.number, 'basic.ack', { deliveryTag: 9, multiple: false });
  });
  expect(confirms(channel)).toEqual(['ack 2 and before']);
  expect(channel.closed?.replyCode).toBe(406);
});

test('what no queue takes is confirmed as well, after its return', () => {
  const channel = fixture().open();
  channel.call('confirm.select');
  channel.take();
  channel.publish('', 'nowhere', '', {}, { mandatory: true });
  channel.publish('', 'nowhere');
  expect(names(channel)).toEqual(['basic.return', 'basic.ack', 'basic.ack']);
});

describe('a queue that refuses gives a nack [QUE-17]', () => {
  const full = { 'x-max-length': 2, 'x-overflow': 'reject-publish' };

  test('for that publish alone', () => {
    const channel = fixture().open();
    declareQueue(channel, 'full', full);
    declareQueue(channel, 'roomy');
    channel.call('confirm.select');
    publishTogether(channel, ['full', 'roomy', 'full', 'full', 'full', 'roomy', 'roomy']);
    expect(confirms(channel)).toEqual(['ack 3 and before', 'nack 4', 'nack 5', 'ack 7 and before']);
  });

  test('though others got the message', () => {
    const channel = fixture().open();
    declareQueue(channel, 'full', full);
    declareQueue(channel, 'roomy');
    for (const queue of ['full', 'roomy']) channel.call('queue.bind', { queue, exchange: 'amq.fanout' });
    channel.call('confirm.select');
    for (const body of 'abc') channel.publish('amq.fanout', '', body);
    expect(confirms(channel)).toEqual(['ack 1', 'ack 2', 'nack 3']);
    expect([drain(channel, 'full'), drain(channel, 'roomy')]).toEqual([['a', 'b'], ['a', 'b', 'c']]);
  });

  test('each channel hears of its own publishes', () => {
    const { open } = fixture();
    const [a, b] = [open(), open()];
    declareQueue(a, 'full', full);
    a.call('confirm.select');
    b.call('confirm.select');
    a.publish('', 'full');
    b.publish('', 'full');
    b.publish('', 'full');
    a.publish('', 'full');
    expect([confirms(a), confirms(b)]).toEqual([['ack 1', 'nack 2'], ['ack 1', 'nack 2']]);
  });

  test('a consumer that publishes while the queue makes room does not lose it', () => {
    const { open, vhost } = fixture();
    const channel = open();
    declareQueue(channel, 'full', { ...full, 'x-max-length': 1 });
    declareQueue(channel, 'seen');
    vhost.queue('full').consume({ prefetch: 1 }).subscribe(({ body }) => {
      vhost.exchange('').next({ routingKey: 'seen', body });
    });
    channel.call('confirm.select');
    publishTogether(channel, ['full', 'full', 'full']);
    expect(confirms(channel)).toEqual(['ack 2 and before', 'nack 3']);
    expect(drain(channel, 'seen')).toHaveLength(1);
  });
});

test('a publish that ends the channel is not confirmed, those before it are', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  channel.call('confirm.select');
  channel.publish('', 'q');
  channel.publish('none', 'q');
  expect(confirms(channel)).toEqual(['ack 1']);
  expect(channel.closed?.replyCode).toBe(404);
});

test('a queue that is deleted before the confirm counts as having taken the message [CNF-03]', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  channel.call('confirm.select');
  publishTogether(channel, ['q']);
  channel.call('queue.delete', { queue: 'q' });
  expect(confirms(channel)).toEqual(['ack 1']);
});

test('confirms and transactions exclude each other [CNF-01]', () => {
  const { open } = fixture();
  const [first, second] = [open(), open()];
  first.call('confirm.select');
  expect(refusal(() => first.call('tx.select')))
    .toBe('406 PRECONDITION_FAILED - cannot switch from confirm to tx mode (90.10)');
  second.call('tx.select');
  expect(refusal(() => second.call('confirm.select')))
    .toBe('406 PRECONDITION_FAILED - cannot switch from tx to confirm mode (85.10)');
});

test('answers nothing when told not to [confirm.select.noWait]', () => {
  const channel = fixture().open();
  channel.send('confirm.select', { noWait: true });
  declareExchange(channel, 'x', 'fanout');
  channel.publish('x', '');
  expect(names(channel)).toEqual(['channel.open-ok', 'exchange.declare-ok', 'basic.ack']);
});
