import { interval, map, take, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, test } from 'vitest';
import {
  AmqpError, Broker, type IncomingMessage, type ReturnedMessage, type Stats, type VirtualHost,
} from '../../core/index.ts';
import { fixture, text } from '../support/fixture.ts';
import { declareQueue, publishTogether, refusal } from '../support/steps.ts';

/** Subscribes to a queue and keeps what comes; nothing is settled. */
function collect(vhost: VirtualHost, queue: string, prefetch = 0): { bodies: string[]; messages: IncomingMessage[];
  cancel: () => void } {
  const messages: IncomingMessage[] = [];
  const bodies: string[] = [];
  const subscription = vhost.queue(queue).consume({ prefetch }).subscribe((message) => {
    messages.push(message);
    bodies.push(text(message.body));
  });
  return { messages, bodies, cancel: () => subscription.unsubscribe() };
}

test('a message goes from an exchange to a subscriber of a queue', () => {
  const { vhost } = fixture();
  vhost.declareExchange({ exchange: 'x', type: 'topic' });
  vhost.declareQueue({ queue: 'q' });
  vhost.bind(vhost.exchange('x'), vhost.queue('q'), 'a.*', {});
  const { messages } = collect(vhost, 'q');
  vhost.exchange('x').next({ routingKey: 'a.b', body: 'hi', properties: { messageId: '7' } });
  vhost.exchange('x').next({ routingKey: 'b.a', body: 'not for q' });
  expect(messages).toHaveLength(1);
  expect(messages[0]).toMatchObject({
    exchange: 'x', routingKey: 'a.b', properties: { messageId: '7' }, redelivered: false, deliveryCount: 0,
  });
  expect(text(messages[0]!.body)).toBe('hi');
});

describe('what would be cut on the wire, and mean something else, is refused', () => {
  const [longest, tooLong] = ['é'.repeat(127), 'é'.repeat(128)];

  test.each<[string, (vhost: VirtualHost, name: string) => unknown]>([
    ['the name of the queue', (vhost, queue) => vhost.declareQueue({ queue })],
    ['the name of the exchange', (vhost, exchange) => vhost.declareExchange({ exchange, type: 'fanout' })],
    ['the routing key', (vhost, key) => vhost.bind(vhost.exchange('amq.topic'), vhost.queue('q'), key, {})],
    ['the routing key', (vhost, routingKey) => vhost.exchange('amq.topic').publish({ routingKey, body: '' })],
  ])('%s', (what, use) => {
    const { vhost } = fixture();
    vhost.declareQueue({ queue: 'q' });
    expect(() => use(vhost, tooLong)).toThrow(new AmqpError(
      'PRECONDITION_FAILED', `${what} takes 256 octets, where 255 are allowed`,
    ));
    expect(() => use(vhost, longest)).not.toThrow();
  });

  test('the name of a virtual host', () => {
    const { broker } = fixture();
    expect(() => broker.ensureVhost(tooLong)).toThrow('the name of the virtual host takes 256 octets');
    expect(broker.ensureVhost(longest).name).toBe(longest);
  });
});

test('an exchange is the observer of any stream', () => {
  const { vhost } = fixture();
  vhost.declareExchange({ exchange: 'ticks', type: 'fanout' });
  vhost.declareQueue({ queue: 'q' });
  vhost.bind(vhost.exchange('ticks'), vhost.queue('q'), '', {});
  const { bodies } = collect(vhost, 'q');
  const scheduler = new VirtualTimeScheduler();
  const tick$ = interval(1000, scheduler).pipe(take(3), map((n) => ({ body: `tick ${n}` })));
  tick$.subscribe(vhost.exchange('ticks'));
  scheduler.flush();
  expect(bodies).toEqual(['tick 0', 'tick 1', 'tick 2']);
  // That one source ended is nothing to the others.
  expect(vhost.exchange('ticks').publish({ body: 'later' })).toBe(true);
  expect(bodies).toHaveLength(4);
});

