/** What users may do: permissions on every method, what is revoked, limits, and who is deleted. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Broker, VirtualClock } from '../../core/index.ts';
import type { FieldTable } from '../../core/protocol/types.ts';
import { leaveNothing } from '../support/fixture.ts';
import { bind, consume, declareExchange, declareQueue, describeError } from '../support/steps.ts';
import { connect, type TestChannel, type TestClient } from '../support/test-client.ts';

const all = { configure: '.*', write: '.*', read: '.*' };

interface Setting {
  readonly broker: Broker;
  readonly clock: VirtualClock;
  readonly as: (user: string) => TestClient;
}

/** `mine` may do all to what begins with `m`; `none` nothing; `keys` but keys that begin with its name. */
function setUp(): Setting {
  const clock = new VirtualClock();
  const broker = new Broker({ clock });
  onTestFinished(() => leaveNothing({ broker, clock }));
  const { users, permissions } = broker.access;
  for (const name of ['mine', 'none', 'keys']) users.put(name, { password: name });
  permissions.set('mine', '/', { configure: '^m', write: '^m', read: '^m' });
  permissions.set('none', '/', { configure: '', write: '', read: '' });
  permissions.set('keys', '/', all);
  permissions.setTopic('keys', '/', 'topic', { write: '^{username}[.]', read: '^{vhost}$' });
  const vhost = broker.vhost();
  broker.turn.within(() => {
    vhost.declareExchange({ exchange: 'topic', type: 'topic' });
    vhost.declareExchange({ exchange: 'other', type: 'topic' });
    vhost.declareExchange({ exchange: 'mx', type: 'fanout' });
    vhost.declareQueue({ queue: 'mq' });
    vhost.declareQueue({ queue: 'q' });
  });
  return { broker, clock, as: (user) => connect(broker, clock, { user, password: user }) };
}

const refused = (what: string, user: string, classAndMethod: string): string =>
  `403 ACCESS_REFUSED - access to ${what} in vhost '/' refused for user '${user}' (${classAndMethod})`;

type Act = (channel: TestChannel) => unknown;

const dlx = (name: string): FieldTable => ({ 'x-dead-letter-exchange': name });
const alternate = (name: string): FieldTable => ({ 'alternate-exchange': name });

test.each<[string, Act, string, string]>([
  ['queue.declare', (c) => declareQueue(c, 'q'), "queue 'q'", '50.10'],
  ['queue.declare with dead letters elsewhere', (c) => declareQueue(c, 'm2', dlx('x')), "exchange 'x'", '50.10'],
  ['queue.declare with dead letters to the default exchange',
    (c) => declareQueue(c, 'm2', dlx('')), "exchange 'amq.default'", '50.10'],
  ['queue.delete', (c) => c.call('queue.delete', { queue: 'nope' }), "queue 'nope'", '50.40'],
  ['queue.purge', (c) => c.call('queue.purge', { queue: 'nope' }), "queue 'nope'", '50.30'],
  ['queue.bind of a queue', (c) => bind(c, 'mx', 'q'), "queue 'q'", '50.20'],
  ['queue.bind to an exchange', (c) => bind(c, 'topic', 'mq'), "exchange 'topic'", '50.20'],
  ['queue.unbind', (c) => c.call('queue.unbind', { queue: 'mq', exchange: 'topic' }), "exchange 'topic'", '50.50'],
  ['exchange.declare', (c) => declareExchange(c, 'x', 'fanout'), "exchange 'x'", '40.10'],
  ['exchange.declare with an alternate', (c) => declareExchange(c, 'm2', 'fanout', alternate('x')),
    "exchange 'x'", '40.10'],
  ['exchange.delete', (c) => c.call('exchange.delete', { exchange: 'nope' }), "exchange 'nope'", '40.20'],
  ['exchange.bind', (c) => c.call('exchange.bind', { destination: 'mx', source: 'topic' }),
    "exchange 'topic'", '40.30'],
  ['exchange.unbind', (c) => c.call('exchange.unbind', { destination: 'topic', source: 'mx' }),
    "exchange 'topic'", '40.40'],
  ['basic.publish', (c) => c.publish('nope', 'k', ''), "exchange 'nope'", '60.40'],
  ['basic.publish to the default exchange', (c) => c.publish('', 'mq', ''), "exchange 'amq.default'", '60.40'],
  ['basic.get', (c) => c.call('basic.get', { queue: 'nope' }), "queue 'nope'", '60.70'],
  ['basic.consume', (c) => consume(c, 'q'), "queue 'q'", '60.20'],
])('%s without the permission is 403', (_name, act, what, method) => {
  const channel = setUp().as('mine').channel();
  try {
    act(channel);
  } catch {
    // A call to a channel that is closed has no answer.
  }
  expect(describeError(channel.closed)).toBe(refused(what, 'mine', method));
});

test('what is allowed works, passive declarations need nothing, and direct replies neither', () => {
  const { as } = setUp();
  const channel = as('mine').channel();
  declareExchange(channel, 'mine', 'direct');
  declareQueue(channel, 'mine');
  bind(channel, 'mine', 'mine', 'k');
  channel.publish('mine', 'k', 'x');
  expect(channel.call('queue.purge', { queue: 'mine' }).messageCount).toBe(1);
  const nothing = as('none').channel();
  expect(nothing.call('queue.declare', { queue: 'mine', passive: true }).queue).toBe('mine');
  nothing.call('exchange.declare', { exchange: 'mine', type: 'direct', passive: true });
  consume(nothing, 'amq.rabbitmq.reply-to', { noAck: true });
  expect(nothing.closed).toBeUndefined();
});

