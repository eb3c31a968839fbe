/** Messages are the same however their frames are cut and mixed; what is no message is told as what it is. */
import { describe, expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import type { Arbitrary } from '../support/property.ts';
import { AmqpError } from '../../core/errors.ts';
import { limits } from '../../core/limits.ts';
import { blockOf } from '../../core/protocol/bytes.ts';
import { Content } from '../../core/protocol/content.ts';
import type { Method } from '../../core/session/session.ts';
import { readFixture } from '../protocol/fixture.ts';
import { utf8 } from '../support/bytes.ts';
import { heldBufferBytes } from '../support/host.ts';
import { bodyFrame, concat, Driven, headerFrame, methodFrame } from './harness.ts';

/** A server that grants all that is asked, but for queues that are only looked for. */
class Granting extends Driven<'server'> {
  override onHeader(): void {
    this.session.send(0, 'connection.start', {
      versionMajor: 0, versionMinor: 9, serverProperties: {}, mechanisms: 'PLAIN', locales: 'en_US',
    });
  }

  override onMethod(channel: number, method: Method): void {
    super.onMethod(channel, method);
    switch (method.name) {
      case 'connection.start-ok':
        this.session.send(0, 'connection.tune', { channelMax: 2047, frameMax: 131_072, heartbeat: 60 });
        return;
      case 'connection.open':
        this.session.send(0, 'connection.open-ok', {});
        return;
      case 'channel.open':
        this.session.send(channel, 'channel.open-ok', {});
        return;
      case 'queue.declare':
        if (method.args.passive) throw new AmqpError('NOT_FOUND', 'none');
    }
  }
}

/** Feeds chunks that are overwritten as soon as they were read, and tells all that came of it. */
function feed(driven: Driven, chunks: readonly Uint8Array[]): unknown {
  for (const bytes of chunks) {
    const chunk = bytes.slice();
    driven.session.receive(chunk);
    chunk.fill(0xaa);
  }
  const { heard, contents, ends, faults } = driven;
  return { heard, contents, faults, errors: ends.map(({ error }) => error?.replyText), sent: driven.takeNames() };
}

describe('a recorded session', () => {
  const bytes = concat(...readFixture('rabbitmq-session-client').map((each) => each.bytes));
  const whole = feed(new Granting('server'), [bytes]) as { contents: unknown[]; sent: string[] };

  test('whole', () => {
    expect(whole.contents).toHaveLength(4);
    expect(whole.sent).toEqual([
      '0 connection.start', '0 connection.tune', '0 connection.open-ok', '1 channel.open-ok', '1 channel.close',
      '1 channel.open-ok', '1 channel.close-ok', '0 connection.close-ok',
    ]);
    expect(whole).toMatchObject({ faults: [], errors: [undefined] });
  });

  test('byte by byte', () => {
    const chunks = Array.from(bytes, (octet) => Uint8Array.of(octet));
    expect(feed(new Granting('server'), chunks)).toEqual(whole);
  });

  test('cut at every point', () => {
    const expected = JSON.stringify(whole);
    for (let at = 1; at < bytes.length; at++) {
      const result = feed(new Granting('server'), [bytes.subarray(0, at), bytes.subarray(at)]);
      if (JSON.stringify(result) !== expected) expect(result, `cut at ${at}`).toEqual(whole);
    }
  });
});

/** A running server whose channels 1 and 2 are open. */
function opened(): Driven {
  const driven = new Driven('server').drive();
  for (const channel of [1, 2]) {
    driven.say('client', channel, 'channel.open');
    driven.say('server', channel, 'channel.open-ok');
  }
  driven.take();
  driven.heard.length = 0;
  return driven;
}

/** The frames of a message whose body comes in these pieces. */
function message(channel: number, key: string, pieces: readonly Uint8Array[]): Uint8Array[] {
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  return [
    methodFrame(channel, 'basic.publish', { exchange: 'e', routingKey: key }),
    headerFrame(channel, bytes),
    ...bodies(bytes, pieces).map((piece) => bodyFrame(channel, piece)),
  ];
}

/** Body frames end with the body: what would follow, even an empty one, belongs to no message. */
function bodies(bytes: number, pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  return bytes === 0 ? [] : pieces.slice(0, pieces.findLastIndex(({ length }) => length > 0) + 1);
}

const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 });
const messages = fc.array(fc.tuple(fc.string({ maxLength: 5 }), pieces), { maxLength: 6 });

