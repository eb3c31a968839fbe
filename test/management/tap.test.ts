import { describe, expect, test } from 'vitest';
import { tapOf, type TapEvent } from '../../core/management/index.ts';
import { fixture, type Fixture } from '../support/fixture.ts';
import { ack, bind, consume, declareExchange, declareQueue, publishAll } from '../support/steps.ts';

/** Everything that the tap shows from now on. */
function tap({ broker }: Fixture): TapEvent[] {
  const events: TapEvent[] = [];
  tapOf(broker).subscribe((event) => events.push(event));
  return events;
}

/** Types of an event and of all that it follows from, the event first. */
function ancestry(events: readonly TapEvent[], event: TapEvent): string[] {
  const cause = events.find(({ seq }) => seq === event.cause);
  return [event.type, ...(cause === undefined ? [] : ancestry(events, cause))];
}

const lastOf = (events: readonly TapEvent[], type: TapEvent['type']): TapEvent =>
  events.findLast((event) => event.type === type)!;

test('events are numbered in their order', () => {
  const made = fixture();
  const channel = made.open();
  const events = tap(made);
  declareQueue(channel, 'q');
  publishAll(channel, 'q', ['a', 'b']);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
});

test('the life of a message is one chain of causes, from the frame to the frame', () => {
  const made = fixture();
  const channel = made.open();
  declareExchange(channel, 'x', 'topic');
  declareQueue(channel, 'q');
  bind(channel, 'x', 'q', 'order.*');
  bind(channel, 'x', 'q', 'invoice.*');
  consume(channel, 'q', { consumerTag: 't' });
  const events = tap(made);
  channel.publish('x', 'order.new', 'a');
  ack(channel, 1);
  expect(ancestry(events, lastOf(events, 'message.settled'))).toEqual([
    'message.settled', 'message.delivered', 'message.enqueued', 'message.routed', 'message.published',
    'frame.in',
  ]);
  expect(lastOf(events, 'message.routed')).toMatchObject({
    destinations: ['q'], matched: [{ source: 'x', destination: 'q', routingKey: 'order.*' }],
  });
  expect(ancestry(events, lastOf(events, 'frame.out')).slice(0, 2)).toEqual(['frame.out', 'message.delivered']);
});

test('a dead-lettered message is a new one that follows from the old', () => {
  const made = fixture();
  const channel = made.open();
  declareQueue(channel, 'dead');
  declareQueue(channel, 'q', {
    'x-message-ttl': 50, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead',
  });
  const events = tap(made);
  channel.publish('', 'q', 'a');
  made.clock.advanceBy(51);
  expect(events.filter(({ type }) => type === 'message.expired')).toHaveLength(1);
  const last = lastOf(events, 'message.enqueued');
  expect(last).toMatchObject({ message: 2, queue: 'dead', frame: 0, at: 50 });
  expect(ancestry(events, last).slice(0, 5)).toEqual([
    'message.enqueued', 'message.routed', 'message.dead-lettered', 'message.expired', 'message.enqueued',
  ]);
});

describe('what has no place', () => {
  test('an unroutable message, returned or not', () => {
    const made = fixture();
    const channel = made.open();
    const events = tap(made);
    channel.publish('', 'nowhere', 'a');
    expect(lastOf(events, 'message.unroutable')).toMatchObject({ routingKey: 'nowhere', message: 1 });
  });

  test('a message that expires where nobody takes the dead', () => {
    const made = fixture();
    const channel = made.open();
    declareQueue(channel, 'q', { 'x-message-ttl': 10 });
    const events = tap(made);
    channel.publish('', 'q', 'a');
    made.clock.advanceBy(11);
    expect(lastOf(events, 'message.dropped')).toMatchObject({ queue: 'q', reason: 'expired' });
  });
});

test('what a lost connection held goes back, and is told so', () => {
  const made = fixture();
  const channel = made.open();
  declareQueue(channel, 'q');
  const other = made.open();
  consume(other, 'q');
  const events = tap(made);
  channel.publish('', 'q', 'a');
  other.client.drop();
  expect(events.map(({ type }) => type)).toContain('message.requeued');
  consume(channel, 'q');
  expect(lastOf(events, 'message.delivered')).toMatchObject({ redelivered: true, owner: 'connection-1/1' });
});

test('while nobody looks nothing is made', () => {
  const made = fixture();
  const channel = made.open();
  const subscription = tapOf(made.broker).subscribe();
  expect(made.broker.events.trace.active).toBe(true);
  subscription.unsubscribe();
  declareQueue(channel, 'q');
  expect(made.broker.events.trace.active).toBe(false);
  expect(made.broker.store.onFreed).toBeUndefined();
});
