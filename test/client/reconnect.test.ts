/** What outlives the loss of connections: topology, consumers, and messages on their way. */
import { filter, Subject, type Observable } from 'rxjs';
import { expect, onTestFinished, test } from 'vitest';
import {
  reconnecting, type Confirmation, type Connection, type ConnectTarget, type Outgoing, type Random,
  type ReconnectOptions, type RecoveringConnection, type RecoveryState,
} from '../../core/client/index.ts';
import { backOff } from '../../core/client/back-off.ts';
import { Outcome, world, type World } from './fixture.ts';

const shown = (state: RecoveryState): string => {
  if (state.kind === 'connecting') return `connecting ${state.attempt}`;
  return state.kind === 'waiting' ? `waiting ${state.delayMs}` : state.kind;
};

interface Recovering extends World {
  readonly connecting: Outcome<RecoveringConnection>;
  readonly connection: RecoveringConnection;
  readonly states: string[];
  watch<T>(source: Observable<T>): Outcome<T>;
  ask<T>(source: Observable<T>): T;
  /** Loses the connection and lets the time pass until the next attempt. */
  lose(waitMs?: number): void;
  /** Ready messages of a queue; undefined, where there is none. */
  ready(queue: string): number | undefined;
}

/** Numbers that differ, so that names made of them do. */
function counting(): Random {
  let count = 0;
  return () => (++count * 0.381_966) % 1;
}

/** A world with a client that comes back, 500 ms after its connection was lost. */
function recovering(
  options: ReconnectOptions = {}, target: ConnectTarget | ConnectTarget[] = 'amqp://broker?heartbeat=0',
  made = world({}, counting()),
): Recovering {
  const { clock, broker } = made;
  const watch = <T>(source: Observable<T>): Outcome<T> => new Outcome(clock, source);
  const states: string[] = [];
  const connecting = watch(made.connect(target).pipe(reconnecting({
    clock, random: () => 0, onState: (state) => states.push(shown(state)), ...options,
  })));
  onTestFinished(() => connecting.unsubscribe());
  return {
    ...made, connecting, states, watch,
    get connection() {
      return connecting.value;
    },
    ask: (source) => watch(source).value,
    lose(waitMs = 500) {
      made.drop();
      clock.advanceBy(waitMs);
    },
    ready: (queue) => broker.vhost('/').queues.get(queue)?.readyCount,
  };
}

/** Has the broker hear the client and the client not hear the broker, from when this is called. */
function deafen({ hosts, broker }: World): { deaf: boolean } {
  const state = { deaf: false };
  hosts.set('broker', (inbound, link) =>
    broker.serve(inbound, link).pipe(filter(() => !state.deaf)));
  return state;
}

const messages = (...bodies: string[]): Outgoing[] => bodies.map((body) => ({ routingKey: 'q', body }));
const results = (confirmations: readonly Confirmation[]): string[] =>
  confirmations.map((confirmation) => {
    const written = confirmation.kind === 'unconfirmed' && !confirmation.written ? ' unwritten' : '';
    return `${String(confirmation.message.body)} ${confirmation.kind}${written}`;
  });

test('connects again after growing waits, a part of which is left to chance', () => {
  const { hosts, clock, states, lose, connecting, dialled } = recovering({ random: () => 0.5, delayMsMax: 2000 });
  hosts.set('broker', undefined);
  lose(375);
  for (const wait of [750, 1500]) clock.advanceBy(wait);
  hosts.delete('broker');
  clock.advanceBy(1500);
  expect(states).toEqual([
    'connecting 1', 'connected',
    'waiting 375', 'connecting 2', 'waiting 750', 'connecting 3', 'waiting 1500', 'connecting 4',
    'waiting 1500', 'connecting 5', 'connected',
  ]);
  expect([dialled.length, connecting.values.length, connecting.error]).toEqual([5, 1, undefined]);
  lose(375);
  expect(states.slice(-3), 'begins anew').toEqual(['waiting 375', 'connecting 2', 'connected']);
});

test('does not wait where it is told not to, after however many failures', () => {
  expect(backOff(2000, () => 0.5, { delayMs: 0 })).toBe(0);
  expect(backOff(2000, () => 0, { delayMs: 1 })).toBe(30_000);
});

test('goes on to the next of several brokers', () => {
  const { hosts, dialled, lose, states } = recovering({}, ['amqp://a?heartbeat=0', 'amqp://b?heartbeat=0']);
  expect(dialled).toEqual(['a']);
  hosts.set('a', undefined);
  lose();
  expect(dialled).toEqual(['a', 'a', 'b']);
  expect(states.at(-1)).toBe('connected');
});

