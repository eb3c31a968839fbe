/** What is declared is on disk before it is answered, and nothing on its connection overtakes the answer. */
import { describe, expect, test } from 'vitest';
import type { MethodArgs } from '../../core/protocol/types.ts';
import { consume, declareExchange, declareQueue, names } from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';
import { durable, durableChanges, Lives, persistent } from './lives.ts';

/** A channel with the durable q and e, both bound and on disk, while nothing else gets there. */
async function heldBack(): Promise<{ lives: Lives; channel: TestChannel }> {
  const lives = await Lives.begin();
  const channel = lives.open();
  declareQueue(channel, 'q', {}, durable);
  declareExchange(channel, 'e', 'fanout', {}, durable);
  channel.call('queue.bind', { queue: 'q', exchange: 'e' });
  channel.call('exchange.bind', { source: 'amq.fanout', destination: 'e' });
  channel.take();
  lives.journal.hold(true);
  return { lives, channel };
}

function letGo({ journal, clock }: Lives): void {
  journal.hold(false);
  clock.runUntilIdle();
}

const isThere = (lives: Lives, queue: string): boolean => lives.broker.vhost().queues.has(queue);

describe('the answer waits for the disk', () => {
  test.each(durableChanges)('to %s', async (name, args) => {
    const { lives, channel } = await heldBack();
    channel.send(name, args as Partial<MethodArgs<typeof name>>);
    expect(names(channel)).toEqual([]);
    letGo(lives);
    expect(names(channel)).toEqual([`${name}-ok`]);
  });

  test('also to whoever declares again what is not on disk yet', async () => {
    const { lives, channel } = await heldBack();
    channel.send('queue.declare', { queue: 'new', durable: true });
    const other = lives.open();
    other.take();
    other.send('queue.declare', { queue: 'new', durable: true });
    expect(names(other)).toEqual([]);
    letGo(lives);
    expect(names(other)).toEqual(['queue.declare-ok']);
  });

  test('but not where nothing durable changes', async () => {
    const { lives, channel } = await heldBack();
    declareQueue(channel, 'q', {}, durable);
    declareQueue(channel, 'passing');
    channel.call('queue.bind', { queue: 'passing', exchange: 'e' });
    channel.call('queue.delete', { queue: 'passing' });
    letGo(lives);
  });
});

describe('an answer that waits', () => {
  test('is overtaken by nothing: not by deliveries, and not by answers of another channel', async () => {
    const { lives, channel } = await heldBack();
    const other = channel.client.channel();
    consume(other, 'q', { noAck: true });
    other.take();
    channel.send('queue.declare', { queue: 'new', durable: true });
    lives.broker.vhost().exchange('e').publish({ routingKey: '', body: 'a' });
    other.send('queue.declare', { queue: 'passing' });
    lives.clock.runUntilIdle();
    expect([names(channel), names(other)]).toEqual([[], []]);
    letGo(lives);
    expect([names(channel), names(other)]).toEqual([
      ['queue.declare-ok'], ['queue.declare-ok', 'basic.deliver'],
    ]);
  });

  test('goes out with the last of several', async () => {
    const { lives, channel } = await heldBack();
    channel.send('queue.declare', { queue: 'one', durable: true });
    channel.send('queue.declare', { queue: 'two', durable: true });
    expect(names(channel)).toEqual([]);
    letGo(lives);
    expect(names(channel)).toEqual(['queue.declare-ok', 'queue.declare-ok']);
    declareQueue(channel, 'three', {}, durable);
  });

  test('holds nobody else up', async () => {
    const { lives, channel } = await heldBack();
    const other = lives.open();
    channel.send('queue.declare', { queue: 'new', durable: true });
    other.publish('', 'new', 'a');
    expect(other.call('queue.purge', { queue: 'new' })).toEqual({ messageCount: 1 });
    letGo(lives);
  });

  test('goes out before a connection that was closed meanwhile ends', async () => {
    const { lives, channel } = await heldBack();
    channel.send('queue.declare', { queue: 'new', durable: true });
    channel.client.close();
    expect(channel.client.session.state).toBe('closing');
    letGo(lives);
    expect(channel.client.session.state).toBe('closed');
    expect(isThere(lives, 'new')).toBe(true);
  });

  test.each([['and nothing else', 0], ['and deliveries with it', 1]])(
    'does not keep heartbeats waiting [CON-15]: it waits %s', async (_what, deliveries) => {
      const { lives } = await heldBack();
      const patient = lives.open({ heartbeat: 10 });
      consume(patient, 'q', { noAck: true });
      patient.take();
      patient.send('queue.declare', { queue: 'new', durable: true });
      for (let second = 0; second < 60; second++) {
        if (deliveries > 0) lives.broker.vhost().exchange('e').publish({ routingKey: '', body: 'a' });
        lives.clock.advanceBy(1000);
      }
      expect(names(patient)).toEqual([]);
      expect(patient.client.session.state).toBe('running');
      letGo(lives);
      expect(names(patient)).toHaveLength(1 + 60 * deliveries);
    },
  );

  test('waits on while the disk is full', async () => {
    const { lives, channel } = await heldBack();
    channel.send('queue.declare', { queue: 'new', durable: true });
    lives.journal.setFull(true);
    lives.journal.hold(false);
    lives.clock.runUntilIdle();
    expect(names(channel)).toEqual([]);
    lives.journal.setFull(false);
    lives.clock.runUntilIdle();
    expect(names(channel)).toEqual(['queue.declare-ok']);
  });
});

describe('after a crash', () => {
  test('is there what was answered, before anything was published to it', async () => {
    const { lives, channel } = await heldBack();
    channel.send('queue.declare', { queue: 'answered', durable: true });
    letGo(lives);
    expect(names(channel)).toEqual(['queue.declare-ok']);
    lives.journal.hold(true);
    channel.send('queue.declare', { queue: 'unanswered', durable: true });
    channel.publish('', 'unanswered', 'a', persistent);
    await lives.next('a crash');
    expect([isThere(lives, 'answered'), isThere(lives, 'unanswered')]).toEqual([true, false]);
  });
});

describe('a disk that fails', () => {
  test('is told to whoever waits: 541 in place of an answer', async () => {
    const { lives, channel } = await heldBack();
    channel.send('queue.declare', { queue: 'new', durable: true });
    lives.journal.fail('input/output error');
    lives.clock.runUntilIdle();
    expect(names(channel)).toEqual([]);
    expect(channel.client.closed?.message).toContain('the disk failed, nothing is durable');
    // Consumers may declare again what is on disk, and drain it.
    declareQueue(lives.open(), 'q', {}, durable);
    await lives.next('a crash');
    expect([isThere(lives, 'q'), isThere(lives, 'new')]).toEqual([true, false]);
  });

  test('does not let a deletion be claimed either', async () => {
    const { lives, channel } = await heldBack();
    lives.journal.fail('input/output error');
    channel.send('queue.delete', { queue: 'q' });
    expect(names(channel)).toEqual([]);
    expect(channel.client.closed?.message).toContain('the disk failed, nothing is durable');
    const other = lives.open();
    other.send('exchange.delete', { exchange: 'e', noWait: true });
    expect(other.client.closed?.message).toContain('the disk failed, nothing is durable');
    // What was refused did not happen: consumers may drain what the next start would bring back.
    const { queues, exchanges } = lives.broker.vhost();
    expect([queues.has('q'), exchanges.has('e')]).toEqual([true, true]);
  });
});
