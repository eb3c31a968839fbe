/** What comes of an attempt to connect, good and bad: one clear error each, and nothing left behind. */
import { Observable, retry, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import type { Serve } from '../../core/client/index.ts';
import { open, Outcome, world, type World } from './fixture.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A peer that says these octets when it is spoken to, and then no more. */
const saying = (octets: Uint8Array, end = false): Serve => (inbound) => new Observable((outbound) => {
  let said = false;
  return inbound.subscribe({
    next() {
      if (said) return;
      said = true;
      outbound.next(octets.slice());
      if (end) outbound.complete();
    },
    complete: () => outbound.complete(),
  });
});

/** Tries to connect to a host that is served like this, and tells what it failed with. */
function failure(made: World, serve: Serve | undefined, waitMs = 0): Error {
  made.hosts.set('odd', serve);
  const outcome = new Outcome(made.clock, made.connect('amqp://odd'));
  made.clock.advanceBy(waitMs);
  expect(outcome.values).toEqual([]);
  expect(outcome.error).toMatchObject({ scope: 'connection' });
  return outcome.error as Error;
}

test('opens once for each subscriber, and closes in order when it is unsubscribed', () => {
  const { broker, clock, connect, wires } = world();
  const events: string[] = [];
  broker.events$.subscribe((event) => {
    if (event.type === 'connection.closed') events.push(`${event.by} ${event.text}`);
  });
  const connecting = connect({ url: 'amqp://guest:guest@broker/%2f?heartbeat=7', connectionName: 'mine' });
  expect(broker.connectionCount).toBe(0);
  const first = new Outcome(clock, connecting);
  const second = new Outcome(clock, connecting);
  expect(broker.connectionCount).toBe(2);
  expect(first.value.tuning).toEqual({ channelMax: 2047, frameMax: 131_072, heartbeat: 7 });
  expect(first.value.serverProperties['information']).toMatch(/^This is TabMQ \d/);
  expect([...broker.connections].map(({ info }) => info.clientProperties['connection_name']))
    .toEqual(['mine', 'mine']);
  first.unsubscribe();
  second.unsubscribe();
  expect([first.value.open, broker.connectionCount, wires.size, clock.pending]).toEqual([false, 0, 0, 0]);
  expect(events).toEqual(['peer ', 'peer ']);
});

test('closes what is still opening, however far it has come', () => {
  const { broker, clock, connect, hosts, wires } = world();
  for (let chunks = 0; chunks < 8; chunks++) {
    let left = chunks;
    let stop = (): void => {};
    hosts.set('slow', (inbound, link) => new Observable((outbound) => broker.serve(inbound, link).subscribe({
      next(chunk) {
        outbound.next(chunk);
        if (left-- === 0) stop();
      },
      complete: () => outbound.complete(),
    })));
    const subscription = connect('amqp://slow?heartbeat=0').subscribe();
    stop = () => subscription.unsubscribe();
    clock.runUntilIdle();
    subscription.unsubscribe();
    clock.runUntilIdle();
    expect([broker.connectionCount, wires.size, clock.pending], `after ${chunks} chunks`).toEqual([0, 0, 0]);
  }
});

test.each([
  ['a refused login', { user: 'guest', password: 'wrong' }, 403, 'ACCESS_REFUSED', /Login was refused/],
  ['a virtual host that is not there', { vhost: 'nowhere' }, 530, 'NOT_ALLOWED', /vhost nowhere not found/],
])('fails on %s', (_what, options, replyCode, replyName, text) => {
  const { clock, connect, wires } = world();
  const { error } = new Outcome(clock, connect({ url: 'amqp://broker', ...options }));
  expect(error).toMatchObject({ name: 'ReplyError', scope: 'connection', by: 'broker', replyCode, replyName });
  expect((error as Error).message).toMatch(text);
  expect([wires.size, clock.pending]).toEqual([0, 0]);
});

test('fails where nobody listens', () => {
  const made = world();
  expect(failure(made, undefined).message).toBe('nobody listens at odd:5672');
  expect(made.clock.pending).toBe(0);
});

test.each<[string, Uint8Array, RegExp]>([
  ['HTTP', encode('HTTP/1.1 400 Bad Request\r\n\r\n'), /speaks HTTP and not AMQP/],
  ['AMQP 1.0', Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 1, 0, 0), /speaks AMQP 1\.0\.0 and not AMQP 0-9-1/],
  ['AMQP 0-9', Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 1, 1, 0, 9), /and not AMQP 0-9-1/],
  ['TLS', Uint8Array.of(0x15, 3, 3, 0, 2, 2, 70), /speaks TLS.*amqps/],
  ['SMTP', encode('220 mail ESMTP\r\n'), /does not speak AMQP 0-9-1: it began with '220 mail'/],
])('tells a peer that speaks %s', (_what, octets, text) => {
  const made = world();
  expect(failure(made, saying(octets)).message).toMatch(text);
  expect([made.wires.size, made.clock.pending]).toEqual([0, 0]);
});

