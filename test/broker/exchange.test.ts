import { describe, expect, test } from 'vitest';
import { fixture } from '../support/fixture.ts';
import { bind, declareExchange, declareQueue, describeError, drain, names, refusal } from '../support/steps.ts';

describe('exchange.declare', () => {
  test('every virtual host has its exchanges from the start [EXC-12]', () => {
    const { vhost } = fixture();
    const types = [...vhost.exchanges.values()].map(({ name, options }) => `${name}:${options.type}`);
    expect(types).toEqual([
      ':direct', 'amq.direct:direct', 'amq.fanout:fanout', 'amq.topic:topic', 'amq.headers:headers',
      'amq.match:headers', 'amq.rabbitmq.trace:topic',
    ]);
  });

  test.each([
    ['', '403 ACCESS_REFUSED - operation not permitted on the default exchange (40.10)'],
    ['amq.mine', "403 ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*' (40.10)"],
  ])('the name %o is refused [EXC-01]', (name, text) => {
    expect(refusal(() => declareExchange(fixture().open(), name, 'direct'))).toBe(text);
  });

  test('passive asks for the name alone [exchange.declare.passive]', () => {
    const { open } = fixture();
    const channel = open();
    declareExchange(channel, 'x', 'topic', {}, { durable: true });
    declareExchange(channel, 'x', 'nonsense', {}, { passive: true });
    expect(refusal(() => declareExchange(open(), 'y', 'direct', {}, { passive: true })))
      .toBe("404 NOT_FOUND - no exchange 'y' in vhost '/' (40.10)");
  });

  test.each([
    ['type', 'topic', {}, "received 'topic' but current is 'direct'"],
    ['durable', 'direct', { durable: true }, "received 'true' but current is 'false'"],
    ['auto_delete', 'direct', { autoDelete: true }, "received 'true' but current is 'false'"],
    ['internal', 'direct', { internal: true }, "received 'true' but current is 'false'"],
  ])('another %s than before is refused [EXC-04]', (field, type, flags, text) => {
    const channel = fixture().open();
    declareExchange(channel, 'x', 'direct');
    declareExchange(channel, 'x', 'direct', { 'x-anything': 1 });
    expect(refusal(() => declareExchange(channel, 'x', type, {}, flags)))
      .toBe(`406 PRECONDITION_FAILED - inequivalent arg '${field}' for exchange 'x' in vhost '/': ${text} (40.10)`);
  });

  test('an unknown type is refused on the channel [TOP-4]', () => {
    const channel = fixture().open();
    expect(refusal(() => declareExchange(channel, 'x', 'nope')))
      .toBe("406 PRECONDITION_FAILED - unknown exchange type 'nope' (40.10)");
    expect(channel.client.end).toBeUndefined();
  });

  test('answers nothing when told not to', () => {
    const channel = fixture().open();
    channel.send('exchange.declare', { exchange: 'x', type: 'fanout', noWait: true });
    channel.send('exchange.bind', { source: 'x', destination: 'amq.fanout', noWait: true });
    channel.send('exchange.unbind', { source: 'x', destination: 'amq.fanout', noWait: true });
    channel.send('exchange.delete', { exchange: 'x', noWait: true });
    expect(names(channel)).toEqual(['channel.open-ok']);
  });
});

describe('exchange.delete', () => {
  test('what is missing is no error; ours stay [EXC-09]', () => {
    const { open } = fixture();
    expect(open().call('exchange.delete', { exchange: 'none' })).toEqual({});
    expect(refusal(() => open().call('exchange.delete', { exchange: 'amq.topic' })))
      .toMatch(/^403 ACCESS_REFUSED - .*exchange 'amq\.topic' in vhost '\/'.* \(40\.20\)$/);
    expect(refusal(() => open().call('exchange.delete', { exchange: '' })))
      .toBe('403 ACCESS_REFUSED - operation not permitted on the default exchange (40.20)');
  });

  test('if-unused keeps a source, not a destination [exchange.delete.ifUnused]', () => {
    const { open } = fixture();
    const channel = open();
    declareQueue(channel, 'q');
    declareExchange(channel, 'x', 'fanout');
    declareExchange(channel, 'y', 'fanout');
    channel.call('exchange.bind', { source: 'x', destination: 'y' });
    expect(refusal(() => open().call('exchange.delete', { exchange: 'x', ifUnused: true })))
      .toBe("406 PRECONDITION_FAILED - exchange 'x' in vhost '/' in use (40.20)");
    expect(channel.call('exchange.delete', { exchange: 'y', ifUnused: true })).toEqual({});
    expect(channel.call('exchange.delete', { exchange: 'x', ifUnused: true })).toEqual({});
  });

  test('publishing to what is gone is 404, though the route was known a moment ago', () => {
    const { open } = fixture();
    const channel = open();
    declareExchange(channel, 'x', 'fanout');
    declareQueue(channel, 'q');
    bind(channel, 'x', 'q');
    channel.publish('x', '', 'one');
    channel.call('exchange.delete', { exchange: 'x' });
    channel.publish('x', '', 'two');
    expect(describeError(channel.closed)).toBe("404 NOT_FOUND - no exchange 'x' in vhost '/' (60.40)");
    expect(drain(open(), 'q')).toEqual(['one']);
  });
});

