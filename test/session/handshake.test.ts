/** How connections begin, live and end, against the broker and on the virtual clock. */
import { describe, expect, test } from 'vitest';
import { Broker } from '../../core/broker/broker.ts';
import { VirtualClock } from '../../core/clock/virtual-clock.ts';
import { AmqpError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { PROTOCOL_HEADER } from '../../core/protocol/spec.ts';
import { plainResponse } from '../../core/session/sasl.ts';
import { utf8 } from '../support/bytes.ts';
import { connect } from '../support/test-client.ts';
import { bodyFrame, concat, Driven, frame, headerFrame, heartbeat, methodFrame } from './harness.ts';
import { RawPeer } from './raw-peer.ts';

const startOk = methodFrame(0, 'connection.start-ok', {
  mechanism: 'PLAIN', response: plainResponse('guest', 'guest'), locale: 'en_US',
});
const open = methodFrame(0, 'connection.open', { virtualHost: '/' });
const close = methodFrame(0, 'connection.close', { replyCode: 200 });
const closeOk = methodFrame(0, 'connection.close-ok');

function tuneOk(channelMax = 2047, frameMax = 131_072, heartbeatSeconds = 0): Uint8Array {
  return methodFrame(0, 'connection.tune-ok', { channelMax, frameMax, heartbeat: heartbeatSeconds });
}

function setUp(): { broker: Broker; clock: VirtualClock; peer: RawPeer } {
  const clock = new VirtualClock();
  const broker = new Broker({ clock, random: () => 0.5 });
  return { broker, clock, peer: new RawPeer(broker.serve) };
}

/** A broker with a raw peer whose connection is running. */
function running(heartbeatSeconds = 0): ReturnType<typeof setUp> {
  const all = setUp();
  all.peer.say(PROTOCOL_HEADER, startOk, tuneOk(2047, 131_072, heartbeatSeconds), open);
  expect(all.peer.takeNames()).toEqual(['0 connection.start', '0 connection.tune', '0 connection.open-ok']);
  return all;
}

/** Sees that nothing is left of any connection. */
function expectGone({ broker, clock }: { broker: Broker; clock: VirtualClock }): void {
  clock.runUntilIdle();
  expect([broker.connectionCount, clock.pending]).toEqual([0, 0]);
}

describe('the protocol header [CON-01]', () => {
  test.each([
    ['AMQP 0-0-9-1', [0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]],
    ['AMQP 1-1-0-9', [0x41, 0x4d, 0x51, 0x50, 1, 1, 0, 9]],
  ])('%s is answered with connection.start', (_, octets) => {
    for (const chunks of [[octets], octets.map((octet) => [octet])]) {
      const { peer } = setUp();
      for (const chunk of chunks) peer.say(Uint8Array.from(chunk));
      expect(peer.takeNames()).toEqual(['0 connection.start']);
      peer.drop();
    }
  });

  test.each([
    ['AMQP 1.0', 'AMQP\x00\x01\x00\x00'], ['AMQP 1.0 with SASL', 'AMQP\x03\x01\x00\x00'],
    ['AMQP 0-8', 'AMQP\x01\x01\x08\x00'], ['AMQP 0-0-9-2', 'AMQP\x00\x00\x09\x02'], ['HTTP', 'GET / HTTP/1.1\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01'], ['one octet', 'X'],
  ])('%s is answered with ours, and the link ends', (_, text) => {
    const all = setUp();
    all.peer.say(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
    expect(all.peer.take()).toEqual([PROTOCOL_HEADER]);
    expect(all.peer.ended).toBe('completed');
    expectGone(all);
  });

  test('is answered as soon as it can no longer be ours', () => {
    const { peer } = setUp();
    peer.say(utf8('AM'));
    expect([peer.take(), peer.ended]).toEqual([[], undefined]);
    peer.say(utf8('X'));
    expect([peer.take(), peer.ended]).toEqual([[PROTOCOL_HEADER], 'completed']);
  });
});

test('a client may say everything at once, and work in the same breath [CON-29]', () => {
  const all = setUp();
  const { peer } = all;
  peer.say(
    PROTOCOL_HEADER, startOk, tuneOk(), open, methodFrame(1, 'channel.open'),
    methodFrame(1, 'queue.declare', { queue: 'q', exclusive: true }), methodFrame(1, 'confirm.select'),
    methodFrame(1, 'basic.publish', { routingKey: 'q' }), headerFrame(1, 1), bodyFrame(1, 'x'),
    methodFrame(1, 'basic.get', { queue: 'q', noAck: true }), close,
  );
  expect(peer.takeNames()).toEqual([
    '0 connection.start', '0 connection.tune', '0 connection.open-ok', '1 channel.open-ok', '1 queue.declare-ok',
    '1 confirm.select-ok', '1 basic.get-ok', '1 header', '1 body', '0 connection.close-ok',
  ]);
  peer.inbound.complete();
  expect(peer.ended).toBe('completed');
  expectGone(all);
});

describe('a peer that falls silent before its connection runs is dropped after 10 s [CON-02]', () => {
  const stages: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ['without a word', []],
    ['in the header', [PROTOCOL_HEADER.subarray(0, 5)]],
    ['after the header', [PROTOCOL_HEADER]],
    ['after start-ok', [PROTOCOL_HEADER, startOk]],
    ['after tune-ok', [PROTOCOL_HEADER, startOk, tuneOk()]],
    ['in the middle of a frame', [PROTOCOL_HEADER, startOk.subarray(0, 20)]],
  ];
  test.each(stages)('%s', (_, said) => {
    const all = setUp();
    all.clock.advanceBy(limits.handshakeMs - 1);
    // What it says later wins it no time.
    if (said.length > 0) all.peer.say(...said);
    expect(all.peer.ended).toBeUndefined();
    all.clock.advanceBy(1);
    expect(all.peer.ended).toBe('completed');
    expectGone(all);
  });

  test('but not once it runs', () => {
    const { clock, peer } = running();
    clock.advanceBy(100 * limits.handshakeMs);
    expect(peer.ended).toBeUndefined();
    peer.drop();
  });
});

describe('tune [CON-13, CON-14]', () => {
  test('offers what the limits say', () => {
    const { peer } = setUp();
    peer.say(PROTOCOL_HEADER, startOk);
    expect(peer.takeFrames().at(-1)).toEqual({
      channel: 0, name: 'connection.tune', fields: { 'channel-max': 2047, 'frame-max': 131_072, heartbeat: 60 },
    });
    peer.drop();
  });

  test.each([
    [2047, 4095, 'negotiated frame_max = 4095 is lower than the minimum allowed value (4096)'],
    [2047, 0, 'negotiated frame_max = 0 is higher than the maximum allowed value (131072)'],
    [2047, 131_073, 'negotiated frame_max = 131073 is higher than the maximum allowed value (131072)'],
    [0, 131_072, 'negotiated channel_max = 0 is higher than the maximum allowed value (2047)'],
    [2048, 131_072, 'negotiated channel_max = 2048 is higher than the maximum allowed value (2047)'],
  ])('tune-ok with channel_max %i and frame_max %i is refused', (channelMax, frameMax, text) => {
    const all = setUp();
    all.peer.say(PROTOCOL_HEADER, startOk);
    all.peer.take();
    all.peer.say(tuneOk(channelMax, frameMax), open);
    expect(all.peer.takeFrames()).toMatchObject([{ name: 'connection.close', fields: {
      'reply-code': 530, 'reply-text': `NOT_ALLOWED - ${text}`, 'class-id': 10, 'method-id': 31,
    } }]);
    all.peer.say(closeOk);
    expect(all.peer.ended).toBe('completed');
    expectGone(all);
  });

  test('the smallest values are granted, and hold', () => {
    const all = setUp();
    const { peer } = all;
    peer.say(PROTOCOL_HEADER, startOk, tuneOk(1, limits.frameBytesMin), open, methodFrame(7, 'channel.open'));
    expect(peer.takeNames().slice(2)).toEqual(['0 connection.open-ok', '7 channel.open-ok']);
    peer.say(methodFrame(8, 'channel.open'));
    expect(peer.takeFrames()).toMatchObject([{ name: 'connection.close', fields: { 'reply-code': 530,
      'reply-text': 'NOT_ALLOWED - number of channels opened (1) has reached the negotiated channel_max (1)' } }]);
    peer.say(closeOk);
    expectGone(all);
  });

  test('a channel number is free again after either side closed it [CON-27]', () => {
    const { peer } = setUp();
    peer.say(PROTOCOL_HEADER, startOk, tuneOk(1), open);
    for (const channel of [1, 2, 1]) {
      peer.take();
      peer.say(methodFrame(channel, 'channel.open'), methodFrame(channel, 'channel.close'));
      const missing = methodFrame(channel, 'queue.declare', { passive: true, queue: 'q' });
      peer.say(methodFrame(channel, 'channel.open'), missing);
      peer.say(methodFrame(channel, 'channel.close-ok'));
      expect(peer.takeNames()).toEqual(
        ['channel.open-ok', 'channel.close-ok', 'channel.open-ok', 'channel.close'].map((name) => `${channel} ${name}`),
      );
    }
    peer.drop();
  });

  test('a frame before that may not be larger than the smallest maximum [TOP-3]', () => {
    const all = setUp();
    all.peer.say(PROTOCOL_HEADER);
    all.peer.take();
    const clientProperties = { token: 'x'.repeat(limits.frameBytesMin) };
    all.peer.say(methodFrame(0, 'connection.start-ok', {
      mechanism: 'PLAIN', response: plainResponse('guest', 'guest'), locale: 'en_US', clientProperties,
    }));
    expect(all.peer.takeFrames()).toMatchObject([{ name: 'connection.close', fields: { 'reply-code': 501 } }]);
    all.clock.advanceBy(limits.closeMs);
    expectGone(all);
  });

  test('nor may one that comes before the connection is open, whatever was agreed', () => {
    const { peer } = setUp();
    peer.say(PROTOCOL_HEADER, startOk, tuneOk());
    peer.take();
    peer.say(frame(1, 0, new Uint8Array(limits.frameBytesMin + 1)));
    expect(peer.takeFrames()).toMatchObject([{ name: 'connection.close', fields: { 'reply-code': 501 } }]);
    peer.drop();
  });

  test('a frame larger than was agreed ends the connection, and its deadline the link [CON-18]', () => {
    const all = setUp();
    all.peer.say(PROTOCOL_HEADER, startOk, tuneOk(2047, 4096), open);
    all.peer.take();
    all.peer.say(frame(3, 1, new Uint8Array(5000)), closeOk);
    expect(all.peer.takeFrames()).toMatchObject([{ fields: { 'reply-code': 501,
      'reply-text': 'FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,5000,4088}' } }]);
    // Nothing can be made of what follows, so not even close-ok is heard.
    expect(all.peer.ended).toBeUndefined();
    all.clock.advanceBy(limits.closeMs);
    expect(all.peer.ended).toBe('completed');
    expectGone(all);
  });
});

describe('the close handshake', () => {
  test('from the client: close-ok is the last word, whatever comes with close or after it', () => {
    const all = running();
    const { broker, peer } = all;
    peer.say(methodFrame(1, 'channel.open'), methodFrame(1, 'queue.declare', { queue: 'q', exclusive: true }));
    peer.take();
    peer.say(close, methodFrame(1, 'queue.declare', { queue: 'late' }), methodFrame(0, 'connection.blocked'), closeOk);
    expect([peer.takeNames(), peer.ended]).toEqual([['0 connection.close-ok'], 'completed']);
    expect([...broker.vhost().queues.keys()]).toEqual([]);
    expectGone(all);
  });

  test('from the server: all but close-ok is discarded, then the link ends', () => {
    const all = running();
    const { broker, clock, peer } = all;
    peer.say(methodFrame(1, 'channel.open'));
    peer.take();
    for (const connection of broker.connections) connection.close(new AmqpError('CONNECTION_FORCED', 'bye'));
    expect(peer.takeFrames()).toMatchObject([
      { name: 'connection.close', fields: { 'reply-code': 320, 'reply-text': 'CONNECTION_FORCED - bye' } },
    ]);
    peer.say(methodFrame(1, 'queue.declare', { queue: 'late' }), frame(99, 1, 'x'), bodyFrame(0, 'x'), heartbeat);
    clock.runUntilIdle();
    expect([peer.take(), peer.ended, broker.vhost().queues.size]).toEqual([[], undefined, 0]);
    peer.say(closeOk);
    expect(peer.ended).toBe('completed');
    expectGone(all);
  });

  test('crossing: close is answered although close-ok is still owed', () => {
    const all = running();
    for (const connection of all.broker.connections) connection.close(new AmqpError('CONNECTION_FORCED', 'bye'));
    all.peer.take();
    all.peer.say(close);
    expect([all.peer.takeNames(), all.peer.ended]).toEqual([['0 connection.close-ok'], undefined]);
    all.peer.say(closeOk);
    expect(all.peer.ended).toBe('completed');
    expectGone(all);
  });

  test('the client hangs up after close-ok, and is given a second for it [CON-31]', () => {
    for (const [hangUp, ended] of [[true, 'completed'], [false, undefined]] as const) {
      const all = running();
      all.peer.say(close);
      expect([all.peer.takeNames(), all.peer.ended]).toEqual([['0 connection.close-ok'], undefined]);
      expect(all.broker.connectionCount).toBe(0);
      if (hangUp) all.peer.inbound.complete();
      all.clock.advanceBy(limits.hangUpMs - 1);
      expect(all.peer.ended).toBe(ended);
      all.clock.advanceBy(1);
      expect(all.peer.ended).toBe('completed');
      expectGone(all);
    }
  });

  test('close-ok that never comes is waited for 10 s', () => {
    const all = running();
    all.peer.say(methodFrame(0, 'channel.open'));
    expect(all.peer.takeFrames()).toMatchObject([{ name: 'connection.close', fields: { 'reply-code': 504 } }]);
    all.clock.advanceBy(limits.closeMs - 1);
    all.peer.say(heartbeat);
    expect(all.peer.ended).toBeUndefined();
    all.clock.advanceBy(1);
    expect([all.peer.take(), all.peer.ended]).toEqual([[], 'completed']);
    expectGone(all);
  });

  test.each([
    ['a frame without an end', frame(1, 0, 'abc', 0)],
    ['a frame of any size', Uint8Array.of(3, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 0)],
  ])('%s while the server closes leaves nothing but the deadline', (_, broken) => {
    for (const chunks of [[broken], Array.from(broken, (octet) => Uint8Array.of(octet))]) {
      const all = running();
      all.peer.say(methodFrame(0, 'channel.open'));
      expect(all.peer.takeNames()).toEqual(['0 connection.close']);
      for (const chunk of [...chunks, closeOk]) all.peer.say(chunk);
      expect([all.peer.take(), all.peer.ended]).toEqual([[], undefined]);
      all.clock.advanceBy(limits.closeMs);
      expect(all.peer.ended).toBe('completed');
      expectGone(all);
    }
  });

  test('of a client session, with a channel open at both ends', () => {
    const { broker, clock, peer } = setUp();
    peer.drop();
    const client = connect(broker, clock);
    const channel = client.channel();
    channel.call('queue.declare', { queue: 'q', exclusive: true });
    client.close();
    expect(client.end).toEqual({ by: 'us' });
    expect([client.session.state, broker.vhost().queues.size]).toEqual(['closed', 0]);
    expectGone({ broker, clock });
  });

  test('of a client session whose server never answers', () => {
    const driven = new Driven('client').drive();
    driven.session.close();
    driven.session.close();
    expect(driven.takeNames()).toEqual(['0 connection.close']);
    driven.clock.advanceBy(limits.closeMs);
    expect([driven.closed, driven.ends, driven.clock.pending]).toEqual([true, [{ by: 'us' }], 0]);
  });

  test('before the handshake has begun is none: the link just ends', () => {
    for (const role of ['client', 'server'] as const) {
      const driven = new Driven(role);
      driven.session.close();
      expect([driven.take(), driven.closed, driven.clock.pending]).toEqual([[], true, 0]);
      expect(driven.ends).toEqual([{ by: 'transport' }]);
    }
  });

  test('tells what the peer closed for', () => {
    const driven = new Driven('client').drive();
    driven.receive(methodFrame(0, 'connection.close', { replyCode: 320, replyText: 'CONNECTION_FORCED - bye' }));
    expect(driven.ends).toMatchObject([{ by: 'peer', error: { replyCode: 320, scope: 'connection' } }]);
    expect(driven.takeNames()).toEqual(['0 connection.close-ok']);
  });
});

describe.each(['complete', 'error', 'unsubscribe'] as const)('a transport that ends by %s', (way) => {
  const stages: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ['before the header', []],
    ['in the handshake', [PROTOCOL_HEADER, startOk]],
    ['while it runs', [PROTOCOL_HEADER, startOk, tuneOk(2047, 131_072, 10), open, methodFrame(1, 'channel.open'),
      methodFrame(1, 'queue.declare', { queue: 'q', exclusive: true })]],
    ['while it closes', [PROTOCOL_HEADER, startOk, tuneOk(), open, methodFrame(3, 'tx.select')]],
  ];
  test.each(stages)('%s takes everything with it', (_, said) => {
    const all = setUp();
    if (said.length > 0) all.peer.say(...said);
    all.peer.take();
    if (way === 'complete') all.peer.inbound.complete();
    else if (way === 'error') all.peer.inbound.error(new Error('connection reset'));
    else all.peer.drop();
    expect(all.peer.take()).toEqual([]);
    expect(all.peer.ended).toBe(way === 'unsubscribe' ? undefined : 'completed');
    expect(all.broker.vhost().queues.size).toBe(0);
    expectGone(all);
  });
});

