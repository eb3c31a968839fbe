/** `x-dead-letter-strategy: at-least-once`: a queue keeps its dead letters until their targets have them. QUE-29 */
import { describe, expect, test } from 'vitest';
import { limits } from '../../core/index.ts';
import { queueView } from '../../core/management/views.ts';
import type { FieldTable } from '../../core/protocol/types.ts';
import { ack, bind, counts, declareExchange, declareQueue, drain, get, nack, only } from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';
import { Lives, durable, ends, persistent } from './lives.ts';

const strategy: FieldTable = {
  'x-queue-type': 'quorum', 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish',
};
const toDead: FieldTable = { ...strategy, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };
const full: FieldTable = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };

/** Letters that are kept, those that were confirmed, and messages that are ready. */
function seen(lives: Lives, queue = 'q'): number[] {
  const view = queueView(lives.broker.vhost().queue(queue));
  return [view.messages_dlx!, view.messages_dead_lettered_confirmed!, view.messages_ready];
}

const retry = (lives: Lives): void => lives.clock.advanceBy(limits.deadLetterRetryMs);

function reject(channel: TestChannel, count = 1, queue = 'q'): void {
  for (let i = 0; i < count; i++) nack(channel, get(channel, queue, false)!.args.deliveryTag, false);
}

async function begun(table: FieldTable = toDead): Promise<{ lives: Lives; channel: TestChannel }> {
  const lives = await Lives.begin();
  const channel = lives.open();
  declareQueue(channel, 'q', table, durable);
  return { lives, channel };
}

describe('a dead letter', () => {
  test('that is taken at once is confirmed when it is on disk', async () => {
    const { lives, channel } = await begun();
    declareQueue(channel, 'dead', {}, durable);
    channel.publish('', 'q', 'a', persistent);
    lives.journal.hold(true);
    reject(channel);
    expect([counts(channel, 'dead')[0], ...seen(lives)]).toEqual([1, 1, 0, 0]);
    lives.journal.hold(false);
    lives.clock.runUntilIdle();
    expect(seen(lives)).toEqual([0, 1, 0]);
  });

  test('without a route waits for one, for each reason, in the order of the deaths', async () => {
    const { lives, channel } = await begun({ ...toDead, 'x-delivery-limit': 0 });
    channel.publish('', 'q', 'rejected');
    reject(channel);
    channel.publish('', 'q', 'delivery_limit');
    nack(channel, get(channel, 'q', false)!.args.deliveryTag);
    channel.publish('', 'q', 'expired', { expiration: '100' });
    lives.clock.advanceBy(10_000);
    expect(seen(lives)).toEqual([3, 0, 0]);
    declareQueue(channel, 'dead', {}, durable);
    retry(lives);
    const got = ['rejected', 'delivery_limit', 'expired'].map(() => get(channel, 'dead')!);
    expect(got.map(({ text }) => text)).toEqual(['rejected', 'delivery_limit', 'expired']);
    const deaths = got.map(({ properties }) => (properties!.headers!['x-death'] as FieldTable[])[0]!);
    expect(deaths.map(({ reason }) => reason)).toEqual(['rejected', 'delivery_limit', 'expired']);
    expect(deaths.map(({ count }) => Number(count))).toEqual([1, 1, 1]);
    expect(seen(lives)).toEqual([0, 3, 0]);
  });

  test('waits for an exchange that is not there, and for a binding of it', async () => {
    const { lives, channel } = await begun({ ...strategy, 'x-dead-letter-exchange': 'dlx' });
    channel.publish('', 'q', 'a');
    reject(channel);
    retry(lives);
    declareExchange(channel, 'dlx', 'fanout', {}, durable);
    retry(lives);
    expect(seen(lives)).toEqual([1, 0, 0]);
    declareQueue(channel, 'dead', {}, durable);
    bind(channel, 'dlx', 'dead');
    retry(lives);
    expect([drain(channel, 'dead'), seen(lives)]).toEqual([['a'], [0, 1, 0]]);
  });

  test('waits for room in its target; those for one target keep their order', async () => {
    const { lives, channel } = await begun();
    declareQueue(channel, 'dead', full, durable);
    for (const body of ['1', '2', '3']) channel.publish('', 'q', body);
    reject(channel, 3);
    const got: (string | undefined)[] = [];
    for (let round = 0; round < 3; round++) {
      expect(seen(lives)).toEqual([2 - round, 1 + round, 0]);
      got.push(get(channel, 'dead')?.text);
      // What dies meanwhile waits behind the others.
      expect(get(channel, 'dead')).toBeUndefined();
      retry(lives);
    }
    expect(got).toEqual(['1', '2', '3']);
  });

  test('goes once to each of its targets, where one refuses it', async () => {
    const { lives, channel } = await begun({ ...strategy, 'x-dead-letter-exchange': 'amq.fanout' });
    declareQueue(channel, 'open', {}, durable);
    declareQueue(channel, 'full', full, durable);
    for (const queue of ['open', 'full']) bind(channel, 'amq.fanout', queue);
    for (const body of ['1', '2']) channel.publish('', 'q', body);
    reject(channel, 2);
    expect(seen(lives)).toEqual([1, 1, 0]);
    get(channel, 'full');
    retry(lives);
    expect([drain(channel, 'open'), drain(channel, 'full')]).toEqual([['1', '2'], ['2']]);
    expect(seen(lives)).toEqual([0, 2, 0]);
  });

  test('finds another way when its target is deleted', async () => {
    const { lives, channel } = await begun();
    declareQueue(channel, 'dead', full, durable);
    for (const body of ['1', '2']) channel.publish('', 'q', body);
    reject(channel, 2);
    channel.call('queue.delete', { queue: 'dead' });
    retry(lives);
    expect(seen(lives)).toEqual([1, 1, 0]);
    declareQueue(channel, 'dead', {}, durable);
    retry(lives);
    expect([drain(channel, 'dead'), seen(lives)]).toEqual([['2'], [0, 2, 0]]);
  });

  test('counts among what its queue holds, and a purge leaves it', async () => {
    const { lives, channel } = await begun({ ...toDead, 'x-max-length': 2 });
    channel.publish('', 'q', '1');
    reject(channel);
    channel.call('confirm.select');
    for (const body of ['2', '3']) channel.publish('', 'q', body);
    lives.clock.runUntilIdle();
    expect(only(channel, 'basic.nack').map(({ args }) => args.deliveryTag)).toEqual([2]);
    channel.call('queue.purge', { queue: 'q' });
    expect(seen(lives)).toEqual([1, 0, 0]);
  });

  test('goes with its queue', async () => {
    const { lives, channel } = await begun();
    channel.publish('', 'q', 'a');
    reject(channel);
    channel.call('queue.delete', { queue: 'q' });
    declareQueue(channel, 'dead', {}, durable);
    retry(lives);
    expect(drain(channel, 'dead')).toEqual([]);
    expect(lives.broker.store.liveBytes).toBe(0);
  });

  test('that went when the disk had failed is its queue\'s after a restart', async () => {
    const { lives, channel } = await begun();
    declareQueue(channel, 'dead', {}, durable);
    for (const body of ['1', '2']) channel.publish('', 'q', body, persistent);
    // Whoever publishes is not read from any more.
    const other = lives.open();
    lives.journal.hold(true);
    reject(other);
    lives.journal.fail('the disk failed');
    reject(other);
    retry(lives);
    expect(seen(lives)).toEqual([2, 0, 0]);
    await lives.next('a crash');
    const next = lives.open();
    const got = [get(next, 'q', false)!, get(next, 'q', false)!];
    expect(got.map(({ text }) => text)).toEqual(['1', '2']);
    ack(next, got[0]!.args.deliveryTag);
    nack(next, got[1]!.args.deliveryTag, false);
    expect(drain(next, 'dead')).toEqual(['2']);
  });
});

