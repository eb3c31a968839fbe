/** What the broker promises, and when: nothing before it is on disk, and then all of a group or none. */
import { describe, expect, test } from 'vitest';
import { limits } from '../../core/index.ts';
import { writeContentHeader } from '../../core/protocol/properties.ts';
import {
  ack, bind, counts, declareQueue, drain, get, nack, names, only,
} from '../support/steps.ts';
import { argumentsOf, type TestChannel } from '../support/test-client.ts';
import { Lives, durable, persistent } from './lives.ts';

/** Publishes so many persistent messages to `q`, all in one chunk. */
function publishMany(channel: TestChannel, count: number): void {
  const { session } = channel.client;
  for (let index = 0; index < count; index++) {
    session.send(channel.number, 'basic.publish', argumentsOf('basic.publish', { routingKey: 'q' }));
    writeContentHeader(session.writer, channel.number, 0, persistent);
  }
  channel.client.run();
}

async function confirming(): Promise<{ lives: Lives; channel: TestChannel }> {
  const lives = await Lives.begin();
  const channel = lives.open();
  declareQueue(channel, 'q', {}, durable);
  channel.call('confirm.select');
  channel.take();
  lives.journal.hold(true);
  return { lives, channel };
}

const acksOf = (channel: TestChannel): [number, boolean][] =>
  only(channel, 'basic.ack').map(({ args }) => [args.deliveryTag, args.multiple]);

describe('a confirm', () => {
  test('waits for the disk, and is one for all that the disk took at once [BAS-07, CNF-02]', async () => {
    const { lives, channel } = await confirming();
    publishMany(channel, 300);
    publishMany(channel, 1);
    expect(names(channel)).toEqual([]);
    lives.journal.hold(false);
    lives.clock.runUntilIdle();
    expect(acksOf(channel)).toEqual([[301, true]]);
  });

  test('of a transient message, and of one for transient queues, waits for nothing [BAS-07]', async () => {
    const { lives } = await confirming();
    const channel = lives.open();
    declareQueue(channel, 'passing');
    channel.call('confirm.select');
    channel.take();
    channel.publish('', 'q', 'transient');
    channel.publish('', 'passing', 'persistent', persistent);
    expect(acksOf(channel)).toEqual([[1, false], [2, false]]);
    lives.journal.hold(false);
  });

  test('is not overtaken by one that waits for nothing', async () => {
    const { lives, channel } = await confirming();
    channel.publish('', 'q', 'a', persistent);
    channel.publish('', 'q', 'b');
    expect(names(channel)).toEqual([]);
    lives.journal.hold(false);
    lives.clock.runUntilIdle();
    expect(acksOf(channel)).toEqual([[2, true]]);
  });

  test('that did not go out promises nothing: a crash takes the message', async () => {
    const { lives, channel } = await confirming();
    channel.publish('', 'q', 'a', persistent);
    await lives.next('a crash');
    expect(drain(lives.open(), 'q')).toEqual([]);
  });

  test('that went out is kept', async () => {
    const { lives, channel } = await confirming();
    lives.journal.hold(false);
    channel.publish('', 'q', 'a', persistent);
    expect(acksOf(channel)).toEqual([[1, false]]);
    lives.journal.hold(true);
    // The acknowledgement is not on disk when the crash comes: the message is there again.
    get(channel, 'q');
    await lives.next('a crash');
    const got = get(lives.open(), 'q')!;
    expect([got.text, got.args.redelivered]).toEqual(['a', true]);
  });

  test('of a message that was consumed meanwhile comes as well', async () => {
    const { lives, channel } = await confirming();
    channel.publish('', 'q', 'a', persistent);
    expect(get(channel, 'q')!.text).toBe('a');
    channel.take();
    lives.journal.hold(false);
    lives.clock.runUntilIdle();
    expect(acksOf(channel)).toEqual([[1, false]]);
  });

  test('is not sent on a channel that has been closed and opened anew', async () => {
    const { lives, channel } = await confirming();
    channel.publish('', 'q', 'a', persistent);
    channel.close();
    channel.call('channel.open');
    channel.take();
    lives.journal.hold(false);
    lives.clock.runUntilIdle();
    expect(names(channel)).toEqual([]);
  });
});