describe('heartbeats [CON-15, CON-16]', () => {
  test('go out whenever nothing else did for half an interval', () => {
    const { clock, peer } = running(10);
    // Open-ok went out in the first half.
    for (const second of [10, 15]) {
      clock.advanceTo(second * 1000 - 1);
      expect(peer.take(), `before ${second} s`).toEqual([]);
      clock.advanceBy(1);
      expect(peer.take(), `at ${second} s`).toEqual([heartbeat]);
    }
    peer.say(methodFrame(1, 'channel.open'));
    expect(peer.takeNames()).toEqual(['1 channel.open-ok']);
    clock.advanceTo(20_000);
    expect(peer.take()).toEqual([]);
    clock.advanceTo(25_000);
    expect(peer.take()).toEqual([heartbeat]);
    peer.drop();
    expect(clock.pending).toBe(0);
  });

  test('keep a peer alive that says nothing else', () => {
    const { clock, peer } = running(10);
    for (let second = 10; second <= 200; second += 10) {
      clock.advanceTo(second * 1000);
      peer.say(heartbeat);
    }
    expect(peer.ended).toBeUndefined();
    peer.drop();
  });

  test('need not come while anything comes, even less than a frame', () => {
    const { clock, peer } = running(10);
    const declare = methodFrame(1, 'queue.declare', { queue: 'q'.repeat(200) });
    for (const [index, octet] of concat(methodFrame(1, 'channel.open'), declare).subarray(0, 20).entries()) {
      clock.advanceTo((index + 1) * 15_000);
      peer.say(Uint8Array.of(octet));
    }
    expect(peer.ended).toBeUndefined();
    peer.drop();
  });

  test('that do not come for two intervals end the link, which is no fault of the broker', () => {
    const all = running(10);
    const events: unknown[] = [];
    all.broker.events$.subscribe(({ at: _at, ...event }) => events.push(event));
    all.clock.advanceTo(19_999);
    expect(all.peer.ended).toBeUndefined();
    all.clock.advanceTo(20_000);
    expect(all.peer.ended).toBe('completed');
    expect(events).toMatchObject([
      { type: 'connection.closed', by: 'transport', text: 'missed heartbeats from the peer' },
    ]);
    expectGone(all);
  });

  test('are off where the client says 0', () => {
    const { clock, peer } = running(0);
    clock.advanceBy(1_000_000);
    expect([peer.take(), peer.ended, clock.pending]).toEqual([[], undefined, 0]);
    peer.drop();
  });

  test('of both roles keep each other alive, and end with the connection', () => {
    const { broker, clock, peer } = setUp();
    peer.drop();
    const client = connect(broker, clock, { heartbeat: 2 });
    clock.advanceBy(60_000);
    expect([client.session.state, client.end]).toEqual(['running', undefined]);
    client.close();
    expectGone({ broker, clock });
  });

  test('notice in a client that its server is gone', () => {
    const driven = new Driven('client').drive();
    driven.session.tune(0, 4096, 4);
    driven.clock.advanceBy(7999);
    expect(driven.takeNames()).toEqual(['0 heartbeat', '0 heartbeat', '0 heartbeat']);
    driven.clock.advanceBy(1);
    const ends = [{ by: 'transport', why: 'missed heartbeats from the peer' }];
    expect([driven.closed, driven.ends, driven.clock.pending]).toEqual([true, ends, 0]);
  });
});