test('the queues of two virtual hosts are apart', () => {
  const { broker } = fixture({ vhosts: ['/', 'other'] });
  broker.vhost('/').declareQueue({ queue: 'q' });
  expect(() => broker.vhost('other').queue('q')).toThrow("no queue 'q' in vhost 'other'");
  expect(() => broker.vhost('third')).toThrow(new AmqpError('NOT_ALLOWED', 'vhost third not found'));
});

test('unsubscribing gives back what was not settled, in its order and marked as redelivered', () => {
  const { vhost } = fixture();
  const queue = vhost.declareQueue({ queue: 'q' });
  for (const body of ['a', 'b', 'c', 'd']) vhost.exchange('').publish({ routingKey: 'q', body });
  const first = collect(vhost, 'q', 3);
  expect(first.bodies).toEqual(['a', 'b', 'c']);
  expect([queue.readyCount, queue.unackedCount]).toEqual([1, 3]);
  first.messages[1]!.ack();
  expect(first.bodies).toEqual(['a', 'b', 'c', 'd']);
  first.cancel();
  expect([queue.readyCount, queue.unackedCount]).toEqual([3, 0]);
  const second = collect(vhost, 'q');
  expect(second.messages.map((each) => [text(each.body), each.redelivered])).toEqual([
    ['a', true], ['c', true], ['d', true],
  ]);
});

test('a message is settled once, whatever is said of it afterwards', () => {
  const { vhost } = fixture();
  const queue = vhost.declareQueue({ queue: 'q' });
  const { messages, cancel } = collect(vhost, 'q');
  vhost.exchange('').publish({ routingKey: 'q', body: 'once' });
  messages[0]!.ack();
  messages[0]!.nack();
  cancel();
  messages[0]!.nack();
  expect([queue.readyCount, queue.unackedCount]).toEqual([0, 0]);
});

test('a nack brings the message back; without requeue it is gone', () => {
  const { vhost } = fixture();
  vhost.declareQueue({ queue: 'q' });
  const { messages } = collect(vhost, 'q', 1);
  vhost.exchange('').publish({ routingKey: 'q', body: 'again' });
  messages[0]!.nack();
  expect(messages.map(({ redelivered }) => redelivered)).toEqual([false, true]);
  messages[1]!.nack({ requeue: false });
  expect(messages).toHaveLength(2);
  expect(vhost.queue('q').readyCount).toBe(0);
});

test('with noAck nothing stays behind', () => {
  const { vhost } = fixture();
  const queue = vhost.declareQueue({ queue: 'q' });
  let count = 0;
  const subscription = queue.consume({ noAck: true }).subscribe(() => count++);
  vhost.exchange('').publish({ routingKey: 'q', body: '1' });
  expect([count, queue.unackedCount]).toEqual([1, 0]);
  subscription.unsubscribe();
  expect(queue.readyCount).toBe(0);
});

test('take(n) consumes n messages and leaves the rest', () => {
  const { vhost } = fixture();
  const queue = vhost.declareQueue({ queue: 'q' });
  for (const body of ['a', 'b', 'c']) vhost.exchange('').publish({ routingKey: 'q', body });
  const bodies: string[] = [];
  queue.consume().pipe(take(2)).subscribe((message) => {
    bodies.push(text(message.body));
    message.ack();
  });
  expect(bodies).toEqual(['a', 'b']);
  expect([queue.readyCount, queue.unackedCount, queue.consumers.count]).toEqual([1, 0, 0]);
});

test('a consumer may publish out of its handler: the turn goes on until all is done', () => {
  const { vhost } = fixture();
  vhost.declareQueue({ queue: 'ping' });
  vhost.declareQueue({ queue: 'pong' });
  const { bodies } = collect(vhost, 'pong');
  vhost.queue('ping').consume({ noAck: true }).subscribe(({ body }) => {
    const left = Number(text(body));
    vhost.exchange('').next({ routingKey: 'pong', body: `${left}` });
    if (left > 0) vhost.exchange('').next({ routingKey: 'ping', body: `${left - 1}` });
  });
  vhost.exchange('').next({ routingKey: 'ping', body: '1000' });
  expect(bodies).toHaveLength(1001);
  expect(bodies.at(-1)).toBe('0');
});

