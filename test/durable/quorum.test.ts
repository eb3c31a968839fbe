/** Quorum queues keep every message, whatever its delivery mode, on whichever way it came. QUE-29 */
import { describe, expect, test } from 'vitest';
import type { FieldTable } from '../../core/protocol/types.ts';
import { bind, declareExchange, declareQueue, drain, get, nack, only } from '../support/steps.ts';
import { Lives, durable, ends, persistent } from './lives.ts';

const quorum: FieldTable = { 'x-queue-type': 'quorum' };

describe.each(ends)('after %s', (end) => {
  test('transient messages are there, in their order among the persistent ones, and whole', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'q', quorum, durable);
    first.publish('', 'q', '1', { contentType: 'text/plain' });
    first.publish('', 'q', '2', persistent);
    first.publish('', 'q', '3', { deliveryMode: 1 });
    for (const messages of [['1', '2', '3'], ['2', '3']]) {
      await lives.next(end);
      const channel = lives.open();
      const { text, properties: { contentType, deliveryMode } = {} } = get(channel, 'q')!;
      const wanted = messages[0] === '1' ? ['1', 'text/plain', undefined] : ['2', undefined, 2];
      expect([text, contentType, deliveryMode]).toEqual(wanted);
    }
  });

  test('they come by a transaction, in process, and beside a classic queue, which loses its own', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'q', quorum, durable);
    declareQueue(first, 'classic', {}, durable);
    for (const queue of ['q', 'classic']) bind(first, 'amq.fanout', queue);
    first.call('tx.select');
    first.publish('amq.fanout', '', 'by tx');
    first.call('tx.commit');
    lives.broker.vhost().exchange('amq.fanout').publish({ body: 'in process' });
    lives.open().publish('amq.fanout', '', 'kept by both', persistent);
    await lives.next(end);
    const channel = lives.open();
    expect(drain(channel, 'classic')).toEqual(['kept by both']);
    expect(drain(channel, 'q')).toEqual(['by tx', 'in process', 'kept by both']);
  });

  test('dead letters of a classic queue and what a delayed exchange lets go are kept', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'q', quorum, durable);
    declareQueue(first, 'passing', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'q' });
    declareExchange(first, 'later', 'x-delayed-message', { 'x-delayed-type': 'fanout' }, durable);
    bind(first, 'later', 'q');
    first.publish('', 'passing', 'dead');
    nack(first, get(first, 'passing', false)!.args.deliveryTag, false);
    first.publish('later', '', 'late', { headers: { 'x-delay': 10 } });
    lives.clock.advanceBy(10);
    await lives.next(end);
    expect(drain(lives.open(), 'q')).toEqual(['dead', 'late']);
  });

  test('dead letters of theirs go as they came: a classic queue loses the transient ones', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'q', { ...quorum, 'x-dead-letter-exchange': 'amq.fanout' }, durable);
    declareQueue(first, 'classic', {}, durable);
    declareQueue(first, 'kept', quorum, durable);
    for (const queue of ['kept', 'classic']) bind(first, 'amq.fanout', queue);
    first.publish('', 'q', 'transient');
    first.publish('', 'q', 'persistent', persistent);
    for (let i = 0; i < 2; i++) nack(first, get(first, 'q', false)!.args.deliveryTag, false);
    await lives.next(end);
    const channel = lives.open();
    expect(drain(channel, 'classic')).toEqual(['persistent']);
    expect(drain(channel, 'kept')).toEqual(['transient', 'persistent']);
  });

  test('what an exchange remembers is kept where a queue gets it with its binding', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareExchange(first, 'recent', 'x-recent-history', {}, durable);
    declareQueue(first, 'q', quorum, durable);
    first.publish('recent', '', 'a');
    first.publish('recent', '', 'b', persistent);
    bind(first, 'recent', 'q');
    await lives.next(end);
    expect(drain(lives.open(), 'q')).toEqual(['a', 'b']);
  });

  test('what was settled does not come back, and its count goes on where it was not', async () => {
    const lives = await Lives.begin();
    const first = lives.open();
    declareQueue(first, 'q', quorum, durable);
    for (const body of ['a', 'b']) first.publish('', 'q', body);
    get(first, 'q');
    for (let i = 0; i < 2; i++) nack(first, get(first, 'q', false)!.args.deliveryTag);
    await lives.next(end);
    const channel = lives.open();
    const got = get(channel, 'q')!;
    expect([got.text, Number(got.properties!.headers!['x-delivery-count'])]).toEqual(['b', 2]);
    expect(drain(channel, 'q')).toEqual([]);
    await lives.next(end);
    expect(drain(lives.open(), 'q')).toEqual([]);
  });
});

test('the confirm of a transient message for a quorum queue waits for the disk [CNF-02]', async () => {
  const lives = await Lives.begin();
  const channel = lives.open();
  declareQueue(channel, 'q', quorum, durable);
  declareQueue(channel, 'classic', {}, durable);
  channel.call('confirm.select');
  channel.take();
  lives.journal.hold(true);
  channel.publish('', 'classic', 'a');
  expect(only(channel, 'basic.ack')).toHaveLength(1);
  channel.publish('', 'q', 'b');
  expect(only(channel, 'basic.ack')).toHaveLength(1);
  lives.journal.hold(false);
  lives.clock.runUntilIdle();
  expect(only(channel, 'basic.ack')).toHaveLength(2);
});
