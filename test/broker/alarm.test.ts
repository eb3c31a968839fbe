import { describe, expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import { ack, consume, counts, declareQueue, drain, names, publishAll, texts } from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

/** What came on the connection itself: 'connection.blocked low on memory', 'connection.unblocked'. */
const told = (channel: TestChannel): string[] => channel.client.received.map((each) =>
  each.name === 'connection.blocked' ? `${each.name} ${each.args.reason}` : each.name);

test('a publisher is told and not read until the alarm clears [connection.blocked] [connection.unblocked]', () => {
  const { open, broker } = fixture();
  const [publisher, other] = [open(), open()];
  declareQueue(publisher, 'q');
  publishAll(publisher, 'q', 'a');
  broker.setAlarm('memory', true);
  publisher.client.run();
  expect(told(publisher)).toEqual(['connection.blocked low on memory']);
  publishAll(publisher, 'q', 'bc');
  expect(counts(other, 'q')).toEqual([1, 0]);
  broker.setAlarm('memory', false);
  publisher.client.run();
  expect(told(publisher)).toEqual(['connection.blocked low on memory', 'connection.unblocked']);
  expect(drain(other, 'q')).toEqual(['a', 'b', 'c']);
});

test('who never published goes on, until it does [CON-33] [connection.blocked.reason]', () => {
  const { open, broker } = fixture();
  const channel = open();
  declareQueue(channel, 'q');
  broker.setAlarm('disk', true);
  channel.client.run();
  expect(counts(channel, 'q')).toEqual([0, 0]);
  expect(told(channel)).toEqual([]);
  publishAll(channel, 'q', 'a');
  expect(told(channel)).toEqual(['connection.blocked low on disk']);
  publishAll(channel, 'q', 'b');
  broker.setAlarm('disk', false);
  channel.client.run();
  expect(drain(channel, 'q')).toEqual(['a', 'b']);
});

test('consumers are served meanwhile', () => {
  const { open, broker } = fixture();
  const [publisher, consumer] = [open(), open()];
  declareQueue(publisher, 'q');
  publishAll(publisher, 'q', 'ab');
  broker.setAlarm('memory', true);
  consume(consumer, 'q');
  ack(consumer, 2, true);
  expect(texts(consumer)).toEqual(['a', 'b']);
  expect(consumer.closed).toBeUndefined();
});

test('a client that cannot hear of it is held up all the same', () => {
  const { open, broker } = fixture();
  const publisher = open({ capabilities: {} });
  declareQueue(publisher, 'q');
  publishAll(publisher, 'q', 'a');
  broker.setAlarm('memory', true);
  publishAll(publisher, 'q', 'b');
  expect(told(publisher)).toEqual([]);
  expect(drain(open(), 'q')).toEqual(['a']);
});

test('two alarms are over when both are', () => {
  const { open, broker } = fixture();
  const publisher = open();
  declareQueue(publisher, 'q');
  publishAll(publisher, 'q', 'a');
  const alarms: [alarm: 'memory' | 'disk', on: boolean][] =
    [['memory', true], ['memory', true], ['disk', true], ['memory', false]];
  for (const [alarm, on] of alarms) broker.setAlarm(alarm, on);
  publisher.client.run();
  expect(broker.alarm).toBe('low on disk');
  expect(told(publisher)).toHaveLength(1);
  broker.setAlarm('disk', false);
  publisher.client.run();
  expect(broker.alarm).toBeUndefined();
  expect(told(publisher)).toEqual(['connection.blocked low on memory', 'connection.unblocked']);
});

describe('a blocked connection', () => {
  test('is not taken for dead, however long that lasts: heartbeats go unread [CON-15]', () => {
    const { open, broker, clock } = fixture();
    const publisher = open({ heartbeat: 10 });
    declareQueue(publisher, 'q');
    publishAll(publisher, 'q', 'a');
    broker.setAlarm('memory', true);
    clock.advanceBy(3_600_000);
    expect(publisher.client.end).toBeUndefined();
    broker.setAlarm('memory', false);
    clock.advanceBy(60_000);
    expect(publisher.client.end).toBeUndefined();
    expect(drain(publisher, 'q')).toEqual(['a']);
  });

  test('is closed in order when the broker stops', async () => {
    const { open, broker, clock } = fixture();
    const publisher = open();
    publishAll(publisher, 'q', 'a');
    broker.setAlarm('memory', true);
    const stopped = broker.stop();
    clock.runUntilIdle();
    await stopped;
    expect(publisher.client.closed?.replyCode).toBe(320);
    expect(names(publisher)).toEqual(['channel.open-ok']);
  });
});

test('events tell of the alarm and of each connection that it concerns', () => {
  const { open, broker } = fixture();
  const [publisher] = [open(), open()];
  publishAll(publisher, 'q', 'a');
  const types: string[] = [];
  broker.events$.subscribe((event) => types.push(event.type));
  broker.setAlarm('memory', true);
  broker.setAlarm('memory', false);
  expect(types).toEqual(['alarm.set', 'connection.blocked', 'alarm.cleared', 'connection.unblocked']);
});

describe('while memory is low', () => {
  const low = 'the broker is low on memory';

  test('new exchanges, queues and bindings are refused with 406, and what is there stays usable', () => {
    const { open, broker, vhost } = fixture();
    const setUp = open();
    declareQueue(setUp, 'q');
    setUp.call('exchange.declare', { exchange: 'e', type: 'fanout' });
    setUp.call('queue.bind', { queue: 'q', exchange: 'e' });
    broker.setAlarm('memory', true);
    const refused = ['queue.declare', 'exchange.declare', 'queue.bind', 'exchange.bind'] as const;
    for (const name of refused) {
      const channel = open();
      expect(() => channel.call(name, {
        'queue.declare': { queue: 'new' },
        'exchange.declare': { exchange: 'new', type: 'direct' },
        'queue.bind': { queue: 'q', exchange: 'e', routingKey: 'new' },
        'exchange.bind': { source: 'e', destination: 'amq.topic' },
      }[name]), name).toThrow(low);
      expect(channel.closed, name).toMatchObject({ replyCode: 406 });
    }
    const channel = open();
    declareQueue(channel, 'q');
    channel.call('exchange.declare', { exchange: 'e', type: 'fanout' });
    channel.call('queue.bind', { queue: 'q', exchange: 'e' });
    consume(channel, 'q');
    channel.call('queue.unbind', { queue: 'q', exchange: 'e' });
    channel.call('exchange.delete', { exchange: 'e' });
    channel.call('queue.delete', { queue: 'q' });
    expect(channel.closed).toBeUndefined();
    expect(vhost.queues.size).toBe(0);
    broker.setAlarm('memory', false);
    declareQueue(channel, 'new');
    expect(channel.closed).toBeUndefined();
  });

  test('the broker says so by what it counts, at the end of the turn, and until it is well below', () => {
    const { open, broker, vhost } = fixture({ memoryBytesMax: 4_000_000 });
    const alarms: string[] = [];
    broker.events$.subscribe(({ type }) => void (type.startsWith('alarm.') && alarms.push(type)));
    const queue = vhost.declareQueue({ queue: 'q' });
    const body = new Uint8Array(1_000_000);
    vhost.exchange('').publish({ routingKey: 'q', body });
    expect(alarms).toEqual([]);
    for (let i = 0; i < 4; i++) vhost.exchange('').publish({ routingKey: 'q', body });
    expect(alarms).toEqual(['alarm.set']);
    broker.setAlarm('memory', true);
    broker.setAlarm('memory', false);
    expect(broker.alarm).toBe('low on memory');
    queue.purge();
    open();
    expect(alarms).toEqual(['alarm.set', 'alarm.cleared']);
    expect(broker.alarm).toBeUndefined();
  });

  test('definitions never take so much that they alone make it so, however long they are', () => {
    const { open, broker } = fixture({ memoryBytesMax: 1_000_000 });
    const channel = open();
    declareQueue(channel, 'q');
    const bindMany = (): void => {
      for (let i = 0; i < 1000; i++) {
        const table = i % 2 === 0 ? {} : { [`x${i}`]: 'long'.repeat(100) };
        const routingKey = `${i}${'.a'.repeat(100)}`;
        channel.call('queue.bind', { queue: 'q', exchange: 'amq.topic', routingKey, arguments: table });
      }
    };
    expect(bindMany).toThrow(/cannot make a binding of queue 'q' in vhost '\/': exchanges, queues and bindings/);
    expect(channel.closed).toMatchObject({ replyCode: 406 });
    expect(broker.alarm).toBeUndefined();
    const other = open();
    other.call('queue.delete', { queue: 'q' });
    declareQueue(other, 'again');
    expect(other.closed).toBeUndefined();
    expect(broker.memory.bytes).toBeLessThan(100_000);
  });
});
