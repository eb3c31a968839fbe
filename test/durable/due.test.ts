/** What fell due while the broker was down comes out in the order in which it would have come. */
import { describe, expect, test } from 'vitest';
import type { FieldTable } from '../../core/protocol/types.ts';
import { bind, declareExchange, declareQueue, drain, get, nack } from '../support/steps.ts';
import { Lives, durable, ends, persistent } from './lives.ts';

const toDead: FieldTable = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };

describe.each(ends)('after %s', (end) => {
  test('delayed messages, over exchanges [TYP-06]', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'q', {}, durable);
    for (const exchange of ['one', 'other']) {
      declareExchange(first, exchange, 'x-delayed-message', { 'x-delayed-type': 'fanout' }, durable);
      bind(first, exchange, 'q');
    }
    const send = (exchange: string, delay: number, body: string): void => {
      first.publish(exchange, '', body, { ...persistent, headers: { 'x-delay': delay } });
    };
    send('one', 2000, 'third');
    send('other', 1500, 'second');
    send('one', 1000, 'first');
    send('other', 9000, 'last');
    send('one', 2000, 'fourth');
    send('one', 8000, 'last but one');
    await lives.next(end, 5000);
    const channel = lives.open();
    expect(drain(channel, 'q')).toEqual(['first', 'second', 'third', 'fourth']);
    lives.clock.advanceBy(4000);
    expect(drain(channel, 'q')).toEqual(['last but one', 'last']);
  });

  test('dead letters, over queues, exchanges that delay and retries [QUE-14, QUE-29]', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'dead', {}, durable);
    for (const queue of ['a', 'b']) declareQueue(first, queue, toDead, durable);
    const retries = { 'x-queue-type': 'quorum', 'x-delayed-retry-type': 'all', 'x-delayed-retry-min': 1800 };
    declareQueue(first, 'tried', { ...toDead, ...retries }, durable);
    declareExchange(first, 'later', 'x-delayed-message', { 'x-delayed-type': 'fanout' }, durable);
    bind(first, 'later', 'dead');
    first.publish('', 'tried', '1800', { ...persistent, expiration: '500' });
    nack(first, get(first, 'tried', false)!.args.deliveryTag);
    first.publish('', 'a', '2000', { ...persistent, expiration: '2000' });
    first.publish('', 'a', '2000 as well', { ...persistent, expiration: '10' });
    first.publish('', 'b', '1000', { ...persistent, expiration: '1000' });
    first.publish('', 'b', '3000', { ...persistent, expiration: '3000' });
    first.publish('later', '', '1500', { ...persistent, headers: { 'x-delay': 1500 } });
    first.publish('later', '', '2500', { ...persistent, headers: { 'x-delay': 2500 } });
    await lives.next(end, 5000);
    const wanted = ['1000', '1500', '1800', '2000', '2000 as well', '2500', '3000'];
    expect(drain(lives.open(), 'dead')).toEqual(wanted);
  });

  test('messages expire before their queue does, whose time begins anew [QUE-13]', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'dead', {}, durable);
    declareQueue(first, 'q', { ...toDead, 'x-expires': 3000 }, durable);
    first.publish('', 'q', 'a', { ...persistent, expiration: '4000' });
    await lives.next(end, 5000);
    expect(drain(lives.open(), 'dead')).toEqual(['a']);
    expect(lives.broker.vhost().queues.has('q')).toBe(true);
    lives.clock.advanceBy(3000);
    expect(lives.broker.vhost().queues.has('q')).toBe(false);
  });

  test('a retry waits until its time, with its count, at its place [QUE-29, QUE-30]', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    const retries = { 'x-delayed-retry-type': 'all', 'x-delayed-retry-min': 60_000, 'x-delivery-limit': 9 };
    declareQueue(first, 'q', { 'x-queue-type': 'quorum', ...retries }, durable);
    for (const body of ['a', 'b', 'c', 'd']) first.publish('', 'q', body);
    const [, b, c] = ['a', 'b', 'c'].map(() => get(first, 'q', false)!);
    // The first one is out to the end, and so older than those that wait.
    nack(first, c!.args.deliveryTag);
    lives.clock.advanceBy(10_000);
    nack(first, b!.args.deliveryTag);
    await lives.next(end, 20_000);
    await lives.next(end, 20_000);
    const channel = lives.open();
    // An orderly stop gives back what was out, which is a return as well.
    const back = end === 'a stop' ? ['d'] : ['a', 'd'];
    expect(drain(channel, 'q')).toEqual(back);
    lives.clock.advanceBy(9999);
    expect(drain(channel, 'q')).toEqual([]);
    lives.clock.advanceBy(1);
    const got = get(channel, 'q')!;
    expect([got.text, Number(got.properties!.headers!['x-delivery-count'])]).toEqual(['c', 1]);
    lives.clock.advanceBy(20_000);
    expect(drain(channel, 'q')).toEqual(end === 'a stop' ? ['a', 'b'] : ['b']);
  });
});
