import { describe, expect, test } from 'vitest';
import { Statistics, type Details } from '../../core/management/statistics/statistics.ts';
import { SampleBudget, Series } from '../../core/management/statistics/series.ts';
import type { ServerChannel } from '../../core/broker/connection/server-channel.ts';
import { limits } from '../../core/limits.ts';
import { fixture } from '../support/fixture.ts';
import { consume, declareQueue } from '../support/steps.ts';

const every = limits.statisticsIntervalMs;

function setUp(bytesMax?: number) {
  const made = fixture();
  const channel = made.open();
  declareQueue(channel, 'q');
  const statistics = new Statistics(made.broker, bytesMax);
  const queue = made.broker.vhost().queue('q');
  const publish = (count: number): void => {
    for (let i = 0; i < count; i++) channel.publish('', 'q');
  };
  return { ...made, channel, statistics, queue, publish };
}

test('rates are those of the last two samples, and counts those of now', () => {
  const { statistics, queue, publish, clock, broker } = setUp();
  publish(3);
  expect(statistics.details(queue, 'messages')).toEqual({ rate: 0 });
  publish(10);
  expect(statistics.messageStats(queue)).toEqual({ publish: 13, publish_details: { rate: 0 } });
  clock.advanceBy(every);
  publish(1);
  expect(statistics.messageStats(queue)).toEqual({ publish: 14, publish_details: { rate: 2 } });
  expect(statistics.details(queue, 'messages_ready')).toEqual({ rate: 2 });
  expect(statistics.messageStats(broker.vhost().exchange('')))
    .toMatchObject({ publish_in_details: { rate: 2 }, publish_out_details: { rate: 2 } });
  expect(statistics.messageStats(broker)).toMatchObject({ publish: 14, publish_details: { rate: 2 } });
  expect(statistics.messageStats(broker.vhost())).toMatchObject({ publish: 14, publish_details: { rate: 2 } });
  clock.advanceBy(2 * every);
  expect(statistics.messageStats(queue)).toEqual({ publish: 14, publish_details: { rate: 0 } });
});

test('deliveries, gets and acknowledgements have the names of RabbitMQ', () => {
  const { statistics, queue, publish, clock, channel, broker } = setUp();
  const [connection] = broker.connections;
  const [server] = connection!.channels as Iterable<ServerChannel>;
  publish(4);
  statistics.begin();
  channel.send('basic.get', { queue: 'q' });
  channel.send('basic.get', { queue: 'q', noAck: true });
  consume(channel, 'q', { noAck: true });
  channel.send('basic.get', { queue: 'q' });
  channel.send('basic.ack', { deliveryTag: 1 });
  clock.advanceBy(every);
  const counts = (all: object): object => (
    Object.fromEntries(Object.entries(all).filter(([name]) => !name.endsWith('_details'))));
  const out = { get: 1, get_no_ack: 1, get_empty: 1, deliver_no_ack: 2, deliver_get: 4, ack: 1 };
  expect(counts(statistics.messageStats(queue))).toEqual({ publish: 4, ...out });
  expect(counts(statistics.messageStats(server!))).toEqual({ publish: 4, ...out });
  expect(statistics.messageStats(server!)).toMatchObject({ deliver_get_details: { rate: 4 / 5 } });
  expect(statistics.details(connection!, 'recv_oct').rate).toBeGreaterThan(0);
  expect(statistics.details(broker.vhost(), 'send_oct').rate).toBeGreaterThan(0);
  expect(statistics.churnRates()).toMatchObject({
    connection_created: 1, connection_closed: 0, channel_created: 1, queue_created: 1, queue_declared: 1,
    queue_declared_details: { rate: 0 },
  });
});

