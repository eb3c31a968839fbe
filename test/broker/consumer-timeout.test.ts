import { describe, expect, test } from 'vitest';
import { limits } from '../../core/limits.ts';
import { fixture } from '../support/fixture.ts';
import {
  ack, consume, declareQueue, deliveries, describeError, drain, get, publishAll,
} from '../support/steps.ts';

const HALF_AN_HOUR_MS = 1_800_000;

const timedOut = (ms: number): string => '406 PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. ' +
  `Timeout value used: ${ms} ms. This timeout value can be configured, see consumers doc guide to learn more (0.0)`;

test('a delivery that nobody acknowledges for half an hour ends its channel [BAS-27]', () => {
  const { open, clock } = fixture();
  const channel = open();
  declareQueue(channel, 'q');
  consume(channel, 'q');
  publishAll(channel, 'q', 'ab');
  ack(channel, 1);
  expect(limits.consumerTimeoutMs).toBe(HALF_AN_HOUR_MS);
  clock.advanceBy(HALF_AN_HOUR_MS - 1);
  expect(channel.closed).toBeUndefined();
  clock.advanceBy(1);
  expect(describeError(channel.closed)).toBe(timedOut(HALF_AN_HOUR_MS));
  expect(channel.client.end).toBeUndefined();
  expect(get(open(), 'q')).toMatchObject({ text: 'b', args: { redelivered: true } });
});

test('each delivery has its own time; who acknowledges in time goes on for ever', () => {
  const { open, clock } = fixture();
  const channel = open();
  declareQueue(channel, 'q');
  consume(channel, 'q');
  for (let i = 0; i < 10; i++) {
    publishAll(channel, 'q', `${i}`);
    clock.advanceBy(HALF_AN_HOUR_MS - 1);
    ack(channel, deliveries(channel).at(-1)!.args.deliveryTag);
  }
  clock.advanceBy(10 * HALF_AN_HOUR_MS);
  expect(channel.closed).toBeUndefined();
});

test('a message that waited in the queue is not late for that', () => {
  const { open, clock } = fixture();
  const channel = open();
  declareQueue(channel, 'q');
  publishAll(channel, 'q', 'a');
  clock.advanceBy(2 * HALF_AN_HOUR_MS);
  consume(channel, 'q');
  clock.advanceBy(HALF_AN_HOUR_MS - 1);
  expect(channel.closed).toBeUndefined();
});

describe('how long is said', () => {
  test('by the broker', () => {
    const { open, clock } = fixture({ consumerTimeoutMs: 5000 });
    const channel = open();
    declareQueue(channel, 'q');
    publishAll(channel, 'q', 'a');
    get(channel, 'q', false);
    clock.advanceBy(5000);
    expect(describeError(channel.closed)).toBe(timedOut(5000));
  });

  test('by the queue, before the broker [queue.declare.arguments.x-consumer-timeout]', () => {
    const { open, clock } = fixture();
    const channel = open();
    declareQueue(channel, 'q', { 'x-consumer-timeout': 1000 });
    consume(channel, 'q');
    publishAll(channel, 'q', 'a');
    clock.advanceBy(1000);
    expect(describeError(channel.closed)).toBe(timedOut(1000));
  });

  test('by the consumer, before both [basic.consume.arguments.x-consumer-timeout]', () => {
    const { open, clock } = fixture();
    const channel = open();
    declareQueue(channel, 'q', { 'x-consumer-timeout': 1000 });
    consume(channel, 'q', { arguments: { 'x-consumer-timeout': 60_000 } });
    publishAll(channel, 'q', 'a');
    clock.advanceBy(59_999);
    expect(channel.closed).toBeUndefined();
    clock.advanceBy(1);
    expect(describeError(channel.closed)).toBe(timedOut(60_000));
  });

  test('0 is for ever', () => {
    const { open, clock } = fixture({ consumerTimeoutMs: 0 });
    const channel = open();
    declareQueue(channel, 'q');
    consume(channel, 'q');
    publishAll(channel, 'q', 'a');
    clock.advanceBy(100 * HALF_AN_HOUR_MS);
    expect(channel.closed).toBeUndefined();
    ack(channel, 1);
    channel.client.close();
    expect(drain(open(), 'q')).toEqual([]);
  });

  test('for each of two consumers by itself', () => {
    const { open, clock } = fixture();
    const channel = open();
    for (const [queue, ms] of [['slow', 10_000], ['fast', 1000]] as const) {
      declareQueue(channel, queue);
      consume(channel, queue, { arguments: { 'x-consumer-timeout': ms } });
      publishAll(channel, queue, 'a');
    }
    clock.advanceBy(1000);
    expect(describeError(channel.closed)).toBe(timedOut(1000));
  });
});
