/** Queues that are paused: they take messages, and let none out. */
import { describe, expect, test } from 'vitest';
import { Broker, durableIn, VirtualClock } from '../../core/index.ts';
import { MemoryJournal } from '../../core/storage/index.ts';
import { fixture } from '../support/fixture.ts';
import { consume, counts, declareQueue, get, nack, publishAll, texts } from '../support/steps.ts';

async function startOn(journal: MemoryJournal): Promise<Broker> {
  const broker = new Broker({ clock: new VirtualClock(), random: () => 0.5, durability: durableIn(journal) });
  await broker.recover();
  return broker;
}

describe('a queue that is paused', () => {
  test('takes messages and delivers none until it goes on, in order', () => {
    const { open, vhost, broker } = fixture();
    const events: string[] = [];
    broker.events$.subscribe(({ type }) => events.push(type));
    const channel = open();
    declareQueue(channel, 'q');
    consume(channel, 'q');
    const queue = vhost.queue('q');
    vhost.pausedQueues.set(queue, true);
    vhost.pausedQueues.set(queue, true);
    publishAll(channel, 'q', ['a', 'b']);
    expect([texts(channel), counts(channel, 'q')]).toEqual([[], [2, 1]]);
    expect(get(channel, 'q')).toBeUndefined();
    vhost.pausedQueues.set(queue, false);
    channel.client.run();
    expect(texts(channel)).toEqual(['a', 'b']);
    expect(events.filter((type) => type.startsWith('queue.')))
      .toEqual(['queue.declared', 'queue.paused', 'queue.resumed']);
  });

  test('takes back what is out, and lets time go on', () => {
    const { open, vhost, clock } = fixture();
    const channel = open();
    declareQueue(channel, 'q', { 'x-message-ttl': 50 });
    publishAll(channel, 'q', ['a', 'b']);
    get(channel, 'q', false);
    vhost.pausedQueues.set(vhost.queue('q'), true);
    nack(channel, 1);
    expect(counts(channel, 'q')).toEqual([2, 0]);
    clock.advanceBy(51);
    expect(counts(channel, 'q')).toEqual([0, 0]);
  });

  test('refuses what is too much, and is no place for what must go at once', () => {
    const { open, vhost } = fixture({ immediate: 'spec' });
    const channel = open();
    declareQueue(channel, 'q', { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    consume(channel, 'q');
    vhost.pausedQueues.set(vhost.queue('q'), true);
    publishAll(channel, 'q', ['a', 'b']);
    channel.publish('', 'q', 'c', {}, { immediate: true });
    expect([counts(channel, 'q'), texts(channel)]).toEqual([[1, 1], []]);
  });

  test('is one also where it is a stream', () => {
    const { open, vhost } = fixture();
    const channel = open();
    declareQueue(channel, 's', { 'x-queue-type': 'stream' }, { durable: true });
    vhost.pausedQueues.set(vhost.queue('s'), true);
    channel.send('basic.qos', { prefetchCount: 5 });
    consume(channel, 's', { arguments: { 'x-stream-offset': 'first' } });
    publishAll(channel, 's', ['a']);
    expect(texts(channel)).toEqual([]);
    vhost.pausedQueues.set(vhost.queue('s'), false);
    channel.client.run();
    expect(texts(channel)).toEqual(['a']);
  });

  test('is paused after a restart where it is durable, and another one of its name is not', async () => {
    const journal = new MemoryJournal();
    const first = await startOn(journal);
    for (const [queue, durable] of [['kept', true], ['gone', true], ['brief', false]] as const) {
      first.turn.within(() => first.vhost().declareQueue({ queue, durable }));
      first.vhost().pausedQueues.set(first.vhost().queue(queue), true);
    }
    first.vhost().removeQueue(first.vhost().queue('gone'));
    await first.whenKept();
    const after = journal.reopen();
    const second = await startOn(after);
    expect(second.vhost().queue('kept').isPaused).toBe(true);
    second.turn.within(() => {
      for (const queue of ['gone', 'brief']) second.vhost().declareQueue({ queue, durable: true });
    });
    expect(['gone', 'brief'].map((queue) => second.vhost().queue(queue).isPaused)).toEqual([false, false]);
    await second.stop();
    const later = after.reopen();
    const third = await startOn(later);
    expect(third.vhost().queue('kept').isPaused).toBe(true);
    third.vhost().pausedQueues.set(third.vhost().queue('kept'), false);
    await third.whenKept();
    const fourth = await startOn(later.reopen());
    expect(fourth.vhost().queue('kept').isPaused).toBe(false);
  });
});

test('bodies are counted while they wait, are out, come back and go', async () => {
  const journal = new MemoryJournal();
  const broker = await startOn(journal);
  const vhost = broker.vhost();
  broker.turn.within(() => vhost.declareQueue({ queue: 'q', durable: true }));
  const queue = vhost.queue('q');
  const seen = (): number[] => [
    queue.readyBytes, queue.unackedBytes, queue.persistent.messages, queue.persistent.bytes,
  ];
  const publish = (body: string, deliveryMode: number): void => {
    vhost.exchange('').publish({ routingKey: 'q', body, properties: { deliveryMode } });
  };
  publish('12345', 2);
  publish('123', 1);
  expect(seen()).toEqual([8, 0, 1, 5]);
  const held: { ack: () => void; nack: () => void }[] = [];
  const consuming = queue.consume({ prefetch: 2 }).subscribe((message) => held.push(message as never));
  expect(seen()).toEqual([0, 8, 1, 5]);
  held[0]!.ack();
  expect(seen()).toEqual([0, 3, 0, 0]);
  consuming.unsubscribe();
  expect(seen()).toEqual([3, 0, 0, 0]);
  publish('1234567', 2);
  await broker.whenKept();
  const second = await startOn(journal.reopen());
  const again = second.vhost().queue('q');
  expect([again.readyBytes, again.persistent]).toEqual([7, { messages: 1, bytes: 7 }]);
  again.purge();
  expect([again.readyBytes, again.persistent.bytes]).toEqual([0, 0]);
  await broker.stop();
  await second.stop();
});
