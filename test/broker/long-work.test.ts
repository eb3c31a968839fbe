/** Work on very much at once: it goes on over turns, others are served, and what clients see stays as it was. */
import { describe, expect, test } from 'vitest';
import { MessageStore } from '../../core/broker/message/store.ts';
import { Parties } from '../../core/broker/turn/parties.ts';
import { Turn } from '../../core/broker/turn/turn.ts';
import { work } from '../../core/broker/turn/work.ts';
import { limits } from '../../core/limits.ts';
import { importInTurns } from '../../core/management/index.ts';
import type { Clock } from '../../core/ports.ts';
import { writeContentHeader } from '../../core/protocol/properties.ts';
import { fixture, type Fixture } from '../support/fixture.ts';
import { bind, consume, counts, declareQueue, nack, names, texts } from '../support/steps.ts';
import { argumentsOf, type TestChannel } from '../support/test-client.ts';

const many = 2 * limits.settledAtOnceMax;
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

/** Turns from now on, and by how much the longest went beyond its budget. */
function watch({ broker }: Fixture): { readonly turns: () => number; readonly overrun: () => number } {
  let turns = 0;
  let overrun = 0;
  broker.turn.ended = () => {
    turns++;
    overrun = Math.max(overrun, broker.turn.spent - broker.turn.allowed);
  };
  return { turns: () => turns, overrun: () => overrun };
}

/** A channel that holds all messages of a queue, without a consumer. */
function holding(made: Fixture): TestChannel {
  const channel = made.open();
  made.vhost.declareQueue({ queue: 'q' });
  for (const body of numbers(many)) made.vhost.exchange('').publish({ routingKey: 'q', body });
  made.clock.runUntilIdle();
  consume(channel, 'q');
  channel.call('basic.cancel', { consumerTag: 'q' });
  expect(texts(channel).length).toBe(many);
  return channel;
}

const ways: [string, (channel: TestChannel) => void][] = [
  ['basic.nack', (channel) => nack(channel, 0, true, true)],
  ['basic.recover', (channel) => void channel.call('basic.recover', { requeue: true })],
  ['the end of a channel', (channel) => channel.close()],
  ['the end of a connection', (channel) => channel.client.close()],
  ['the loss of a connection', (channel) => channel.client.drop()],
];

describe('what goes back to its queue', () => {
  test.each(ways)('by %s is there in its order, and nothing overtakes it', (_way, giveBack) => {
    const made = fixture({ turnWork: 800 });
    const other = made.open();
    const channel = holding(made);
    consume(other, 'q', { noAck: true });
    made.vhost.exchange('').publish({ routingKey: 'q', body: 'newer' });
    made.clock.runUntilIdle();
    expect(texts(other)).toEqual(['newer']);
    other.take();
    const { turns, overrun } = watch(made);
    let published = false;
    made.broker.parties.served = () => {
      if (published) return;
      published = true;
      made.vhost.exchange('').publish({ routingKey: 'q', body: 'newest' });
    };
    giveBack(channel);
    made.clock.runUntilIdle();
    expect(texts(other)).toEqual([...numbers(many), 'newest']);
    expect(turns()).toBeGreaterThan((2 * many) / 800);
    expect(overrun()).toBeLessThanOrEqual(2 * work.method);
  });

  test('is there when the client hears that its channel is closed, or that all is recovered', () => {
    const made = fixture({ turnWork: 800 });
    const other = made.open();
    const channel = holding(made);
    const { session } = channel.client;
    session.send(channel.number, 'basic.recover', { requeue: true });
    session.flush();
    const waiting: number[] = [];
    const look = (): void => {
      if (names(channel).includes('basic.recover-ok')) waiting.push(made.vhost.queue('q').readyCount);
    };
    made.broker.parties.served = look;
    made.clock.runUntilIdle();
    look();
    made.broker.parties.served = () => {};
    expect(waiting[0]).toBe(many);
    expect(counts(other, 'q')).toEqual([many, 0]);
  });
});

test('an acknowledgement of many goes on over turns, and what the client asks next comes after it', () => {
  const made = fixture({ turnWork: 800 });
  const channel = holding(made);
  const { turns, overrun } = watch(made);
  const { session } = channel.client;
  session.send(channel.number, 'basic.ack', { deliveryTag: 0, multiple: true });
  channel.call('queue.declare', { queue: 'q', passive: true });
  expect(made.vhost.queue('q').unackedCount).toBe(0);
  expect(made.broker.store.liveBytes).toBe(0);
  expect(turns()).toBeGreaterThan(many / 800);
  expect(overrun()).toBeLessThanOrEqual(2 * work.method);
});

test('a virtual host with many queues goes over turns, in which nobody may open it or make it anew', () => {
  const made = fixture({ turnWork: 800 });
  const { broker } = made;
  const vhost = broker.ensureVhost('v');
  for (const queue of numbers(300)) vhost.declareQueue({ queue });
  const { turns, overrun } = watch(made);
  let done = false;
  broker.removeVhost(vhost, () => (done = true));
  expect([done, broker.openVhost('v')]).toEqual([false, undefined]);
  expect(() => broker.ensureVhost('v')).toThrow('is being deleted');
  made.clock.runUntilIdle();
  expect([done, broker.vhosts.has('v'), vhost.queues.size]).toEqual([true, false, 0]);
  expect(turns()).toBeGreaterThan(4);
  expect(overrun()).toBeLessThanOrEqual(work.queueRemoval + work.removal);
  expect(broker.ensureVhost('v').queues.size).toBe(0);
});

