/** Each text here is what RabbitMQ 3.10.8 answers, save where a comment says otherwise. */
import { describe, expect, test } from 'vitest';
import { parseConsumerArguments } from '../../core/broker/delivery/consumer-arguments.ts';
import { assertSameField } from '../../core/broker/definition/equivalence.ts';
import {
  assertSameQueueArguments, parseQueueArguments, type QueueDeclaration, type QueueSettings,
} from '../../core/broker/queue/arguments.ts';
import { AmqpError } from '../../core/errors.ts';
import { Decimal, type FieldTable } from '../../core/protocol/types.ts';

const resource = "queue 'q' in vhost '/'";
const failure = (text: string): AmqpError => new AmqpError('PRECONDITION_FAILED', text);

function parse(table: FieldTable, declaration: Partial<QueueDeclaration> = {}): QueueSettings {
  return parseQueueArguments(
    { name: 'q', vhost: '/', durable: true, exclusive: false, autoDelete: false, ...declaration }, table,
  );
}

const quorum = (table: FieldTable): FieldTable => ({ 'x-queue-type': 'quorum', ...table });
const stream = (table: FieldTable): FieldTable => ({ 'x-queue-type': 'stream', ...table });

describe('a value that is wrong: 406', () => {
  test.each<[FieldTable, name: string, reason: string]>([
    [{ 'x-expires': 0 }, 'x-expires', '{value_zero,0}'],
    [{ 'x-expires': -1 }, 'x-expires', '{value_negative,-1}'],
    [{ 'x-expires': 'a' }, 'x-expires', '"expected integer, got longstr"'],
    [{ 'x-expires': null }, 'x-expires', '"expected integer, got void"'],
    [{ 'x-expires': true }, 'x-expires', '"expected integer, got bool"'],
    [{ 'x-expires': 1.5 }, 'x-expires', '"expected integer, got double"'],
    [{ 'x-expires': new Decimal(0, 5) }, 'x-expires', '"expected integer, got decimal"'],
    [{ 'x-expires': [1] }, 'x-expires', '"expected integer, got array"'],
    [{ 'x-expires': { a: 1 } }, 'x-expires', '"expected integer, got table"'],
    [{ 'x-expires': new Date(0) }, 'x-expires', '"expected integer, got timestamp"'],
    [{ 'x-expires': Uint8Array.of(1) }, 'x-expires', '"expected integer, got binary"'],
    [{ 'x-expires': 400_000_000_000 }, 'x-expires', '{value_too_large,400000000000}'],
    [{ 'x-message-ttl': -1 }, 'x-message-ttl', '{value_negative,-1}'],
    [{ 'x-message-ttl': 400_000_000_000 }, 'x-message-ttl', '{value_too_large,400000000000}'],
    [{ 'x-max-length': -1 }, 'x-max-length', '{value_negative,-1}'],
    [{ 'x-max-length-bytes': 'a' }, 'x-max-length-bytes', '"expected integer, got longstr"'],
    [{ 'x-max-priority': 256 }, 'x-max-priority', '{max_value_exceeded,256}'],
    [{ 'x-max-priority': -1 }, 'x-max-priority', '{value_negative,-1}'],
    [{ 'x-overflow': 'nope' }, 'x-overflow', 'invalid_overflow'],
    [{ 'x-overflow': 5 }, 'x-overflow', '{unacceptable_type,signedint}'],
    [{ 'x-queue-type': 'nope' }, 'x-queue-type', `"unsupported queue type 'nope'"`],
    [{ 'x-queue-type': 'a"b\\c' }, 'x-queue-type', String.raw`"unsupported queue type 'a\"b\\c'"`],
    [{ 'x-queue-type': 5 }, 'x-queue-type', '{unacceptable_type,signedint}'],
    [{ 'x-queue-mode': 'nope' }, 'x-queue-mode', `"unsupported queue mode 'nope'"`],
    [{ 'x-queue-mode': 5 }, 'x-queue-mode', '{unacceptable_type,signedint}'],
    [{ 'x-queue-version': 3 }, 'x-queue-version', `"unsupported queue version '3'"`],
    [{ 'x-single-active-consumer': 1 }, 'x-single-active-consumer', '{unacceptable_type,signedint}'],
    [{ 'x-dead-letter-routing-key': 'k' }, 'x-dead-letter-routing-key', 'routing_key_but_no_dlx_defined'],
    [{ 'x-dead-letter-routing-key': 5 }, 'x-dead-letter-routing-key', '{unacceptable_type,signedint}'],
    [quorum({ 'x-dead-letter-strategy': 'nope' }), 'x-dead-letter-strategy', 'invalid_dlx_strategy'],
    [quorum({ 'x-quorum-initial-group-size': 0 }), 'x-quorum-initial-group-size', '{value_zero,0}'],
    [quorum({ 'x-queue-leader-locator': 'nope' }), 'x-queue-leader-locator', 'invalid_queue_locator_arg'],
    // RabbitMQ 3.10 takes any limit, and 4.x any integer.
    [quorum({ 'x-delivery-limit': 'a' }), 'x-delivery-limit', '"expected integer, got longstr"'],
    [stream({ 'x-max-age': '1x' }), 'x-max-age', 'invalid_max_age'],
    [stream({ 'x-max-age': '0h' }), 'x-max-age', 'invalid_max_age'],
    [stream({ 'x-max-age': '12' }), 'x-max-age', 'invalid_max_age'],
    [stream({ 'x-max-age': 5 }), 'x-max-age', '{unacceptable_type,signedint}'],
    [stream({ 'x-initial-cluster-size': 0 }), 'x-initial-cluster-size', '{value_zero,0}'],
  ])('%o', (table, name, reason) => {
    expect(() => parse(table)).toThrow(failure(`invalid arg '${name}' for ${resource}: ${reason}`));
  });

  test('the first in the order of the table is told of, not of the declaration', () => {
    expect(() => parse({ 'x-message-ttl': 'a', 'x-expires': 'b' })).toThrow("arg 'x-expires'");
  });

  test('a dead-letter exchange that is no text is told of before all else', () => {
    expect(() => parse({ 'x-queue-type': 'nope', 'x-dead-letter-exchange': 5 }))
      .toThrow(failure(`invalid type 'signedint' for arg 'x-dead-letter-exchange' in ${resource}`));
  });

  test('bounds of streams, in the words of RabbitMQ 4 [QUE-31]', () => {
    for (const size of [15, 256]) {
      expect(() => parse(stream({ 'x-stream-filter-size-bytes': size })))
        .toThrow(failure('Invalid value for x-stream-filter-size-bytes'));
    }
    expect(() => parse(stream({ 'x-stream-max-segment-size-bytes': 3_000_000_001 })))
      .toThrow(failure('Exceeded max value for x-stream-max-segment-size-bytes'));
  });
});