test('tells a frame that is larger than agreed', () => {
  const made = world();
  const frame = Uint8Array.of(1, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 10);
  expect(failure(made, saying(frame))).toMatchObject({ name: 'ReplyError', replyCode: 501, by: 'client' });
  expect([made.wires.size, made.clock.pending]).toEqual([0, 0]);
});

test('gives up on a peer that says nothing', () => {
  const made = world();
  const silent: Serve = () => new Observable();
  expect(failure(made, silent, 10_000).message).toBe('amqp://odd:5672 did not open within 10000 ms');
  expect([made.wires.size, made.clock.pending]).toEqual([0, 0]);
});

test('gives up on a transport that does not open', () => {
  const made = world();
  const outcome = new Outcome(made.clock, made.connect({ url: 'amqp://broker', connectTimeoutMs: 200 }));
  expect(outcome.values.length).toBe(1);
  outcome.unsubscribe();
  made.hosts.set('odd', () => new Observable());
  expect(failure(made, () => new Observable(), 10_000).message).toMatch(/did not open/);
});

test.each([[false, /hung up|closed the connection before it said a word/], [true, /HTTP/]])(
  'tells a peer that hangs up (after a part of an answer: %s)', (partly, text) => {
    const made = world();
    const octets = partly ? encode('HTTP/') : new Uint8Array(0);
    expect(failure(made, saying(octets, true)).message).toMatch(text);
    expect([made.wires.size, made.clock.pending]).toEqual([0, 0]);
  },
);

test('fails when the connection is lost, with all that is on it', () => {
  const { connecting, channel, watch, drop, clock } = open();
  watch(channel.declareQueue('q'));
  const deliveries = watch(channel.consume('q'));
  drop();
  expect(connecting.error).toMatchObject({ name: 'LostError', scope: 'connection' });
  expect(deliveries.error).toBe(connecting.error);
  expect(watch(channel.declareQueue('q')).error).toBe(connecting.error);
  expect(() => channel.post({ body: '' })).toThrow(/lost/);
  expect(clock.pending).toBe(0);
});

test('notices a broker that falls silent, by its heartbeats', () => {
  const made = world();
  const lane = new Subject<Uint8Array>();
  let silent = false;
  made.hosts.set('odd', (inbound, link) => new Observable((outbound) => {
    inbound.subscribe((chunk) => silent || lane.next(chunk));
    return made.broker.serve(lane, link).subscribe((chunk) => silent || outbound.next(chunk));
  }));
  const outcome = new Outcome(made.clock, made.connect('amqp://odd?heartbeat=4'));
  made.clock.advanceBy(60_000);
  expect(outcome.error, 'both are alive').toBeUndefined();
  silent = true;
  made.clock.advanceBy(10_000);
  expect(outcome.error).toMatchObject({ name: 'LostError', message: expect.stringMatching(/heartbeat/) });
  expect(outcome.error).toMatchObject({ scope: 'connection' });
});

test('is told why the broker closes it', async () => {
  const { connecting, broker, clock } = open();
  const stopped = broker.stop();
  clock.runUntilIdle();
  await stopped;
  expect(connecting.error).toMatchObject({ replyCode: 320, replyName: 'CONNECTION_FORCED', by: 'broker' });
});

test('connects again by retry', () => {
  const { clock, connect, drop, broker } = world();
  const outcome = new Outcome(clock, connect('amqp://broker').pipe(retry(2)));
  drop();
  drop();
  expect([outcome.values.length, outcome.error, broker.connectionCount]).toEqual([3, undefined, 1]);
  drop();
  expect(outcome.error).toMatchObject({ name: 'LostError' });
});

test('tries several in turn, and tells of each that none let it in', () => {
  const { clock, connect, hosts, dialled } = world();
  hosts.set('a', undefined);
  hosts.set('b', saying(encode('HTTP/1.1 404')));
  const outcome = new Outcome(clock, connect(['amqp://a', 'amqp://b', 'amqp://c']));
  expect([dialled, outcome.value.name]).toEqual([['a', 'b', 'c'], 'amqp://c:5672']);
  outcome.unsubscribe();
  const refused = new Outcome(clock, connect(['amqp://a', 'amqp://b']));
  expect((refused.error as Error).message)
    .toMatch(/none of 2 brokers lets us in: nobody listens at a:5672; .*HTTP/);
});

test('refuses bad options before anything is tried', () => {
  const { clock, connect, dialled } = world();
  for (const target of ['http://x', [], { url: 'amqp://x', colour: 'red' } as object, { frameMax: 100 }]) {
    expect(new Outcome(clock, connect(target)).error).toMatchObject({ name: 'UriError' });
  }
  expect(dialled).toEqual([]);
});

test('offers no mechanism that the broker has [CON-06]', () => {
  const { clock, connect } = world();
  const { error } = new Outcome(clock, connect({ url: 'amqp://broker', authMechanism: 'EXTERNAL' }));
  expect((error as Error).message).toMatch(/offers the authentication mechanisms PLAIN AMQPLAIN/);
  const amqplain = new Outcome(clock, connect({ url: 'amqp://broker', authMechanism: 'AMQPLAIN' }));
  expect(amqplain.value.open).toBe(true);
  amqplain.unsubscribe();
});
