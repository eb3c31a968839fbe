import { describe, expect, test } from 'vitest';
import type { BrokerEvent, FrameEvent } from '../../core/index.ts';
import { dissectFrames, summarize } from '../../core/protocol/dissect.ts';
import { fixture, type Fixture } from '../support/fixture.ts';
import { bind, consume, declareExchange, declareQueue, get, nack, publishAll } from '../support/steps.ts';
import { connect } from '../support/test-client.ts';

/** All events of a broker from now on, each as its type and what it is about. */
function listen({ broker }: Fixture): string[] {
  const heard: string[] = [];
  broker.events$.subscribe((event) => heard.push(describeEvent(event)));
  return heard;
}

function describeEvent(event: BrokerEvent): string {
  const { type } = event;
  if ('channel' in event) return `${type} ${event.connection.id}/${event.channel} ${event.text}`.trim();
  if ('connection' in event) return [type, event.connection.id, ...('by' in event ? [event.by] : [])].join(' ');
  if ('consumerTag' in event) return `${type} ${event.consumerTag} of ${event.queue} by ${event.owner}`;
  if ('source' in event) return `${type} ${event.source}-${event.routingKey}-${event.destination}`;
  if ('reason' in event) return `${type} ${event.queue} ${event.reason}`;
  if ('queue' in event) return `${type} ${event.queue}`;
  return 'exchange' in event ? `${type} ${event.exchange}` : type;
}

test('a connection and its channels, from the first to the last', () => {
  const made = fixture();
  const heard = listen(made);
  const channel = made.open();
  channel.client.channel();
  channel.close();
  channel.client.close();
  expect(heard).toEqual([
    'connection.opened connection-1', 'channel.opened connection-1/1', 'channel.opened connection-1/2',
    'channel.closed connection-1/1', 'connection.closed connection-1 peer',
  ]);
});

test('all that belongs to a connection ends with it, in order', () => {
  const made = fixture();
  const channel = made.open();
  declareExchange(channel, 'x', 'topic', {}, { autoDelete: true });
  declareQueue(channel, 'q', {}, { exclusive: true });
  bind(channel, 'x', 'q', 'k');
  consume(channel, 'q', { consumerTag: 't' });
  const heard = listen(made);
  channel.client.drop();
  expect(heard.filter((each) => !each.startsWith('consumer'))).toEqual([
    'queue.deleted q', 'binding.removed x-k-q', 'exchange.deleted x', 'connection.closed connection-1 transport',
  ]);
  expect(heard).toContain('consumer.removed t of q by connection-1/1');
});

test('exchanges, queues, bindings and consumers', () => {
  const made = fixture();
  const channel = made.open();
  const heard = listen(made);
  declareExchange(channel, 'x', 'fanout');
  declareExchange(channel, 'x', 'fanout');
  declareQueue(channel, 'q');
  declareQueue(channel, 'q');
  bind(channel, 'x', 'q', 'k');
  bind(channel, 'x', 'q', 'k');
  consume(channel, 'q', { consumerTag: 't' });
  channel.call('basic.cancel', { consumerTag: 't' });
  channel.call('queue.unbind', { queue: 'q', exchange: 'x', routingKey: 'k' });
  channel.call('queue.delete', { queue: 'q' });
  channel.call('exchange.delete', { exchange: 'x' });
  expect(heard).toEqual([
    'exchange.declared x', 'queue.declared q', 'binding.added x-k-q', 'consumer.added t of q by connection-1/1',
    'consumer.removed t of q by connection-1/1', 'binding.removed x-k-q', 'queue.deleted q', 'exchange.deleted x',
  ]);
});

test('a channel that fails says why', () => {
  const made = fixture();
  const channel = made.open();
  const heard = listen(made);
  channel.publish('none', '');
  expect(heard).toEqual(["channel.closed connection-1/1 NOT_FOUND - no exchange 'none' in vhost '/'"]);
});

test('a login that is refused, by whom and from where', () => {
  const made = fixture();
  const events: BrokerEvent[] = [];
  made.broker.events$.subscribe((event) => events.push(event));
  connect(made.broker, made.clock, { user: 'eve', password: 'wrong' });
  expect(events).toMatchObject([
    { type: 'connection.refused', connection: { id: 'connection-1', transport: 'memory', user: 'eve' } },
    { type: 'connection.closed', by: 'us' },
  ]);
});

test('a dead letter, with queue and reason, at its time', () => {
  const made = fixture();
  const channel = made.open();
  declareQueue(channel, 'q', { 'x-dead-letter-exchange': 'amq.fanout', 'x-message-ttl': 1000 });
  publishAll(channel, 'q', 'ab');
  const events: BrokerEvent[] = [];
  made.broker.events$.subscribe((event) => events.push(event));
  nack(channel, get(channel, 'q', false)!.args.deliveryTag, false);
  const started = made.clock.wall();
  made.clock.advanceBy(1000);
  expect(events.map((event) => [describeEvent(event), event.at - started])).toEqual([
    ['message.dead-lettered q rejected', 0], ['message.dead-lettered q expired', 1000],
  ]);
});

test('the broker stops: connections first, then all else', async () => {
  const made = fixture();
  declareQueue(made.open(), 'q');
  const heard = listen(made);
  const stopped = made.broker.stop();
  made.clock.runUntilIdle();
  await stopped;
  expect(heard.slice(0, 2)).toEqual(['broker.stopping', 'connection.closed connection-1 us']);
  expect(heard).toContain('queue.deleted q');
});

describe('frames$', () => {
  test('shows each frame both ways, to be dissected, while somebody looks', () => {
    const { open, broker } = fixture();
    const channel = open();
    const frames: string[] = [];
    const show = ({ direction, bytes }: FrameEvent): void => {
      for (const frame of dissectFrames(bytes)) frames.push(`${direction} ${summarize(frame)}`);
    };
    const subscription = broker.frames$.subscribe(show);
    declareQueue(channel, 'q');
    subscription.unsubscribe();
    declareQueue(channel, 'unseen');
    expect(frames).toHaveLength(2);
    expect(frames[0]).toMatch(/^in .*queue\.declare .*q/);
    expect(frames[1]).toMatch(/^out .*queue\.declare-ok .*q/);
  });
});
