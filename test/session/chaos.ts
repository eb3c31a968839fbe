/** What the wire is fuzzed with: frames that make some sense to a broker, sessions that were damaged, and noise. */
import * as fc from '../support/property.ts';
import type { Arbitrary } from '../support/property.ts';
import { writeMethod } from '../../core/protocol/codec.ts';
import { writeContentHeader } from '../../core/protocol/properties.ts';
import type { Domain } from '../../core/protocol/spec.ts';
import type { FieldTable, MethodArgs, MethodName, Properties } from '../../core/protocol/types.ts';
import { readFixture } from '../protocol/fixture.ts';
import { fieldTables, methodNames, propertySets, specOf, written } from '../protocol/generators.ts';
import { bodyFrame, concat, frame, methodFrame } from './harness.ts';

/** So few names that frames meet each other's objects. */
const names = [
  '', 'q1', 'q1', 'q2', 'q3', 'x1', 'k', 'k.l', '#', '*.l', 'amq.rabbitmq.reply-to',
];
const name = fc.constantFrom(...names);
const queue = fc.constantFrom('q1', 'q1', 'q2', 'q3', '');
const exchange = fc.constantFrom('x1', 'x2', 'x3', 'amq.direct', 'amq.topic', 'amq.fanout', 'amq.headers');
const exchangeType = fc.constantFrom(
  'direct', 'fanout', 'topic', 'headers', 'x-consistent-hash', 'x-random', 'x-modulus-hash', 'x-recent-history',
  'x-delayed-message', 'nope',
);
const count = fc.nat(3);

const argumentTables = fc.record({
  'x-message-ttl': fc.constantFrom(0, 1, 50), 'x-expires': fc.constantFrom(1, 60),
  'x-max-length': count, 'x-max-length-bytes': fc.constantFrom(0, 10, 100),
  'x-overflow': fc.constantFrom('drop-head', 'reject-publish', 'reject-publish-dlx'),
  'x-dead-letter-exchange': fc.oneof(exchange, fc.constant('')), 'x-dead-letter-routing-key': queue,
  'x-max-priority': fc.constantFrom(1, 5, 255),
  'x-single-active-consumer': fc.boolean(), 'x-delivery-limit': count,
  'x-queue-type': fc.constantFrom('classic', 'quorum'), 'x-priority': fc.integer({ min: -3, max: 3 }),
  'x-delayed-type': exchangeType, 'x-recent-history-length': count, 'alternate-exchange': name,
  'x-match': fc.constantFrom('all', 'any', 'all-with-x', 'any-with-x'), h: count, 'hash-header': fc.constant('h'),
}, { requiredKeys: [] });

/** Mostly one or two of them, or none: all at once would only be refused. */
const tables: Arbitrary<FieldTable> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 4 },
  { arbitrary: argumentTables.map((table) => Object.fromEntries(Object.entries(table).slice(0, 2))), weight: 4 },
  { arbitrary: fieldTables, weight: 1 },
);

/** Whatever most flags ask for ends in a refusal. */
const rarely = fc.nat(5).map((roll) => roll === 0);

const byDomain: Record<Domain, Arbitrary<unknown>> = {
  bit: rarely, octet: count, short: count, long: count, longlong: count, timestamp: count,
  shortstr: name, longstr: name, bytes: fc.uint8Array({ maxLength: 20 }), table: tables,
};

const byArgument: Record<string, Arbitrary<unknown>> = {
  type: exchangeType,
  consumerTag: fc.constantFrom('', 'c1', 'c2'),
  queue, exchange, source: exchange, destination: exchange,
  prefetchSize: fc.constant(0),
  active: rarely.map((roll) => !roll),
};

/** The default exchange, too, where messages are published. */
const toDefault = fc.tuple(fc.boolean(), queue);

function argsFor<N extends MethodName>(method: N): Arbitrary<MethodArgs<N>> {
  const fields = specOf(method).args
    .filter(([argument]) => !argument.startsWith('reserved'))
    .map(([argument, domain]) => [argument, byArgument[argument] ?? byDomain[domain]] as const);
  return fc.record(Object.fromEntries(fields)) as Arbitrary<unknown> as Arbitrary<MethodArgs<N>>;
}

const channels = fc.constantFrom(1, 1, 1, 2, 3);

function framesOf(all: readonly MethodName[], channel: Arbitrary<number>): Arbitrary<Uint8Array> {
  return fc.constantFrom(...all).chain((method) => fc.tuple(channel, argsFor(method)).map(
    ([number, args]) => written((writer) => writeMethod(writer, number, method, args)),
  ));
}

/** Who is somebody else is refused, which ends the channel. */
function withoutUser({ userId: _userId, ...others }: Properties): Properties {
  return others;
}

const properties: Arbitrary<Properties> = fc.oneof(
  fc.record({
    headers: tables, deliveryMode: fc.constantFrom(1, 2), priority: fc.nat(9), replyTo: name,
    expiration: fc.constantFrom('0', '1', '50'), userId: fc.constant('guest'),
  }, { requiredKeys: [] }) as Arbitrary<Properties>,
  propertySets.map(withoutUser).map(({ expiration: _expiration, ...others }) => others),
);