test('a policy reaches many queues over turns, and one with too many messages drops them over turns', () => {
  const made = fixture({ turnWork: 800 });
  const { vhost } = made;
  for (const queue of numbers(100)) vhost.declareQueue({ queue });
  for (const body of numbers(3000)) vhost.exchange('').publish({ routingKey: '0', body });
  made.clock.runUntilIdle();
  const { turns, overrun } = watch(made);
  const set = (pattern: string): void => void vhost.policies.set('p', {
    pattern, applyTo: 'queues', priority: 0, definition: { 'max-length': 5 },
  });
  set('x');
  set('.');
  made.clock.runUntilIdle();
  expect([...vhost.queues.values()].every(({ settings }) => settings.maxLength === 5)).toBe(true);
  expect(vhost.queue('0').readyCount).toBe(5);
  expect(turns()).toBeGreaterThan(10);
  expect(overrun()).toBeLessThanOrEqual(work.policy + 2);
});

describe('timers', () => {
  /** A clock whose timers are all due at one instant, as the event loop has them. */
  function together(): { turn: Turn; fire: () => void; step: () => boolean } {
    const timers: (() => void)[] = [];
    const deferred: (() => void)[] = [];
    const clock: Clock = {
      now: () => 0,
      wall: () => 0,
      defer: (run) => void deferred.push(run),
      setTimer: (_delay, run) => {
        timers.push(run);
        return () => {};
      },
    };
    const parties = new Parties(clock, 400);
    const turn = new Turn(clock, new MessageStore(), parties);
    const step = (): boolean => {
      const run = deferred.shift();
      run?.();
      return run !== undefined;
    };
    return { turn, fire: () => timers.forEach((run) => run()), step };
  }

  test('that are due at one instant take several rounds, in their order; one that is cancelled never runs', () => {
    const { turn, fire, step } = together();
    const ran: number[] = [];
    const cancels = numbers(500).map((each) => turn.setTimer(0, () => void ran.push(Number(each))));
    fire();
    expect(ran.length).toBeLessThanOrEqual(400 / work.timer);
    cancels[499]!();
    for (let before = ran.length; step(); before = ran.length) {
      expect(ran.length - before).toBeLessThanOrEqual(400 / work.timer);
    }
    expect(ran).toEqual(numbers(499).map(Number));
  });

  test('come after a round of work at most, however much comes in at once', () => {
    const made = fixture({ turnWork: 800 });
    const [channel, ...publishers] = numbers(10).map(() => made.open());
    for (const queue of numbers(10)) {
      declareQueue(channel!, queue);
      bind(channel!, 'amq.fanout', queue);
    }
    let most = 0;
    let before = made.broker.parties.work;
    const look = (): void => {
      const { work: now } = made.broker.parties;
      most = Math.max(most, now - before);
      before = now;
      if (ticks-- > 0) made.clock.defer(look);
    };
    let ticks = 1000;
    made.clock.defer(look);
    for (const publisher of publishers) {
      const { session } = publisher.client;
      for (const _ of numbers(200)) {
        session.send(publisher.number, 'basic.publish', argumentsOf('basic.publish', { exchange: 'amq.fanout' }));
        writeContentHeader(session.writer, publisher.number, 0, {});
      }
      session.flush();
    }
    made.clock.runUntilIdle();
    expect(made.vhost.queue('0').readyCount).toBe(9 * 200);
    // A round, what it began, and one of those who came before it.
    expect(most).toBeLessThanOrEqual(800 + 800 / 4 + 2 * (work.method + 11));
  });
});

test('definitions are imported over turns, and each item has its outcome in the order of the file', async () => {
  const made = fixture({ turnWork: 800 });
  const queues = numbers(200).map((name) => ({ vhost: '/', name, durable: true, auto_delete: false, arguments: {} }));
  const { turns, overrun } = watch(made);
  const imported = importInTurns(made.broker, { queues: [...queues, { vhost: 'none', name: 'q' }] });
  expect(made.vhost.queues.size).toBeLessThan(20);
  made.clock.runUntilIdle();
  const report = await imported;
  expect(report.map(({ name }) => name)).toEqual([...numbers(200), 'q']);
  expect(report.map(({ outcome }) => outcome)).toEqual([...queues.map(() => 'created'), 'refused']);
  expect(turns()).toBeGreaterThan(10);
  expect(overrun()).toBeLessThanOrEqual(work.definition);
});

test('places of messages count as memory, in queues and with clients, and are given back', () => {
  const made = fixture();
  const { memory } = made.broker;
  const channel = made.open();
  for (const queue of ['q', 'p']) {
    made.vhost.declareQueue({ queue, arguments: queue === 'p' ? { 'x-max-priority': 3 } : {} });
  }
  const places = (): number => memory.bytes - made.broker.store.allocatedBytes;
  const before = places();
  const fill = (queue: string): void => {
    for (const body of numbers(5000)) made.vhost.exchange('').publish({ routingKey: queue, body });
    made.clock.runUntilIdle();
  };
  for (const queue of ['q', 'p']) {
    fill(queue);
    expect(places() - before).toBeGreaterThanOrEqual(5000 * 8);
    channel.call('queue.purge', { queue });
    expect(places()).toBe(before);
  }
  fill('q');
  consume(channel, 'q');
  channel.call('basic.cancel', { consumerTag: 'q' });
  expect(places() - before).toBeGreaterThan(5000 * 96);
  channel.close();
  made.vhost.removeQueue(made.vhost.queue('q'));
  made.clock.runUntilIdle();
  expect(places()).toBeLessThanOrEqual(before);
});