test('the bytes of a message are its own', () => {
  const { vhost } = fixture();
  vhost.declareQueue({ queue: 'q' });
  const { messages } = collect(vhost, 'q');
  const body = new TextEncoder().encode('first');
  vhost.exchange('').publish({ routingKey: 'q', body });
  body.fill(0);
  messages[0]!.ack();
  vhost.exchange('').publish({ routingKey: 'q', body: 'other' });
  expect(text(messages[0]!.body)).toBe('first');
});

describe('what finds no place', () => {
  test('publish answers false, and a mandatory message comes back', () => {
    const { vhost } = fixture();
    const returned: ReturnedMessage[] = [];
    vhost.returned$.subscribe((message) => returned.push(message));
    const exchange = vhost.exchange('amq.direct');
    expect(exchange.publish({ routingKey: 'nowhere', body: '' })).toBe(false);
    expect(exchange.publish({
      routingKey: 'nowhere', body: 'back', mandatory: true, properties: { type: 't' },
    })).toBe(false);
    expect(returned).toHaveLength(1);
    expect(returned[0]).toMatchObject({
      replyCode: 312, replyText: 'NO_ROUTE', exchange: 'amq.direct', routingKey: 'nowhere', properties: { type: 't' },
    });
    expect(text(returned[0]!.body)).toBe('back');
  });

  test('an immediate one comes back with 313 where no consumer waits', () => {
    const { vhost } = fixture();
    const codes: number[] = [];
    vhost.returned$.subscribe(({ replyCode }) => codes.push(replyCode));
    const queue = vhost.declareQueue({ queue: 'q' });
    const message = { routingKey: 'q', body: 'now', immediate: true };
    expect(vhost.exchange('').publish(message)).toBe(false);
    expect([codes, queue.readyCount]).toEqual([[313], 0]);
    const { bodies } = collect(vhost, 'q', 1);
    expect(vhost.exchange('').publish(message)).toBe(true);
    expect([codes, bodies]).toEqual([[313], ['now']]);
  });

  test('a returned message may be published again by who hears of it', () => {
    const { vhost } = fixture();
    vhost.declareQueue({ queue: 'fallback' });
    vhost.returned$.subscribe(({ body }) => vhost.exchange('').next({ routingKey: 'fallback', body }));
    vhost.exchange('amq.direct').next({ routingKey: 'nowhere', body: 'saved', mandatory: true });
    expect(collect(vhost, 'fallback').bodies).toEqual(['saved']);
  });
});