/** A whole message, its body in pieces, some of which may be empty. */
const messages: Arbitrary<Uint8Array> = fc.record({
  channel: channels, args: argsFor('basic.publish'), toDefault, properties,
  pieces: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }),
}).map(({ channel, args, toDefault: [isDefault, routingKey], properties: given, pieces }) => {
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  const sent = bytes === 0 ? [] : pieces.slice(0, pieces.findLastIndex(({ length }) => length > 0) + 1);
  return concat(
    written((writer) => {
      writeMethod(writer, channel, 'basic.publish', isDefault ? { ...args, exchange: '', routingKey } : args);
      writeContentHeader(writer, channel, bytes, given);
    }),
    ...sent.map((piece) => bodyFrame(channel, piece)),
  );
});

const clientMethods = methodNames.filter((each) => (
  specOf(each).from !== 'server' && specOf(each).content !== true &&
  !/^connection|^channel\.(open|close)|^tx|^exchange.declare/.test(each)
));

const exchanges = ['x1', 'x2', 'x3'];

/** What gives the rest something to work on: all queues and exchanges, each in one of its forms. */
export const declarations: Arbitrary<Uint8Array[]> = fc.tuple(
  ...['q1', 'q2', 'q3'].map((queue) => argsFor('queue.declare').map(
    (args) => methodFrame(1, 'queue.declare', { ...args, queue, passive: false, exclusive: false }),
  )),
  ...exchanges.map((exchange) => argsFor('exchange.declare').map(
    (args) => methodFrame(1, 'exchange.declare', { ...args, exchange, passive: false, internal: false }),
  )),
);

/** A transaction from beginning to end. */
const transactions = fc.tuple(
  channels, fc.array(messages, { maxLength: 3 }), fc.constantFrom('tx.commit' as const, 'tx.rollback' as const),
).map(([channel, all, end]) => concat(
  methodFrame(channel, 'tx.select'), ...all, methodFrame(channel, end),
));

/** What a client may say on open channels, as the protocol goes; the broker may well refuse it. */
export const work: Arbitrary<Uint8Array> = fc.oneof(
  { arbitrary: framesOf(clientMethods, channels), weight: 12 },
  { arbitrary: framesOf(['queue.declare', 'queue.bind', 'exchange.bind', 'basic.consume'], channels), weight: 8 },
  { arbitrary: messages, weight: 12 },
  { arbitrary: transactions, weight: 1 },
  { arbitrary: channels.map((channel) => concat(
    methodFrame(channel, 'channel.close'), methodFrame(channel, 'channel.open'),
  )), weight: 1 },
);

const noise = fc.uint8Array({ minLength: 1, maxLength: 100 });

/** Frames that no client should send, or not there. */
export const disorder: Arbitrary<Uint8Array> = fc.oneof(
  framesOf(methodNames, fc.nat(4)),
  fc.tuple(fc.constantFrom(1, 2, 3, 4, 8, 255), fc.nat(4), noise).map((args) => frame(...args)),
  fc.tuple(fc.constantFrom(1, 2, 3, 8), fc.nat(4), noise, fc.nat(255)).map((args) => frame(...args)),
  noise,
);

const recorded = readFixture('rabbitmq-session-client').map(({ bytes }) => bytes);

/** One thing that goes wrong with a list of frames, drawn by three numbers. */
function damage(frames: readonly Uint8Array[], kind: number, place: number, value: number): Uint8Array[] {
  const at = place % frames.length;
  const hit = frames[at]!;
  switch (kind) {
    case 0: // an octet changes
      return frames.with(at, hit.with(value % hit.length, place % 256));
    case 1: // octets are lost
      return frames.with(at, hit.subarray(0, value % hit.length));
    case 2: // a frame is lost
      return frames.toSpliced(at, 1);
    case 3: // a frame comes twice
      return frames.toSpliced(at, 0, hit);
    case 4: // two frames change places
      return frames.with(at, frames[value % frames.length]!).with(value % frames.length, hit);
    default: // octets come from nowhere
      return frames.toSpliced(at, 0, Uint8Array.of(value % 256, place % 256));
  }
}

/** A recorded session that was damaged a few times, most often far from its beginning. */
export const damagedSession: Arbitrary<Uint8Array> = fc
  .array(fc.tuple(fc.nat(5), fc.nat(9999), fc.nat(9999)), { minLength: 1, maxLength: 4 })
  .map((hits) => concat(...hits.reduce<Uint8Array[]>(
    (frames, [kind, place, value]) => damage(frames, kind, place, value).filter(({ length }) => length > 0), recorded,
  )));

/** A list of chunks that together are the bytes. */
export function chunks(bytes: Arbitrary<Uint8Array>): Arbitrary<Uint8Array[]> {
  return fc.tuple(bytes, fc.array(fc.nat(), { maxLength: 6 })).map(([whole, cuts]) => {
    const places = cuts.map((each) => each % (whole.length + 1)).sort((a, b) => a - b);
    return [...places, whole.length].map((end, index) => whole.subarray(places[index - 1] ?? 0, end));
  });
}