describe('an argument of another type of queue: 406 [QUE-35]', () => {
  test.each<[FieldTable, name: string, type: string]>([
    [{ 'x-dead-letter-strategy': 'at-most-once' }, 'x-dead-letter-strategy', 'classic'],
    [{ 'x-delivery-limit': 1 }, 'x-delivery-limit', 'classic'],
    [{ 'x-max-age': '1h' }, 'x-max-age', 'classic'],
    [quorum({ 'x-max-priority': 500 }), 'x-max-priority', 'quorum'],
    [quorum({ 'x-queue-mode': 'lazy' }), 'x-queue-mode', 'quorum'],
    [stream({ 'x-message-ttl': 1 }), 'x-message-ttl', 'stream'],
    [stream({ 'x-max-length': 5 }), 'x-max-length', 'stream'],
  ])('%o', (table, name, type) => {
    expect(() => parse(table))
      .toThrow(failure(`invalid arg '${name}' for ${resource} of queue type rabbit_${type}_queue`));
  });

  test('one that no type knows is accepted [TOP-8]', () => {
    for (const table of [{ 'x-foo': 1 }, quorum({ 'x-foo': 1, foo: null })]) {
      expect(() => parse(table)).not.toThrow();
    }
  });
});

describe('quorum queues and streams are durable and shared: else 406 [QUE-29]', () => {
  test.each<[Partial<QueueDeclaration>, property: string]>([
    [{ durable: false }, 'non-durable'],
    [{ exclusive: true }, 'exclusive-owner'],
    [{ autoDelete: true }, 'auto-delete'],
    [{ exclusive: true, autoDelete: true, durable: false }, 'auto-delete'],
  ])('%o', (declaration, property) => {
    for (const table of [quorum({}), stream({})]) {
      expect(() => parse(table, declaration))
        .toThrow(failure(`invalid property '${property}' for ${resource}`));
    }
    expect(() => parse({}, declaration)).not.toThrow();
  });

  test('the server does not name them', () => {
    expect(() => parse(quorum({}), { name: '' }))
      .toThrow(failure('Cannot declare a server-named queue for type rabbit_quorum_queue'));
    expect(() => parse({}, { name: '' })).not.toThrow();
  });
});