/** Two lists in one, each in its own order. */
function interleaved<T>(a: readonly T[], b: readonly T[]): Arbitrary<T[]> {
  return fc.infiniteStream(fc.boolean()).map((choices) => {
    const [left, right] = [[...a], [...b]];
    const mixed: T[] = [];
    while (left.length + right.length > 0) {
      const first = right.length === 0 || (left.length > 0 && choices.next().value === true);
      mixed.push((first ? left : right).shift()!);
    }
    return mixed;
  });
}

test('messages of two channels, interleaved frame by frame and cut anywhere', () => {
  const streams = fc.tuple(messages, messages).chain(([first, second]) => {
    const frames = [first, second].map((all, index) => (
      all.flatMap(([key, body]) => message(index + 1, key, body))
    ));
    return fc.tuple(fc.constant(frames), interleaved(frames[0]!, frames[1]!));
  });
  fc.assert(fc.property(streams, fc.array(fc.nat()), ([apart, mixed], cuts) => {
    const expected = opened();
    feed(expected, apart.flat());
    const bytes = concat(...mixed);
    const places = [0, ...cuts.map((each) => each % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
    const driven = opened();
    feed(driven, places.slice(1).map((end, index) => bytes.subarray(places[index]!, end)));
    for (const channel of [1, 2]) {
      const of = ({ contents }: Driven): unknown => contents.filter((each) => each.channel === channel);
      expect(of(driven)).toEqual(of(expected));
    }
    expect([driven.ends, driven.faults]).toEqual([[], []]);
  }), { numRuns: 200 });
});

test('a body of many frames keeps its bytes through many chunks', () => {
  const body = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 253);
  const parts = Array.from({ length: 125 }, (_, index) => body.subarray(index * 8000, (index + 1) * 8000));
  const frames = message(1, 'k', parts);
  const expected = opened();
  feed(expected, [concat(...frames)]);
  expect(expected.contents).toHaveLength(1);
  for (const chunkBytes of [999, 65_536]) {
    const bytes = concat(...frames);
    const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) => (
      bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes)
    ));
    const driven = opened();
    feed(driven, chunks);
    expect(driven.contents[0]!.bytes === expected.contents[0]!.bytes, `chunks of ${chunkBytes}`).toBe(true);
  }
});

test('a body of no octets takes no body frame, and frames of no octets are part of a body [CON-24]', () => {
  const driven = opened();
  driven.receive(...message(1, 'a', []), ...message(1, 'b', ['', 'x', '', 'y'].map((each) => utf8(each))));
  expect(driven.heard).toEqual(['1 content', '1 content']);
  expect(driven.ends).toEqual([]);
});

const publish = methodFrame(1, 'basic.publish', { routingKey: 'k' });
const noContentHeader = 'expected content header for class 60, got non content header frame instead';
const noContentBody = 'expected content body, got non content body frame instead';

