import { describe, expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import { bind, declareExchange, declareQueue, drain, refusal } from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

function bindExchange(channel: TestChannel, source: string, destination: string, routingKey = ''): void {
  channel.call('exchange.bind', { source, destination, routingKey });
}

test.each([
  ['queue', 'q', "404 NOT_FOUND - no queue 'none' in vhost '/' (50.20)", { queue: 'none', exchange: 'amq.direct' }],
  ['exchange', 'q', "404 NOT_FOUND - no exchange 'none' in vhost '/' (50.20)", { queue: 'q', exchange: 'none' }],
])('binding what is missing is refused: %s [queue.bind]', (_kind, queue, text, args) => {
  const channel = fixture().open();
  declareQueue(channel, queue);
  expect(refusal(() => channel.call('queue.bind', args))).toBe(text);
});

test('unbinding what is missing is no error [queue.unbind] [exchange.unbind]', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  expect(channel.call('queue.unbind', { queue: 'none', exchange: 'amq.direct' })).toEqual({});
  expect(channel.call('queue.unbind', { queue: 'q', exchange: 'none' })).toEqual({});
  expect(channel.call('queue.unbind', { queue: 'q', exchange: 'amq.direct', routingKey: 'never' })).toEqual({});
  expect(channel.call('exchange.unbind', { source: 'none', destination: 'amq.direct' })).toEqual({});
});

test('the same binding twice is one: a message comes once, and one unbind takes it away [QUE-08]', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  bind(channel, 'amq.topic', 'q', 'a.b', { x: 1, y: 2 });
  bind(channel, 'amq.topic', 'q', 'a.b', { y: 2, x: 1 });
  channel.publish('amq.topic', 'a.b', 'once');
  expect(drain(channel, 'q')).toEqual(['once']);
  channel.call('queue.unbind', {
    queue: 'q', exchange: 'amq.topic', routingKey: 'a.b', arguments: { x: 1, y: 2 },
  });
  channel.publish('amq.topic', 'a.b', 'gone');
  expect(drain(channel, 'q')).toEqual([]);
});

test('however many bindings lead to a queue, it gets one copy; each goes by itself', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  bind(channel, 'amq.topic', 'q', 'a.*');
  bind(channel, 'amq.topic', 'q', '#');
  channel.publish('amq.topic', 'a.b', 'both');
  channel.call('queue.unbind', { queue: 'q', exchange: 'amq.topic', routingKey: '#' });
  channel.publish('amq.topic', 'a.c', 'one');
  channel.publish('amq.topic', 'c', 'none');
  expect(drain(channel, 'q')).toEqual(['both', 'one']);
});

test('a change of bindings counts for the very next message of a key that was known', () => {
  const channel = fixture().open();
  declareQueue(channel, 'a');
  declareQueue(channel, 'b');
  bind(channel, 'amq.direct', 'a', 'k');
  channel.publish('amq.direct', 'k', '1');
  bind(channel, 'amq.direct', 'b', 'k');
  channel.publish('amq.direct', 'k', '2');
  channel.call('queue.unbind', { queue: 'a', exchange: 'amq.direct', routingKey: 'k' });
  channel.publish('amq.direct', 'k', '3');
  expect([drain(channel, 'a'), drain(channel, 'b')]).toEqual([['1', '2'], ['2', '3']]);
});

