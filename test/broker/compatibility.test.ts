/** Each row in which RabbitMQ 3 and 4 differ, as the one and as the other. */
import { describe, expect, test } from 'vitest';
import { profiles, type Profile } from '../../core/index.ts';
import { importDefinitions, exportDefinitions } from '../../core/management/index.ts';
import { durable, Lives } from '../durable/lives.ts';
import { fixture } from '../support/fixture.ts';
import {
  ack, consume, declareQueue, deliveries, describeError, drain, get, nack, publishAll, qos, refusal, texts,
} from '../support/steps.ts';
import { connect, type TestChannel } from '../support/test-client.ts';

type Unset = 'unset';
const [three, four] = profiles;

/** A broker of this profile, with what opens a channel to it. */
function as(profile: Profile | Unset) {
  return fixture(profile === 'unset' ? {} : { compatibility: profile });
}

const exclusive = { exclusive: true };

describe('an x-death that a publisher sends', () => {
  test.each([[three, 8n], [four, 1n], ['unset' as const, 1n]])('as %s: its count goes on to %d', (profile, count) => {
    const channel = as(profile).open();
    const dead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };
    declareQueue(channel, 'dead', {}, exclusive);
    declareQueue(channel, 'q', dead, exclusive);
    const sent = { count: 7n, exchange: '', queue: 'q', reason: 'rejected', 'routing-keys': ['q'] };
    channel.publish('', 'q', 'x', { headers: { 'x-death': [sent] } });
    nack(channel, get(channel, 'q', false)!.args.deliveryTag, false);
    const [death] = get(channel, 'dead')!.properties!.headers!['x-death'] as { count: bigint }[];
    expect(BigInt(death!.count)).toBe(count);
  });

  test('may be anything at all', () => {
    const channel = as(three).open();
    declareQueue(channel, 'dead', {}, exclusive);
    const table = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead', 'x-message-ttl': 0 };
    declareQueue(channel, 'q', table, exclusive);
    for (const death of ['x', [], [1, 'a', null, [], new Date(0)], { a: 1 }, [{}], [{ count: 'many' }]]) {
      channel.publish('', 'q', 'x', { headers: { 'x-death': death } });
    }
    expect(drain(channel, 'dead')).toHaveLength(6);
  });
});

test.each([
  [three, "540 NOT_IMPLEMENTED - active=false (20.20)"], [four, 'not refused'], ['unset' as const, 'not refused'],
])('channel.flow as %s: %s', (profile, expected) => {
  expect(refusal(() => as(profile).open().call('channel.flow', { active: false }))).toBe(expected);
});

test.each([
  [three, 'not refused'],
  [four, '541 INTERNAL_ERROR - Feature `transient_nonexcl_queues` is deprecated. By default, this feature is not'
    + ' permitted anymore: declare the queue durable or exclusive (50.10)'],
  ['unset' as const, 'not refused'],
])('a queue neither durable nor exclusive as %s [TOP-6]: %s', (profile, expected) => {
  const { open } = as(profile);
  const channel = open();
  declareQueue(channel, 'durable', {}, durable);
  declareQueue(channel, 'exclusive', {}, exclusive);
  expect(refusal(() => declareQueue(channel, 'plain'))).toBe(expected);
});

test.each([[three, 1], [four, 2], ['unset' as const, 1]])('basic.qos global as %s: %d deliveries', (profile, count) => {
  const channel = as(profile).open();
  declareQueue(channel, 'q', {}, exclusive);
  qos(channel, 1, true);
  consume(channel, 'q', { consumerTag: 'a' });
  consume(channel, 'q', { consumerTag: 'b' });
  publishAll(channel, 'q', 'xyz');
  expect(deliveries(channel)).toHaveLength(count);
});

test.each([[three, undefined], [four, 20], ['unset' as const, 20]])(
  'the redelivery limit of a quorum queue as %s: %o',
  (profile, limit) => {
    const { broker, open } = as(profile);
    declareQueue(open(), 'q', { 'x-queue-type': 'quorum' }, durable);
    expect(broker.vhost().queues.get('q')!.settings.deliveryLimit).toBe(limit);
    declareQueue(open(), 'own', { 'x-queue-type': 'quorum', 'x-delivery-limit': 3 }, durable);
    expect(broker.vhost().queues.get('own')!.settings.deliveryLimit).toBe(3);
  },
);