/** What is sent on an open channel 1; what it is answered with; the method that is blamed. */
const violations: readonly (readonly [string, readonly Uint8Array[], string, readonly [number, number]])[] = [
  ['a method instead of a header', [publish, methodFrame(1, 'basic.qos')],
    `UNEXPECTED_FRAME - ${noContentHeader}`, [60, 40]],
  ['a body instead of a header', [publish, bodyFrame(1, 'x')], `UNEXPECTED_FRAME - ${noContentHeader}`, [60, 40]],
  ['a method instead of a body', [publish, headerFrame(1, 3), methodFrame(1, 'basic.qos')],
    `UNEXPECTED_FRAME - ${noContentBody}`, [60, 40]],
  ['a header instead of a body', [publish, headerFrame(1, 3), headerFrame(1, 3)],
    `UNEXPECTED_FRAME - ${noContentBody}`, [60, 40]],
  ['a publish in the middle of another', [publish, headerFrame(1, 3), bodyFrame(1, 'x'), publish],
    `UNEXPECTED_FRAME - ${noContentBody}`, [60, 40]],
  ['a header of another class', [publish, headerFrame(1, 0, 50)],
    'UNEXPECTED_FRAME - expected content header for class 60, got one for class 50 instead', [60, 40]],
  ['a header with a weight', [publish, headerFrame(1, 0).with(10, 1)],
    `UNEXPECTED_FRAME - ${noContentHeader}`, [60, 40]],
  ['a header that is cut short', [publish, Uint8Array.of(2, 0, 1, 0, 0, 0, 2, 0, 60, 0xce)],
    'SYNTAX_ERROR - truncated content header', [60, 40]],
  ['a body longer than announced', [publish, headerFrame(1, 3), bodyFrame(1, 'ab'), bodyFrame(1, 'cd')],
    'FRAME_ERROR - content body frame exceeds remaining content size: 2 bytes where 1 were left', [60, 40]],
  ['a body larger than any', [publish, headerFrame(1, limits.bodyBytesMax + 1)],
    'FRAME_ERROR - content body of 536870913 bytes is larger than the 536870912 bytes that any message may have',
    [60, 40]],
  ['a body size of 64 bits', [publish, headerFrame(1, 2n ** 64n - 1n)], 'FRAME_ERROR - content body of 1844', [60, 40]],
  ['too many body frames', [publish, headerFrame(1, 1),
    ...Array.from({ length: limits.bodyFramesMax + 1 }, () => bodyFrame(1, ''))],
  `FRAME_ERROR - content body is cut into more than ${limits.bodyFramesMax} frames`, [60, 40]],
];

test.each(violations)('%s ends the connection', (_, frames, text, method) => {
  for (const chunks of [[concat(...frames)], frames]) {
    const driven = opened();
    for (const chunk of chunks) driven.receive(chunk);
    const [close, ...more] = driven.take();
    expect(close).toMatchObject({ channel: 0, name: 'connection.close' });
    expect(close!.fields['reply-text']).toContain(text);
    expect([close!.fields['class-id'], close!.fields['method-id']]).toEqual(method);
    expect([more, driven.contents, driven.faults]).toEqual([[], [], []]);
    // The frames themselves are sound, so close-ok is heard.
    driven.receive(methodFrame(0, 'connection.close-ok'));
    expect([driven.session.state, driven.closed, driven.clock.pending]).toEqual(['closed', true, 0]);
  }
});

test('a message larger than the broker takes ends the channel before its body comes [BAS-01]', () => {
  const driven = opened();
  driven.receive(publish, headerFrame(1, limits.messageBytesMax + 1), bodyFrame(1, 'x'));
  expect(driven.take()).toMatchObject([{
    channel: 1, name: 'channel.close',
    fields: { 'reply-code': 406, 'class-id': 60, 'method-id': 40,
      'reply-text': 'PRECONDITION_FAILED - message size 16777217 is larger than configured max size 16777216' },
  }]);
  driven.receive(bodyFrame(1, 'y'), methodFrame(1, 'channel.close-ok'), methodFrame(1, 'channel.open'));
  driven.say('server', 1, 'channel.open-ok');
  driven.receive(...message(1, 'k', [utf8('z')]));
  expect(driven.heard.slice(-2)).toEqual(['1 channel.open', '1 content']);
});