test('samples reach back as far as is asked, newest first, with their averages', () => {
  const { statistics, queue, publish, clock } = setUp();
  statistics.begin();
  for (let i = 0; i < 12; i++) {
    publish(i === 11 ? 7 : 1);
    clock.advanceBy(every);
  }
  const { samples, avg, avg_rate: averageRate, rate } = statistics.details(queue, 'messages', { age: 10, incr: 5 });
  const now = clock.wall();
  expect(samples).toEqual([18, 11, 10].map((sample, i) => ({ sample, timestamp: now - i * every })));
  expect([avg, averageRate, rate]).toEqual([13, 0.8, 1.4]);
  const far = statistics.details(queue, 'messages', { age: 600, incr: 5 }).samples!;
  expect(far.map(({ sample }) => sample)).toEqual([18, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
});

test('an hour and a day are told by samples that lie farther apart', () => {
  const { statistics, queue, publish, clock, broker } = setUp();
  statistics.begin();
  for (let minute = 0; minute < 180; minute++) {
    publish(1);
    for (let i = 0; i < 12; i++) clock.advanceBy(every);
    statistics.begin();
  }
  const samplesOf = ({ samples }: Details): number[] => samples!.map(({ sample }) => sample);
  expect(samplesOf(statistics.details(queue, 'messages', { age: 600, incr: 60 })))
    .toEqual([180, 179, 178, 177, 176, 175, 174, 173, 172, 171, 170]);
  expect(samplesOf(statistics.details(queue, 'messages', { age: 3600, incr: 60 }))).toHaveLength(61);
  expect(samplesOf(statistics.details(broker, 'messages', { age: 7200, incr: 1800 })))
    .toEqual([180, 150, 120, 90, 60]);
});

describe('it costs', () => {
  test('nothing before it is asked, and nothing any more an hour after that', () => {
    const { statistics, queue, clock } = setUp();
    expect([clock.pending, statistics.bytes, statistics.isActive]).toEqual([0, 0, false]);
    statistics.details(queue, 'messages');
    expect(clock.pending).toBe(1);
    clock.advanceBy(limits.statisticsIdleMs / 2);
    statistics.details(queue, 'messages');
    clock.advanceBy(limits.statisticsIdleMs - every);
    expect(statistics.isActive).toBe(true);
    clock.advanceBy(3 * every);
    expect([clock.pending, statistics.bytes, statistics.isActive]).toEqual([0, 0, false]);
  });

  test('no more memory than its bound with 10,000 busy queues, whose rates are told all the same', () => {
    const bytesMax = 12_000_000;
    const { statistics, clock, channel, broker } = setUp(bytesMax);
    const vhost = broker.vhost();
    for (let i = 0; i < 10_000; i++) vhost.declareQueue({ queue: `q-${i}` });
    statistics.begin();
    expect(statistics.bytes).toBeLessThan(4_000_000);
    for (let round = 0; round < 8; round++) {
      for (const queue of vhost.queues.values()) queue.arrivedCount += 5;
      clock.advanceBy(every);
    }
    expect(statistics.bytes).toBeLessThanOrEqual(bytesMax);
    expect(statistics.bytes).toBeGreaterThan(bytesMax / 2);
    for (const queue of vhost.queues.values()) {
      expect(statistics.details(queue, 'publish').rate).toBe(1);
    }
    channel.client.close();
    for (const queue of [...vhost.queues.values()]) vhost.removeQueue(queue);
    clock.advanceBy(every);
    expect(statistics.bytes).toBeLessThan(500_000);
  });

  test('turns that others share: 1,000 queues are sampled in many of them', () => {
    const made = fixture({ turnWork: 100 });
    const vhost = made.broker.vhost();
    for (let i = 0; i < 1000; i++) vhost.declareQueue({ queue: `q-${i}` });
    const statistics = new Statistics(made.broker);
    let most = 0;
    let turns = 0;
    made.broker.turn.ended = () => {
      turns++;
      most = Math.max(most, made.broker.turn.spent);
    };
    statistics.begin();
    made.clock.advanceBy(every);
    expect(turns).toBeGreaterThan(10);
    expect(most).toBeLessThanOrEqual(110);
  });
});

describe('a series', () => {
  test('has an entry where a value changed, and knows what held between', () => {
    const series = new Series(1, 4, new SampleBudget(10_000));
    for (const [at, value] of [[10, 1], [20, 1], [30, 5], [40, 5], [50, 6]] as const) {
      series.add(at, Float64Array.of(value), 0);
    }
    expect([5, 10, 25, 30, 45, 60].map((at) => series.valueAt(at, 0))).toEqual([0, 1, 1, 5, 5, 6]);
  });

  test('forgets the oldest where it has no room, and says so', () => {
    const budget = new SampleBudget(1000);
    const series = new Series(1, 4, budget);
    for (let at = 1; at <= 6; at++) series.add(at, Float64Array.of(at), 0);
    expect([1, 2, 3, 6].map((at) => series.valueAt(at, 0))).toEqual([undefined, undefined, 3, 6]);
    series.end();
    expect(budget.bytes).toBe(0);
  });

  test('keeps nothing where there is no memory at all', () => {
    const series = new Series(1, 4, new SampleBudget(100));
    series.add(1, Float64Array.of(1), 0);
    expect(series.valueAt(1, 0)).toBe(0);
    series.end();
  });
});