describe('a consumer of a higher priority at a queue with a single active one', () => {
  const single = { 'x-single-active-consumer': true };
  const quorum = { ...single, 'x-queue-type': 'quorum' };

  function consumers(profile: Profile | Unset, table: object): [TestChannel, TestChannel] {
    const { open } = as(profile);
    const [low, high] = [open(), open()];
    declareQueue(low, 'q', { ...table }, durable);
    consume(low, 'q');
    publishAll(low, 'q', 'a');
    consume(high, 'q', { arguments: { 'x-priority': 5 } });
    publishAll(low, 'q', 'b');
    return [low, high];
  }

  test.each([four, 'unset' as const])('as %s: it takes over a quorum queue, once what is out is settled', (profile) => {
    const [low, high] = consumers(profile, quorum);
    expect([texts(low), texts(high)]).toEqual([['a'], []]);
    ack(low, 1);
    expect([texts(low), texts(high)]).toEqual([['a'], ['b']]);
    high.call('basic.cancel', { consumerTag: 'q' });
    publishAll(low, 'q', 'c');
    expect([texts(low), texts(high)]).toEqual([['a', 'c'], ['b']]);
  });

  test('that goes again before that leaves it to the other', () => {
    const [low, high] = consumers(four, quorum);
    high.client.drop();
    expect(texts(low)).toEqual(['a', 'b']);
  });

  test.each([[three, quorum], [three, single], [four, single]])('as %s: it waits, with %o', (profile, table) => {
    const [low, high] = consumers(profile, table);
    ack(low, 1);
    publishAll(low, 'q', 'c');
    expect([texts(low), texts(high)]).toEqual([['a', 'b', 'c'], []]);
  });
});

test.each([[three, 134_217_728], [four, 16_777_216], ['unset' as const, 16_777_216]])(
  'the largest message as %s: %d octets',
  (profile, octets) => {
    const { broker } = as(profile);
    expect(broker.compatibility.messageBytesMax).toBe(octets);
  },
);

test.each([[three, true], [four, false], ['unset' as const, false]])(
  'a wrong password of a client that cannot be told, as %s: silence is %o',
  (profile, silent) => {
    const { broker, clock } = as(profile);
    const client = connect(broker, clock, { password: 'wrong', capabilities: {} });
    expect(client.end?.error?.replyCode).toBe(silent ? undefined : 403);
    if (!silent) return;
    clock.advanceBy(2999);
    expect(client.end).toBeUndefined();
    clock.advanceBy(1);
    expect(client.end).toMatchObject({ by: 'transport' });
  },
);

test.each([[three, '540 NOT_IMPLEMENTED - immediate=true (60.40)'], [four, undefined], ['unset' as const, undefined]])(
  'immediate as %s: %o',
  (profile, expected) => {
    const channel = as(profile).open();
    declareQueue(channel, 'q', {}, exclusive);
    channel.publish('', 'q', 'x', {}, { immediate: true });
    const error = channel.client.end?.error;
    expect(error && describeError(error)).toBe(expected);
  },
);

describe('a virtual host', () => {
  const vhosts = [{ name: 'old', metadata: { compatibility: three } }, { name: 'new' }];

  test('has a profile of its own by definitions, and tells it in them', () => {
    const { broker } = as(four);
    expect(importDefinitions(broker, { vhosts })).toMatchObject([{ outcome: 'created' }, { outcome: 'created' }]);
    expect([...broker.vhosts.values()].map(({ name, compatibility }) => [name, compatibility.flow]))
      .toEqual([['/', 'honour'], ['old', 'refuse'], ['new', 'honour']]);
    expect(exportDefinitions(broker).vhosts).toEqual([{ name: '/' }, ...vhosts]);
  });

  test('of no profile that there is is refused, and not made', () => {
    const { broker } = as(four);
    const wrong = [{ name: 'v', metadata: { compatibility: 'rabbitmq-2' } }];
    expect(importDefinitions(broker, { vhosts: wrong })).toMatchObject([
      { outcome: 'refused', text: '"compatibility" must be rabbitmq-3.13 or rabbitmq-4' },
    ]);
    expect(broker.vhosts.has('v')).toBe(false);
  });

  test('what is set on its own holds for all', () => {
    const { broker } = fixture({ messageBytesMax: 5, immediate: 'spec' });
    importDefinitions(broker, { vhosts });
    expect(broker.vhost('old').compatibility).toMatchObject({ messageBytesMax: 5, immediate: 'spec', flow: 'refuse' });
  });

  test.each(['a crash', 'a stop'] as const)('keeps its profile over %s, and none once it is deleted', async (end) => {
    const lives = await Lives.begin();
    importDefinitions(lives.broker, { vhosts });
    const quorum = { queue: 'q', durable: true, arguments: { 'x-queue-type': 'quorum' } };
    lives.broker.turn.within(() => lives.broker.vhost('old').declareQueue(quorum));
    lives.clock.runUntilIdle();
    await lives.next(end);
    const { profile, compatibility, queues } = lives.broker.vhost('old');
    const { deliveryLimit } = queues.get('q')!.settings;
    expect([profile, compatibility.flow, deliveryLimit]).toEqual([three, 'refuse', undefined]);
    lives.broker.removeVhost(lives.broker.vhost('old'));
    lives.clock.runUntilIdle();
    await lives.next(end);
    expect(lives.broker.vhosts.has('old')).toBe(false);
  });
});