test('nobody publishes to an internal exchange, but bindings lead there [EXC-06] [exchange.declare.internal]', () => {
  const { open } = fixture();
  const [channel, other] = [open(), open()];
  declareExchange(channel, 'inner', 'fanout', {}, { internal: true });
  declareExchange(channel, 'outer', 'fanout');
  declareQueue(channel, 'q');
  channel.call('exchange.bind', { source: 'outer', destination: 'inner' });
  bind(channel, 'inner', 'q');
  other.publish('inner', '', 'refused');
  expect(describeError(other.closed))
    .toBe("403 ACCESS_REFUSED - cannot publish to internal exchange 'inner' in vhost '/' (60.40)");
  channel.publish('outer', '', 'through');
  expect(drain(channel, 'q')).toEqual(['through']);
});

describe('the default exchange [EXC-13]', () => {
  test('leads to each queue by its name and cannot be bound', () => {
    const { open } = fixture();
    const channel = open();
    declareQueue(channel, 'q');
    channel.publish('', 'q', 'here');
    expect(drain(channel, 'q')).toEqual(['here']);
    const refused = '403 ACCESS_REFUSED - operation not permitted on the default exchange';
    expect(refusal(() => bind(open(), '', 'q'))).toBe(`${refused} (50.20)`);
    expect(refusal(() => open().call('queue.unbind', { queue: 'q', exchange: '' }))).toBe(`${refused} (50.50)`);
    expect(refusal(() => open().call('exchange.bind', { source: 'amq.fanout', destination: '' })))
      .toBe(`${refused} (40.30)`);
  });
});

describe('each type over the broker', () => {
  /** Three queues on one exchange; which of them get what is published with a key. */
  function routed(type: string, keys: readonly string[], published: readonly string[]): string[][] {
    const channel = fixture().open();
    declareExchange(channel, 'x', type);
    const queues = keys.map((key, i) => {
      declareQueue(channel, `q${i}`);
      bind(channel, 'x', `q${i}`, key);
      return `q${i}`;
    });
    for (const key of published) channel.publish('x', key, key);
    return queues.map((queue) => drain(channel, queue));
  }

  test('direct, topic and fanout', () => {
    expect(routed('direct', ['a', 'a', 'b'], ['a', 'b', 'c'])).toEqual([['a'], ['a'], ['b']]);
    expect(routed('topic', ['a.*', '#', '*.b'], ['a.b', 'c'])).toEqual([['a.b'], ['a.b', 'c'], ['a.b']]);
    expect(routed('fanout', ['a', '', 'b'], ['a', 'x'])).toEqual([['a', 'x'], ['a', 'x'], ['a', 'x']]);
  });

  test('headers looks at the table of the message [basic.properties.headers]', () => {
    const channel = fixture().open();
    declareQueue(channel, 'all');
    declareQueue(channel, 'any');
    bind(channel, 'amq.headers', 'all', '', { 'x-match': 'all', a: 1, b: 'two' });
    bind(channel, 'amq.headers', 'any', '', { 'x-match': 'any', a: 1, b: 'two' });
    channel.publish('amq.headers', '', 'both', { headers: { a: 1, b: 'two' } });
    channel.publish('amq.headers', '', 'one', { headers: { a: 1 } });
    channel.publish('amq.headers', '', 'none');
    expect([drain(channel, 'all'), drain(channel, 'any')]).toEqual([['both'], ['both', 'one']]);
  });

  const pickers = ['x-consistent-hash', 'x-modulus-hash', 'x-random', 'x-local-random'];
  test.each(pickers)('%s picks one queue a message', (type) => {
    const key = type === 'x-consistent-hash' ? '10' : '';
    const sent = Array.from({ length: 200 }, (_, i) => `key ${i}`);
    const got = routed(type, [key, key, key], sent);
    expect(got.flat().sort()).toEqual([...sent].sort());
    // Nobody is forgotten: with 200 messages each of three has its part.
    for (const part of got) expect(part.length).toBeGreaterThan(20);
  });

  test.each(['x-consistent-hash', 'x-modulus-hash'])('%s sends equal keys to the same queue', (type) => {
    const key = type === 'x-consistent-hash' ? '10' : '';
    const sent = Array.from({ length: 90 }, (_, i) => `key ${i % 9}`);
    const got = routed(type, [key, key, key], sent);
    expect(got.flatMap((part) => [...new Set(part)])).toHaveLength(9);
  });

  test('a weight must be a number [TYP-05]', () => {
    const channel = fixture().open();
    declareExchange(channel, 'x', 'x-consistent-hash');
    declareQueue(channel, 'q');
    expect(refusal(() => bind(channel, 'x', 'q', 'heavy')))
      .toBe('406 PRECONDITION_FAILED - The binding key must be an integer: <<"heavy">> (50.20)');
  });
});