describe.each(ends)('after %s', (end) => {
  test('what no target has is there, dead as it was, and goes on in its order', async () => {
    const { lives, channel } = await begun();
    for (const body of ['1', '2', '3', '4']) channel.publish('', 'q', body);
    const [one, two] = [get(channel, 'q', false)!, get(channel, 'q', false)!];
    for (const { args } of [two, one]) {
      nack(channel, args.deliveryTag, false);
      lives.clock.advanceBy(1);
    }
    reject(channel);
    await lives.next(end, 60_000);
    await lives.next(end);
    expect(seen(lives)).toEqual([3, 0, 1]);
    const next = lives.open();
    expect(drain(next, 'q')).toEqual(['4']);
    declareQueue(next, 'dead', {}, durable);
    retry(lives);
    const got = [get(next, 'dead')!, get(next, 'dead')!, get(next, 'dead')!];
    expect(got.map(({ text }) => text)).toEqual(['2', '1', '3']);
    const [death] = got[0]!.properties!.headers!['x-death'] as FieldTable[];
    expect(death).toMatchObject({ reason: 'rejected', queue: 'q', count: 1 });
    const diedAt = lives.clock.wall() - 60_002 - limits.deadLetterRetryMs;
    expect(death!['time']).toEqual(new Date(Math.floor(diedAt / 1000) * 1000));
    await lives.next(end);
    expect([drain(lives.open(), 'dead'), seen(lives)]).toEqual([[], [0, 0, 0]]);
  });

  test('a letter that its target took is there and nowhere else', async () => {
    const { lives, channel } = await begun();
    declareQueue(channel, 'dead', { 'x-queue-type': 'quorum' }, durable);
    for (const body of ['1', '2']) channel.publish('', 'q', body);
    reject(channel, 2);
    await lives.next(end);
    expect([drain(lives.open(), 'dead'), seen(lives)]).toEqual([['1', '2'], [0, 0, 0]]);
  });
});

describe('a combination that cannot hold falls back, and says so', () => {
  test.each<[string, FieldTable, string]>([
    ['drop-head', { ...toDead, 'x-overflow': 'drop-head' }, 'its overflow is drop-head'],
    ['no exchange', strategy, 'it has no dead-letter exchange'],
  ])('%s', async (_, table, why) => {
    const lives = await Lives.begin();
    const told: string[] = [];
    lives.broker.events$.subscribe((event) => event.type === 'queue.trouble' && told.push(event.text));
    const channel = lives.open();
    declareQueue(channel, 'q', table, durable);
    expect(told).toEqual([`falls back from dead-letter strategy at-least-once to at-most-once: ${why}`]);
    channel.publish('', 'q', 'a');
    reject(channel);
    expect(seen(lives)).toEqual([0, 0, 0]);
  });
});
