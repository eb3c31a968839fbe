/** How often a message may be dead-lettered, and which topology makes that much. */
import { describe, expect, test } from 'vitest';
import { encodeMessage } from '../../core/broker/message/bytes.ts';
import { MARK_DEAD_LETTERED } from '../../core/broker/message/store.ts';
import type { BrokerEvent } from '../../core/index.ts';
import { limits } from '../../core/limits.ts';
import type { FieldTable, FieldValue } from '../../core/protocol/types.ts';
import { fixture, type Fixture } from '../support/fixture.ts';

function setUp(): Fixture & { of: <T extends BrokerEvent['type']>(type: T) => Extract<BrokerEvent, { type: T }>[] } {
  const made = fixture();
  const events: BrokerEvent[] = [];
  made.broker.events$.subscribe((event) => events.push(event));
  const of = <T extends BrokerEvent['type']>(type: T): Extract<BrokerEvent, { type: T }>[] =>
    events.filter((event): event is Extract<BrokerEvent, { type: T }> => event.type === type);
  return { ...made, of };
}

/** Queues that each dead-letter what they cannot hold to all of them. */
function declareStorm({ vhost }: Pick<Fixture, 'vhost'>, count: number): void {
  const fanout = vhost.declareExchange({ exchange: 'x', type: 'fanout' });
  for (let i = 0; i < count; i++) {
    const queue = vhost.declareQueue({
      queue: `q${i}`, arguments: { 'x-max-length': 0, 'x-dead-letter-exchange': 'x' },
    });
    vhost.bind(fanout, queue, '', {});
  }
}

/** How many values a table has, those in it included. */
function valuesIn(value: FieldValue): number {
  if (typeof value !== 'object' || value === null) return 1;
  if (value instanceof Uint8Array || value instanceof Date) return 1;
  return 1 + Object.values(value).reduce<number>((sum, each) => sum + valuesIn(each as FieldValue), 0);
}

const publish = ({ vhost }: Pick<Fixture, 'vhost'>, routingKey: string): void => {
  vhost.exchange('').publish({ routingKey, body: new Uint8Array(1) });
};