describe('what the broker makes of it', () => {
  test('nothing said', () => {
    expect(parse({})).toEqual({
      type: 'classic', overflow: 'drop-head', deadLetterStrategy: 'at-most-once', singleActiveConsumer: false,
    });
  });

  test('all said to a classic queue', () => {
    expect(parse({
      'x-queue-type': 'classic', 'x-message-ttl': 0, 'x-expires': 315_360_000_000n, 'x-max-length': 0,
      'x-max-length-bytes': 7, 'x-overflow': 'reject-publish-dlx', 'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'k', 'x-max-priority': 255, 'x-single-active-consumer': true,
      'x-consumer-timeout': 9, 'x-queue-mode': 'lazy', 'x-queue-version': 2, 'x-queue-master-locator': 'random',
      'x-queue-leader-locator': 'balanced',
    })).toEqual({
      type: 'classic', messageTtl: 0, expires: 315_360_000_000, maxLength: 0, maxLengthBytes: 7,
      overflow: 'reject-publish-dlx', deadLetterExchange: '', deadLetterRoutingKey: 'k',
      deadLetterStrategy: 'at-most-once', maxPriority: 255, singleActiveConsumer: true, consumerTimeout: 9,
    });
  });

  test('a quorum queue has a delivery limit unless it is told otherwise [QUE-29]', () => {
    expect(parse(quorum({})).deliveryLimit).toBe(20);
    expect(parse(quorum({ 'x-delivery-limit': 0 })).deliveryLimit).toBe(0);
    expect(parse(quorum({ 'x-delivery-limit': -1 })).deliveryLimit).toBe(undefined);
  });

  test('a quorum queue drops its head where it cannot dead-letter what it rejects [QUE-17]', () => {
    expect(parse(quorum({ 'x-overflow': 'reject-publish-dlx' })).overflow).toBe('drop-head');
    expect(parse(quorum({ 'x-overflow': 'reject-publish' })).overflow).toBe('reject-publish');
  });

  test('at-least-once needs reject-publish [QUE-29]', () => {
    const strategy = { 'x-dead-letter-strategy': 'at-least-once', 'x-dead-letter-exchange': 'dlx' };
    expect(parse(quorum(strategy)).deadLetterStrategy).toBe('at-most-once');
    expect(parse(quorum({ ...strategy, 'x-overflow': 'reject-publish' })).deadLetterStrategy).toBe('at-least-once');
  });

  test('delayed retry needs to know how long [QUE-29]', () => {
    const failed = { 'x-delayed-retry-type': 'failed' };
    expect(parse(quorum(failed)).delayedRetry).toBe(undefined);
    expect(parse(quorum({ ...failed, 'x-delayed-retry-min': 5 })).delayedRetry)
      .toEqual({ messages: 'failed', minMs: 5, maxMs: Infinity });
    expect(parse(quorum({ 'x-delayed-retry-type': 'disabled', 'x-delayed-retry-min': 5 })).delayedRetry)
      .toBe(undefined);
  });
});