test('declares, binds and consumes again what went with the connection', () => {
  const { connection, ask, watch, lose, broker } = recovering();
  ask(connection.declareExchange('from', 'fanout', { durable: false }));
  ask(connection.declareExchange('gone', 'fanout'));
  ask(connection.declareExchange('to', 'topic', { durable: false }));
  ask(connection.bindExchange('to', 'from'));
  const { queue } = ask(connection.declareQueue('', { exclusive: true }));
  ask(connection.declareQueue('other', { exclusive: true }));
  ask(connection.declareQueue('short-lived', { exclusive: true }));
  ask(connection.bindQueue(queue, 'to', 'a.#', { why: 1n }));
  ask(connection.bindQueue('other', 'to', 'b.#'));
  ask(connection.bindQueue('other', 'to', 'c.#'));
  ask(connection.unbindQueue('other', 'to', 'c.#'));
  ask(connection.deleteQueue('short-lived'));
  ask(connection.deleteExchange('gone'));
  const deliveries = watch(connection.consume(queue, { prefetch: 3 }));
  lose();
  const { queues, exchanges } = broker.vhost('/');
  expect([queues.has(queue), queues.has('other'), queues.has('short-lived'), exchanges.has('gone')])
    .toEqual([false, true, false, false]);
  expect(ask(connection.publish({ exchange: 'from', routingKey: 'a.b', body: 'again' })).kind).toBe('confirmed');
  expect(deliveries.value.text()).toBe('again');
  deliveries.value.ack();
  const lost = { exchange: 'to', routingKey: 'c', body: '', mandatory: true };
  expect(ask(connection.publish(lost)).kind).toBe('returned');
  expect(ask(connection.publish({ ...lost, routingKey: 'b' })).kind).toBe('confirmed');
  ask(connection.unbindExchange('to', 'from'));
  expect(ask(connection.publish({ ...lost, exchange: 'from', routingKey: 'b' })).kind).toBe('returned');
});

test('delivers again what was unsettled, and tells that the first delivery cannot be settled', () => {
  const { connection, ask, watch, lose } = recovering();
  ask(connection.declareQueue('q'));
  const deliveries = watch(connection.consume('q'));
  ask(connection.publish({ routingKey: 'q', body: 'twice' }));
  lose();
  const [first, second] = deliveries.values;
  expect([first!.redelivered, second!.redelivered]).toEqual([false, true]);
  expect([first!.ack(), second!.ack()]).toEqual([false, true]);
});

test('reports what was not confirmed, and publishes what was never written', () => {
  const made = world();
  const hearing = deafen(made);
  const { connection, ask, watch, lose, ready } = recovering({}, undefined, made);
  ask(connection.declareQueue('q'));
  const source = new Subject<Outgoing>();
  const published = watch(source.pipe(connection.publisher({ inFlightMax: 2 })));
  hearing.deaf = true;
  for (const message of messages('1', '2', '3')) source.next(message);
  made.clock.runUntilIdle();
  expect([published.values, ready('q')]).toEqual([[], 2]);
  hearing.deaf = false;
  made.drop();
  expect(results(published.values)).toEqual(['1 unconfirmed', '2 unconfirmed']);
  for (const message of messages('4')) source.next(message);
  source.complete();
  lose();
  expect(results(published.values).slice(2)).toEqual(['3 confirmed', '4 confirmed']);
  expect([published.completed, ready('q')]).toEqual([true, 4]);
});

test('publishes again what was not confirmed, where it is told to', () => {
  const made = world();
  const hearing = deafen(made);
  const { connection, ask, watch, lose, ready } = recovering({}, undefined, made);
  ask(connection.declareQueue('q'));
  const source = new Subject<Outgoing>();
  const published = watch(source.pipe(connection.publisher({ retryUnconfirmed: true })));
  hearing.deaf = true;
  for (const message of messages('maybe twice')) source.next(message);
  source.complete();
  made.clock.runUntilIdle();
  hearing.deaf = false;
  lose();
  expect(results(published.values)).toEqual(['maybe twice confirmed']);
  expect([published.completed, ready('q')]).toEqual([true, 2]);
});

test('tells of each message that it did not deliver, when it is unsubscribed', () => {
  const made = world();
  const hearing = deafen(made);
  const { connecting, connection, watch, states, ask } = recovering({}, undefined, made);
  ask(connection.declareQueue('q'));
  const deliveries = watch(connection.consume('q'));
  const state = watch(connection.state$);
  const source = new Subject<Outgoing>();
  const published = watch(source.pipe(connection.publisher({ inFlightMax: 1 })));
  hearing.deaf = true;
  for (const message of messages('1', '2')) source.next(message);
  made.clock.runUntilIdle();
  connecting.unsubscribe();
  expect(results(published.values)).toEqual(['1 unconfirmed', '2 unconfirmed unwritten']);
  expect(published.error).toMatchObject({ name: 'ClientError' });
  expect([deliveries.completed, state.completed, states.at(-1)]).toEqual([true, true, 'connected']);
  made.clock.advanceBy(60_000);
  expect(made.dialled).toHaveLength(1);
});