describe('between exchanges [EXC-10]', () => {
  test('a message goes on by its own key [exchange.bind]', () => {
    const channel = fixture().open();
    declareExchange(channel, 'x', 'topic');
    declareExchange(channel, 'y', 'direct');
    declareQueue(channel, 'q');
    bindExchange(channel, 'x', 'y', 'a.#');
    bind(channel, 'y', 'q', 'a.b');
    for (const key of ['a.b', 'a.c', 'b']) channel.publish('x', key, key);
    expect(drain(channel, 'q')).toEqual(['a.b']);
    channel.call('exchange.unbind', { source: 'x', destination: 'y', routingKey: 'a.#' });
    channel.publish('x', 'a.b', 'gone');
    expect(drain(channel, 'q')).toEqual([]);
  });

  test('a circle of exchanges ends, and each queue gets one copy', () => {
    const channel = fixture().open();
    const ring = ['r0', 'r1', 'r2', 'r3'];
    for (const name of ring) {
      declareExchange(channel, name, 'fanout');
      declareQueue(channel, `${name}.q`);
      bind(channel, name, `${name}.q`);
    }
    ring.forEach((name, i) => bindExchange(channel, name, ring[(i + 1) % ring.length]!));
    bindExchange(channel, 'r0', 'r0');
    bindExchange(channel, 'r0', 'r2');
    channel.publish('r1', '', 'round');
    for (const name of ring) expect(drain(channel, `${name}.q`)).toEqual(['round']);
  });

  test.each([
    ['source', { source: 'none', destination: 'amq.fanout' }],
    ['destination', { source: 'amq.fanout', destination: 'none' }],
  ])('a missing %s is 404', (_end, args) => {
    expect(refusal(() => fixture().open().call('exchange.bind', args)))
      .toBe("404 NOT_FOUND - no exchange 'none' in vhost '/' (40.30)");
  });
});

describe('an end that goes takes the binding with it', () => {
  test('a queue that is deleted and declared again is not bound', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q');
    bind(channel, 'amq.fanout', 'q');
    channel.publish('amq.fanout', '', 'before');
    channel.call('queue.delete', { queue: 'q' });
    declareQueue(channel, 'q');
    channel.publish('amq.fanout', '', 'after');
    expect(drain(channel, 'q')).toEqual([]);
  });

  test('so does a source, and a destination', () => {
    const { open, vhost } = fixture();
    const channel = open();
    declareExchange(channel, 'x', 'fanout');
    declareExchange(channel, 'y', 'fanout');
    declareQueue(channel, 'q');
    bindExchange(channel, 'x', 'y');
    bind(channel, 'y', 'q');
    channel.call('exchange.delete', { exchange: 'y' });
    expect(vhost.exchange('x').bindingCount).toBe(0);
    declareExchange(channel, 'y', 'fanout');
    channel.publish('y', '', 'nowhere');
    channel.publish('x', '', 'nowhere');
    expect(drain(channel, 'q')).toEqual([]);
  });
});

describe('an auto-delete exchange [EXC-07] [exchange.declare.autoDelete]', () => {
  const autoDelete = { autoDelete: true };

  test('goes with its last binding as a source, and not before it had one', () => {
    const { open, vhost } = fixture();
    const channel = open();
    declareExchange(channel, 'x', 'fanout', {}, autoDelete);
    declareQueue(channel, 'a');
    declareQueue(channel, 'b');
    expect(vhost.exchanges.has('x')).toBe(true);
    bind(channel, 'x', 'a');
    bind(channel, 'x', 'b');
    channel.call('queue.unbind', { queue: 'a', exchange: 'x' });
    expect(vhost.exchanges.has('x')).toBe(true);
    channel.call('queue.delete', { queue: 'b' });
    expect(vhost.exchanges.has('x')).toBe(false);
  });

  test('bindings to it keep nothing alive', () => {
    const { open, vhost } = fixture();
    const channel = open();
    declareExchange(channel, 'x', 'fanout', {}, autoDelete);
    bindExchange(channel, 'amq.fanout', 'x');
    declareQueue(channel, 'q');
    bind(channel, 'x', 'q');
    channel.call('queue.unbind', { queue: 'q', exchange: 'x' });
    expect(vhost.exchanges.has('x')).toBe(false);
    expect(vhost.exchange('amq.fanout').bindingCount).toBe(0);
  });

  test('a chain of them falls like dominoes when its exclusive queue goes with the connection', () => {
    const { open, vhost } = fixture();
    const [owner, other] = [open(), open()];
    for (const name of ['x1', 'x2', 'x3']) declareExchange(owner, name, 'fanout', {}, autoDelete);
    declareQueue(owner, 'q', {}, { exclusive: true });
    bindExchange(owner, 'x1', 'x2');
    bindExchange(owner, 'x2', 'x3');
    bind(owner, 'x3', 'q');
    other.publish('x1', '', 'all the way');
    expect(vhost.queue('q').readyCount).toBe(1);
    owner.client.close();
    expect([...vhost.exchanges.keys()].filter((name) => name.startsWith('x'))).toEqual([]);
    expect(vhost.queues.size).toBe(0);
  });
});