describe('declared again [QUE-05]', () => {
  test.each<[received: FieldTable, current: FieldTable, text: string]>([
    [{ 'x-max-length': 6 }, { 'x-max-length': 5 }, "'x-max-length' for R: received '6' but current is '5'"],
    [
      { 'x-max-length': 2 ** 40 }, { 'x-max-length': 5 },
      "'x-max-length' for R: received '1099511627776' but current is '5'",
    ],
    [
      {}, { 'x-max-length': 5 },
      "'x-max-length' for R: received none but current is the value '5' of type 'signedint'",
    ],
    [
      { 'x-max-length': 5 }, {},
      "'x-max-length' for R: received the value '5' of type 'signedint' but current is none",
    ],
    [
      { 'x-overflow': 'reject-publish' }, { 'x-overflow': 'drop-head' },
      "'x-overflow' for R: received 'reject-publish' but current is 'drop-head'",
    ],
    [
      {}, { 'x-single-active-consumer': true },
      "'x-single-active-consumer' for R: received none but current is the value 'true' of type 'bool'",
    ],
    [
      { 'x-queue-type': 'quorum' }, {},
      "'x-queue-type' for R: received the value 'quorum' of type 'longstr' but current is none",
    ],
    [
      { 'x-max-length': 5, 'x-expires': 4 }, { 'x-max-length': 4 },
      "'x-expires' for R: received the value '4' of type 'signedint' but current is none",
    ],
    [{ 'x-max-length': '5' }, { 'x-max-length': 5 }, "'x-max-length' for R: received '5' but current is '5'"],
  ])('%o instead of %o: 406', (received, current, text) => {
    expect(() => assertSameQueueArguments('classic', received, current, resource))
      .toThrow(failure(`inequivalent arg ${text.replace('R', resource)}`));
  });

  test.each<[received: FieldTable, current: FieldTable]>([
    [{}, {}],
    [{ 'x-max-length': 5n }, { 'x-max-length': 5 }],
    [{ 'x-queue-type': 'classic' }, {}],
    [{}, { 'x-queue-type': 'classic' }],
    [{ 'x-foo': 1 }, { 'x-foo': 2 }],
    [{ 'x-max-age': 4 }, {}],
  ])('%o instead of %o is the same', (received, current) => {
    expect(() => assertSameQueueArguments('classic', received, current, resource)).not.toThrow();
  });

  test('a quorum queue is not declared again as a classic one', () => {
    expect(() => assertSameQueueArguments('quorum', {}, quorum({}), resource)).toThrow(failure(
      `inequivalent arg 'x-queue-type' for ${resource}: `
        + "received none but current is the value 'quorum' of type 'longstr'",
    ));
    expect(() => assertSameQueueArguments('quorum', quorum({}), quorum({}), resource)).not.toThrow();
  });

  test('fields of the method', () => {
    expect(() => assertSameField('durable', true, false, resource)).toThrow(
      failure(`inequivalent arg 'durable' for ${resource}: received 'true' but current is 'false'`),
    );
    expect(() => assertSameField('type', 'direct', 'direct', resource)).not.toThrow();
  });
});

describe('consumers [BAS-12]', () => {
  test('what is said', () => {
    expect(parseConsumerArguments({ 'x-priority': -5, 'x-consumer-timeout': 7 }, 'classic', resource))
      .toEqual({ priority: -5, timeout: 7 });
    // Of a time when queues had mirrors: nobody knows it now, so nobody minds.
    expect(parseConsumerArguments({ 'x-cancel-on-ha-failover': 5 }, 'quorum', resource))
      .toEqual({ priority: 0, timeout: undefined });
  });

  test.each<[FieldTable, reason: string]>([
    [{ 'x-priority': 'a' }, `'x-priority' for ${resource}: "expected integer, got longstr"`],
    [{ 'x-priority': true }, `'x-priority' for ${resource}: "expected integer, got bool"`],
    [{ 'x-stream-offset': 'first' }, `'x-stream-offset' for ${resource} of queue type rabbit_classic_queue`],
  ])('%o: 406', (table, reason) => {
    expect(() => parseConsumerArguments(table, 'classic', resource)).toThrow(failure(`invalid arg ${reason}`));
  });
});