describe('errors', () => {
  test('publishing fails as basic.publish does, and changes nothing', () => {
    const { vhost } = fixture();
    vhost.declareExchange({ exchange: 'internal', type: 'fanout', internal: true });
    const queue = vhost.declareQueue({ queue: 'q' });
    expect(() => vhost.exchange('internal').publish({ body: '' }))
      .toThrow(new AmqpError('ACCESS_REFUSED', "cannot publish to internal exchange 'internal' in vhost '/'"));
    expect(() => vhost.exchange('').publish({ routingKey: 'q', body: '', properties: { expiration: 'soon' } }))
      .toThrow(new AmqpError('PRECONDITION_FAILED', "invalid expiration 'soon': no_integer"));
    expect(queue.readyCount).toBe(0);
  });

  test('a second consumer beside an exclusive one is told 403', () => {
    const { vhost } = fixture();
    const queue = vhost.declareQueue({ queue: 'q' });
    const error = new AmqpError('ACCESS_REFUSED', "queue 'q' in vhost '/' in exclusive use");
    const heard: unknown[] = [];
    const subscription = queue.consume({ exclusive: true }).subscribe();
    queue.consume().subscribe({ error: (each: unknown) => heard.push(each) });
    expect(heard).toEqual([error]);
    subscription.unsubscribe();
    queue.consume().subscribe({ error: (each: unknown) => heard.push(each) });
    expect([heard.length, queue.consumers.count]).toEqual([1, 1]);
  });

  test('a stream that fails is not swallowed by the exchange', () => {
    const { vhost } = fixture();
    expect(() => vhost.exchange('').error(new Error('the source failed'))).toThrow('the source failed');
  });

  test('a consumer completes when its queue is deleted', () => {
    const { vhost } = fixture();
    const queue = vhost.declareQueue({ queue: 'q' });
    let completed = false;
    const messages: IncomingMessage[] = [];
    queue.consume().subscribe({ next: (message) => messages.push(message), complete: () => (completed = true) });
    vhost.exchange('').next({ routingKey: 'q', body: 'unsettled' });
    vhost.removeQueue(queue);
    expect(completed).toBe(true);
    messages[0]!.ack();
    expect(() => vhost.queue('q')).toThrow("no queue 'q' in vhost '/'");
  });
});

test('stats$ samples totals on the clock for as long as somebody listens', () => {
  const { broker, clock, vhost } = fixture();
  const samples: Stats[] = [];
  const subscription = broker.stats$(1000).subscribe((sample) => samples.push(sample));
  vhost.declareQueue({ queue: 'q' });
  vhost.exchange('').next({ routingKey: 'q', body: 'four' });
  vhost.exchange('').next({ routingKey: 'nowhere', body: '' });
  clock.advanceBy(1000);
  expect(samples.map(({ queues, messagesReady }) => [queues, messagesReady])).toEqual([[0, 0], [1, 1]]);
  expect(samples[1]!.at - samples[0]!.at).toBe(1000);
  expect(samples[1]!.counters).toMatchObject({ published: 2, unroutable: 1, returned: 0 });
  expect(samples[1]!.messageBytes).toBeGreaterThan(4);
  expect(samples[1]!.storeBytes).toBeGreaterThanOrEqual(samples[1]!.messageBytes);
  const consumer = vhost.queue('q').consume().subscribe();
  clock.advanceBy(1000);
  expect(samples[2]).toMatchObject({ messagesReady: 0, messagesUnacked: 1, consumers: 1 });
  consumer.unsubscribe();
  subscription.unsubscribe();
  clock.advanceBy(5000);
  expect(samples).toHaveLength(3);
});

test('what a consumer publishes while a queue makes room goes where it was sent', () => {
  const { open, vhost } = fixture();
  const channel = open();
  declareQueue(channel, 'narrow', { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
  for (const queue of ['seen', 'other']) declareQueue(channel, queue);
  vhost.queue('narrow').consume({ noAck: true }).subscribe(({ body }) => {
    vhost.exchange('').next({ routingKey: 'seen', body });
  });
  publishTogether(channel, ['narrow', 'narrow', 'other']);
  expect(['seen', 'other'].map((queue) => vhost.queue(queue).readyCount)).toEqual([2, 1]);
});

test('a body larger than the broker takes is refused, and one of that size is not [BAS-01]', () => {
  const { vhost } = fixture({ messageBytesMax: 5 });
  vhost.declareQueue({ queue: 'q' });
  const publish = (body: string): boolean => vhost.exchange('').publish({ routingKey: 'q', body });
  expect(refusal(() => publish('123456')))
    .toBe('406 PRECONDITION_FAILED - message size 6 is larger than configured max size 5 (0.0)');
  expect(publish('12345')).toBe(true);
});

test.each([0, -1, 1.5, 536_870_913, NaN])('the largest body of a message cannot be %d', (messageBytesMax) => {
  expect(() => new Broker({}, { messageBytesMax })).toThrow(RangeError);
});