test('leaves no timer behind when it is unsubscribed while it waits', () => {
  const { connecting, clock, drop, states, watch, connection } = recovering();
  drop();
  const pending = watch(connection.publish({ routingKey: 'q', body: 'waits' }));
  expect(states.at(-1)).toBe('waiting 500');
  connecting.unsubscribe();
  expect(clock.pending).toBe(0);
  expect(results(pending.values)).toEqual(['waits unconfirmed unwritten']);
});

test.each([
  ['a refused login', { url: 'amqp://broker', user: 'guest', password: 'wrong' }, 403],
  ['a missing virtual host', { url: 'amqp://broker', vhost: 'nowhere' }, 530],
])('does not repeat %s', (_what, target, replyCode) => {
  const { connecting, dialled, clock } = recovering({}, target);
  expect(connecting.error).toMatchObject({ name: 'ReplyError', replyCode });
  expect([dialled.length, clock.pending]).toEqual([1, 0]);
});

test('gives up after so many attempts, with the last error, and ends all that goes on', () => {
  const { connecting, connection, watch, hosts, lose, clock } = recovering({ attemptsMax: 2 });
  const deliveries = watch(connection.consume('q'));
  expect(deliveries.error, 'no such queue: a channel ended, and nothing else').toMatchObject({ replyCode: 404 });
  const published = watch(new Subject<Outgoing>().pipe(connection.publisher()));
  hosts.set('broker', undefined);
  lose();
  expect(connecting.error).toMatchObject({ name: 'DialError' });
  expect(published.error).toBe(connecting.error);
  expect(clock.pending).toBe(0);
});

test('waits for an exclusive queue that a connection before still holds', () => {
  const { connection, connecting, ask, states, lose, broker, clock, connect, watch } = recovering();
  ask(connection.declareQueue('mine', { exclusive: true }));
  const { queues } = broker.vhost('/');
  lose(0);
  const rival = watch(connect('amqp://rival?heartbeat=0'));
  ask(watch(rival.value.channel()).value.declareQueue('mine', { exclusive: true }));
  clock.advanceBy(500);
  expect(states.slice(-2)).toEqual(['connecting 2', 'waiting 1000']);
  rival.unsubscribe();
  clock.advanceBy(1000);
  expect([states.at(-1), connecting.error, queues.has('mine')]).toEqual(['connected', undefined, true]);
});

test('waits for an exchange that another client declares', () => {
  const { connection, connecting, ask, states, lose, clock, connect, watch } = recovering();
  const declareByOther = (): Outcome<Connection> => {
    const other = watch(connect('amqp://other?heartbeat=0'));
    const options = { durable: false, autoDelete: true };
    ask(watch(other.value.channel()).value.declareExchange('theirs', 'fanout', options));
    return other;
  };
  const before = declareByOther();
  ask(connection.declareQueue('mine', { exclusive: true }));
  ask(connection.bindQueue('mine', 'theirs'));
  before.unsubscribe();
  lose();
  expect(states.at(-1)).toBe('waiting 1000');
  const after = declareByOther();
  clock.advanceBy(1000);
  expect([states.at(-1), connecting.error]).toEqual(['connected', undefined]);
  after.unsubscribe();
});

test('fails where the broker has something else in the place of what was declared', () => {
  const { connection, connecting, ask, lose, connect, watch, clock } = recovering();
  ask(connection.declareQueue('q'));
  lose(0);
  const rival = watch(connect('amqp://rival?heartbeat=0'));
  const channel = watch(rival.value.channel()).value;
  ask(channel.deleteQueue('q'));
  ask(channel.declareQueue('q', { arguments: { 'x-max-length': 1 } }));
  clock.advanceBy(500);
  expect(connecting.error).toMatchObject({ name: 'ReplyError', replyCode: 406, scope: 'channel' });
  rival.unsubscribe();
});

test('tells of each connection whether the broker takes messages', () => {
  const { connection, watch, lose, broker, ask, clock } = recovering();
  ask(connection.declareQueue('q'));
  const blocked = watch(connection.blocked());
  ask(connection.publish({ routingKey: 'q', body: '' }));
  broker.setAlarm('memory', true);
  watch(connection.channel());
  expect(blocked.values).toEqual([false, true]);
  broker.setAlarm('memory', false);
  clock.runUntilIdle();
  lose();
  expect(blocked.values).toEqual([false, true, false, false]);
});