describe('a message that is dead-lettered again and again', () => {
  test('does not become all permutations of the queues, and what ends is counted and told of', () => {
    const { vhost, clock, of, ...rest } = setUp();
    declareStorm({ vhost }, 12);
    publish({ ...rest, vhost }, 'q0');
    clock.runUntilIdle();
    expect(vhost.counters.deadLetterLimited).toBeGreaterThan(0);
    expect(vhost.counters.deadLettered).toBeLessThan(2 * limits.deadLetterCopiesMax);
    const [first, ...others] = of('message.dead-letter-limit');
    expect(first).toMatchObject({ vhost: '/', reason: 'maxlen', count: 1 });
    expect(first!.cycle).toContain(first!.queue);
    expect(others.length).toBeLessThan(10);
    expect([...vhost.queues.values()].map((queue) => queue.readyCount)).toEqual(Array(12).fill(0));
  });

  test('arrives as long as its headers can name all of its deaths, and then ends', () => {
    const { vhost, clock, of } = setUp();
    const target = vhost.declareQueue({ queue: 'target' });
    const to = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'target' };
    vhost.declareQueue({ queue: 'full', arguments: { ...to, 'x-max-length': 0 } });
    const keeps = vhost.declareQueue({ queue: 'keeps', durable: true, arguments: {
      ...to, 'x-queue-type': 'quorum', 'x-message-ttl': 10, 'x-overflow': 'reject-publish',
      'x-dead-letter-strategy': 'at-least-once',
    } });
    const publishDead = (routingKey: string, deaths: number): void => {
      const entries = Array.from({ length: deaths }, (_, i): FieldTable => ({
        'count': 1n, 'reason': 'maxlen', 'queue': `before${i}`, 'time': new Date(0), 'exchange': '',
        'routing-keys': ['key'], 'original-expiration': '10',
      }));
      const bytes = encodeMessage('', routingKey, { headers: { 'x-death': entries } }, new Uint8Array(1));
      vhost.turn.within(() => vhost.publishBytes(vhost.exchange(''), bytes, MARK_DEAD_LETTERED));
      clock.advanceBy(10);
    };
    for (const queue of ['full', 'keeps']) publishDead(queue, limits.deadLetterHopsMax - 1);
    expect([target.readyCount, vhost.counters.deadLetterLimited]).toEqual([2, 0]);
    // Whoever gets it may publish it anew.
    target.forEachReady(({ properties }) => {
      expect(valuesIn(properties.headers!)).toBeLessThan(limits.fieldCountMax);
    });
    publishDead('full', limits.deadLetterHopsMax);
    clock.advanceBy(limits.deadLetterLimitEventMs);
    // A queue that keeps its letters until somebody takes them has nothing to wait for.
    publishDead('keeps', limits.deadLetterHopsMax);
    expect([target.readyCount, keeps.readyCount, keeps.letters!.count]).toEqual([2, 0, 0]);
    expect(of('message.dead-letter-limit')).toMatchObject([
      { queue: 'full', reason: 'maxlen', count: 1, cycle: [] },
      { queue: 'keeps', reason: 'expired', count: 1, cycle: [] },
    ]);
  });

  test('goes round as long as consumers reject it, to several queues at once too', () => {
    const { vhost, clock } = setUp();
    const fanout = vhost.declareExchange({ exchange: 'x', type: 'fanout' });
    const retry = vhost.declareQueue({ queue: 'retry', arguments: { 'x-dead-letter-exchange': 'x' } });
    vhost.bind(fanout, retry, '', {});
    for (const name of ['copy', 'other']) vhost.bind(fanout, vhost.declareQueue({ queue: name }), '', {});
    let rejections = 0;
    const consumer = retry.consume().subscribe((message) => {
      rejections++;
      message.nack({ requeue: false });
      if (rejections === 300) consumer.unsubscribe();
    });
    publish({ vhost }, 'retry');
    clock.runUntilIdle();
    expect(rejections).toBe(300);
    expect(vhost.counters.deadLetterLimited).toBe(0);
    expect(vhost.queue('copy').readyCount).toBe(300);
  });
});

describe('a declaration or a binding that closes a cycle', () => {
  const dying = (key?: string): Record<string, string | number> => ({
    'x-message-ttl': 1000, 'x-dead-letter-exchange': '', ...(key !== undefined && { 'x-dead-letter-routing-key': key }),
  });

  test('says so, and which queues it goes over', () => {
    const { vhost, of } = setUp();
    vhost.declareQueue({ queue: 'a', arguments: dying('b') });
    vhost.declareQueue({ queue: 'b', arguments: dying('c') });
    vhost.declareQueue({ queue: 'c', arguments: dying('a') });
    expect(of('queue.declared').map(({ deadLetterCycle }) => deadLetterCycle)).toEqual([
      undefined, undefined, ['c', 'a', 'b'],
    ]);
    const topic = vhost.declareExchange({ exchange: 'x', type: 'direct' });
    const own = vhost.declareQueue({ queue: 'own', arguments: { 'x-max-length': 5, 'x-dead-letter-exchange': 'x' } });
    vhost.bind(topic, own, 'k', {});
    expect(of('binding.added').at(-1)!.deadLetterCycle).toEqual(['own']);
  });

  test('says nothing where a consumer must reject, or where messages stay', () => {
    const { vhost, of } = setUp();
    vhost.declareQueue({ queue: 'a', arguments: dying('b') });
    vhost.declareQueue({ queue: 'b', arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'a' } });
    vhost.declareQueue({ queue: 'c', arguments: { 'x-message-ttl': 1 } });
    const fanout = vhost.declareExchange({ exchange: 'x', type: 'fanout' });
    for (const name of ['a', 'b', 'c']) vhost.bind(fanout, vhost.queue(name), '', {});
    expect([...of('queue.declared'), ...of('binding.added')].filter((event) => 'deadLetterCycle' in event)).toEqual([]);
  });
});