describe('topics', () => {
  test.each([
    ['topic', 'keys.a', undefined],
    ['topic', 'other', "topic 'other' in exchange 'topic'"],
    ['other', 'anything', undefined],
    ['amq.direct', 'anything', undefined],
  ])('publish to %s with the key %s', (exchange, key, what) => {
    const channel = setUp().as('keys').channel();
    channel.publish(exchange, key, '');
    // What is allowed is asked for once, and stays so.
    if (what === undefined) channel.publish(exchange, key, '');
    const expected = what === undefined ? undefined : refused(what, 'keys', '60.40');
    expect(channel.closed && describeError(channel.closed)).toBe(expected);
  });

  test('each key is asked for once, and where nothing limits an exchange none is', () => {
    const { broker, as } = setUp();
    const ask = vi.spyOn(broker.access, 'mayUseTopic');
    const channel = as('keys').channel();
    const publish = (): void => {
      for (const key of ['keys.a', 'keys.b', 'keys.a']) {
        channel.publish('topic', key, '');
        channel.publish('other', key, '');
      }
    };
    publish();
    publish();
    const asked = ask.mock.calls.map(([, , , exchange, key]) => `${exchange} ${key}`);
    expect(asked).toEqual(['topic keys.a', 'topic keys.b']);
    broker.access.permissions.setTopic('keys', '/', 'topic', { write: 'a$', read: '' });
    channel.publish('topic', 'keys.b', '');
    expect(describeError(channel.closed)).toBe(refused("topic 'keys.b' in exchange 'topic'", 'keys', '60.40'));
  });

  test('a binding has the text of its pattern looked at', () => {
    const channel = setUp().as('keys').channel();
    bind(channel, 'topic', 'q', '/');
    expect(() => bind(channel, 'topic', 'q', '#')).toThrow();
    expect(describeError(channel.closed)).toBe(refused("topic '#' in exchange 'topic'", 'keys', '50.20'));
  });
});

test('what is revoked is refused at once, and what is granted allowed, on channels that are open', () => {
  const { broker, as } = setUp();
  const client = as('mine');
  const channel = client.channel();
  for (let i = 0; i < 3; i++) channel.publish('mx', '', '');
  broker.access.permissions.set('mine', '/', { ...all, write: '' });
  channel.publish('mx', '', '');
  expect(describeError(channel.closed)).toBe(refused("exchange 'mx'", 'mine', '60.40'));
  const second = client.channel();
  broker.access.permissions.set('mine', '/', all);
  second.publish('', 'q', '');
  expect(second.closed).toBeUndefined();
  broker.access.permissions.setTopic('mine', '/', 'topic', { write: 'a', read: '' });
  second.publish('topic', 'b', '');
  expect(describeError(second.closed)).toBe(refused("topic 'b' in exchange 'topic'", 'mine', '60.40'));
});

describe('connections', () => {
  test('a virtual host without an entry is refused, three empty patterns are enough', () => {
    const { broker, clock, as } = setUp();
    broker.ensureVhost('v');
    expect(as('none').closed).toBeUndefined();
    const client = connect(broker, clock, { user: 'none', password: 'none', vhost: 'v' });
    expect(describeError(client.closed))
      .toBe("530 NOT_ALLOWED - access to vhost 'v' refused for user 'none' (10.40)");
  });

  test('whoever is deleted is disconnected, with 320', () => {
    const { broker, as } = setUp();
    const [gone, stays] = [as('mine'), as('none')];
    broker.access.users.delete('mine');
    gone.run();
    expect(describeError(gone.closed)).toBe("320 CONNECTION_FORCED - user 'mine' is deleted (0.0)");
    expect(stays.closed).toBeUndefined();
    expect(describeError(as('mine').closed)).toMatch(/^403 ACCESS_REFUSED - Login was refused/);
  });

  test('a virtual host has limits for connections and queues', () => {
    const { broker, as } = setUp();
    const { limits } = broker.vhost();
    const first = as('keys');
    limits.set('max-connections', 1);
    expect(describeError(as('mine').closed)).toBe("530 NOT_ALLOWED - access to vhost '/' refused for user 'mine': " +
      'connection limit (1) is reached (10.40)');
    limits.set('max-queues', 2);
    const channel = first.channel();
    declareQueue(channel, 'q');
    expect(() => declareQueue(channel, 'q3')).toThrow();
    expect(describeError(channel.closed)).toBe("406 PRECONDITION_FAILED - cannot declare queue 'q3': " +
      "queue limit in vhost '/' (2) is reached (50.10)");
    limits.clearAll();
    expect(as('mine').closed).toBeUndefined();
  });

  test('a user has limits for connections and channels', () => {
    const { broker, as } = setUp();
    const { users } = broker.access;
    const first = as('mine');
    users.setLimit('mine', 'max-connections', 1);
    expect(describeError(as('mine').closed))
      .toBe("530 NOT_ALLOWED - connection refused for user 'mine': user connection limit (1) is reached (10.40)");
    users.setLimit('mine', 'max-channels', 1);
    first.channel();
    expect(() => first.channel()).toThrow();
    expect(describeError(first.closed)).toBe("530 NOT_ALLOWED - number of channels opened for user 'mine' has " +
      'reached the maximum allowed user limit of (1) (0.0)');
  });
});

test('a virtual host has a type for queues that are declared without one', () => {
  const { broker, as } = setUp();
  const vhost = broker.vhost();
  vhost.describe({ defaultQueueType: 'quorum' });
  const channel = as('keys').channel();
  declareQueue(channel, 'lasting', {}, { durable: true });
  declareQueue(channel, 'lasting', {}, { durable: true });
  declareQueue(channel, 'passing', {}, { exclusive: true });
  expect([vhost.queue('lasting').settings.type, vhost.queue('passing').settings.type])
    .toEqual(['quorum', 'classic']);
});