test('a message that is refused ends its channel alone, and its method is blamed', () => {
  const driven = opened();
  driven.onContent = (channel) => {
    if (channel === 1) throw new AmqpError('NOT_FOUND', 'none');
    driven.heard.push(`${channel} content`);
  };
  driven.receive(...message(1, 'k', [utf8('z')]), ...message(2, 'k', [utf8('z')]));
  expect(driven.take()).toMatchObject([{
    channel: 1, name: 'channel.close', fields: { 'reply-code': 404, 'class-id': 60, 'method-id': 40 },
  }]);
  expect(driven.heard).toEqual(['1 ended: none', '2 content']);
});

test('bodies that were announced and never came cost what came', () => {
  const driven = new Driven('server').drive();
  const channels = Array.from({ length: limits.channelsMax }, (_, index) => index + 1);
  for (const channel of channels) {
    driven.say('client', channel, 'channel.open');
    driven.say('server', channel, 'channel.open-ok');
  }
  driven.take();
  const begun = channels.map((channel) => {
    const [method, , first] = message(channel, 'k', [new Uint8Array(100)]);
    return concat(method!, headerFrame(channel, limits.messageBytesMax), first!);
  });
  const before = heldBufferBytes();
  for (const chunk of begun) driven.session.receive(chunk);
  // A frame of each body, at its largest, would be 268 MB; the bodies would be 34 GB.
  expect(heldBufferBytes() - before).toBeLessThan(4_000_000);
  expect([driven.ends, driven.take()]).toEqual([[], []]);
});

describe('messages that have begun and not ended', () => {
  /** A connection that may hold 1000 octets of them, with two channels. */
  function bounded(): Driven {
    const driven = opened();
    driven.session.contentBounds.messageBytesMax = 2000;
    driven.session.contentBounds.unfinishedBytesMax = 1000;
    for (const channel of [3, 4]) {
      driven.say('client', channel, 'channel.open');
      driven.say('server', channel, 'channel.open-ok');
    }
    driven.take();
    return driven;
  }
  const begin = (channel: number, announced: number, octets: number): Uint8Array[] => {
    const [method, , first] = message(channel, 'k', [new Uint8Array(octets)]);
    return [method!, headerFrame(channel, announced), first!];
  };

  test('count together against their connection: 311 on the channel that goes beyond', () => {
    const driven = bounded();
    driven.receive(...begin(3, 1500, 600), ...begin(4, 1500, 400));
    expect(driven.take()).toEqual([]);
    driven.receive(bodyFrame(4, 'x'));
    expect(driven.take()).toMatchObject([{
      channel: 4, name: 'channel.close',
      fields: { 'reply-code': 311, 'class-id': 60, 'method-id': 40,
        'reply-text': 'CONTENT_TOO_LARGE - the messages that this connection has begun take more than 1000 bytes: ' +
          'end some of them first' },
    }]);
    // What the channel held is given back, so the other one may go on.
    driven.receive(bodyFrame(3, 'y'.repeat(400)));
    expect(driven.take()).toEqual([]);
  });

  test('count no more once they are whole', () => {
    const driven = bounded();
    for (let round = 0; round < 5; round++) {
      driven.receive(...begin(3, 900, 600), bodyFrame(3, 'y'.repeat(300)));
      driven.receive(...begin(4, 300, 300));
    }
    expect([driven.take(), driven.contents.length]).toEqual([[], 10]);
  });
});

test('a body may come in frames of the smallest size, however large it is', () => {
  const content = new Content(limits.bodyBytesMax);
  const size = limits.frameBytesMin - 8;
  const count = limits.bodyFramesMax + 100;
  const [method] = message(3, 'k', []);
  const header = headerFrame(3, count * size);
  const frame = blockOf(bodyFrame(3, 'x'.repeat(size)));
  content.begin(blockOf(method!), 7, method!.length - 1);
  content.header(blockOf(header), 7, header.length - 1);
  let whole = false;
  for (let sent = 0; sent < count; sent++) whole = content.body(frame, 7, 7 + size);
  expect([whole, content.bodyBytes]).toEqual([true, count * size]);
});