test('a disk that falls behind makes publishers wait, and nobody else', async () => {
  const { lives, channel } = await confirming();
  const mebibyte = new Uint8Array(2 ** 20);
  const count = limits.journalPendingBytesMax / mebibyte.length + 1;
  for (let index = 0; index < count; index++) channel.publish('', 'q', mebibyte, persistent);
  const consumer = lives.open();
  expect(counts(consumer, 'q')[0]).toBe(count - 1);
  channel.publish('', 'q', 'waits on the wire', persistent);
  expect(counts(consumer, 'q')[0]).toBe(count - 1);
  lives.journal.hold(false);
  lives.clock.runUntilIdle();
  expect(counts(consumer, 'q')[0]).toBe(count + 1);
  expect(acksOf(channel).at(-1)![0]).toBe(count + 1);
  // It is no alarm, so nobody is told of it.
  expect(channel.client.received).toEqual([]);
});

describe('a transaction', () => {
  /** Two queues with a message in the first, and a channel that will take it and publish to both, held back. */
  async function begun(): Promise<{ lives: Lives; channel: TestChannel }> {
    const lives = await Lives.begin();
    const channel = lives.open();
    for (const queue of ['a', 'b']) declareQueue(channel, queue, {}, durable);
    channel.publish('', 'a', 'old', persistent);
    channel.call('tx.select');
    const { deliveryTag } = get(channel, 'a', false)!.args;
    channel.publish('', 'a', 'to a', persistent);
    channel.publish('', 'b', 'to b', persistent);
    ack(channel, deliveryTag);
    channel.take();
    lives.journal.hold(true);
    return { lives, channel };
  }

  const contents = async (lives: Lives): Promise<string[][]> => {
    await lives.next('a crash');
    const channel = lives.open();
    return ['a', 'b'].map((queue) => drain(channel, queue));
  };

  test('is committed when it is on disk, not before [TX-06]', async () => {
    const { lives, channel } = await begun();
    channel.send('tx.commit');
    expect(names(channel)).toEqual([]);
    lives.journal.hold(false);
    lives.clock.runUntilIdle();
    expect(names(channel)).toEqual(['tx.commit-ok']);
  });

  test('that was not committed leaves nothing', async () => {
    const { lives } = await begun();
    lives.journal.hold(false);
    expect(await contents(lives)).toEqual([['old'], []]);
  });

  test('is absent if the crash came before the disk had it', async () => {
    const { lives, channel } = await begun();
    channel.send('tx.commit');
    expect(await contents(lives)).toEqual([['old'], []]);
  });

  test('is whole once it was on disk', async () => {
    const { lives, channel } = await begun();
    channel.send('tx.commit');
    lives.journal.hold(false);
    expect(await contents(lives)).toEqual([['to a'], ['to b']]);
  });
});

describe('a dead letter', () => {
  async function rejected(): Promise<Lives> {
    const lives = await Lives.begin();
    const channel = lives.open();
    for (const queue of ['dead', 'copy']) declareQueue(channel, queue, {}, durable);
    bind(channel, 'amq.fanout', 'dead');
    bind(channel, 'amq.fanout', 'copy');
    declareQueue(channel, 'source', { 'x-dead-letter-exchange': 'amq.fanout' }, durable);
    channel.publish('', 'source', 'poison', persistent);
    lives.journal.hold(true);
    nack(channel, get(channel, 'source', false)!.args.deliveryTag, false);
    return lives;
  }

  const contents = async (lives: Lives): Promise<string[][]> => {
    await lives.next('a crash');
    const channel = lives.open();
    return ['source', 'dead', 'copy'].map((queue) => drain(channel, queue));
  };

  test('is in its source until it is on disk', async () => {
    expect(await contents(await rejected())).toEqual([['poison'], [], []]);
  });

  test('is in all its targets and not in its source from then on', async () => {
    const lives = await rejected();
    lives.journal.hold(false);
    expect(await contents(lives)).toEqual([[], ['poison'], ['poison']]);
  });
});
