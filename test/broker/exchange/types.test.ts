import { expect, test } from 'vitest';
import {
  assertSameExchangeArguments, parseExchangeArguments,
} from '../../../core/broker/exchange/arguments.ts';
import { createMatcher, exchangeTypeNames, isExchangeType } from '../../../core/broker/exchange/types.ts';
import { AmqpError } from '../../../core/errors.ts';
import type { FieldTable } from '../../../core/protocol/types.ts';
import { bind, binding, route } from './matching.ts';

const resource = "exchange 'x' in vhost '/'";

test('every type makes a matcher that routes', () => {
  for (const type of exchangeTypeNames) {
    const matcher = createMatcher<string>(type, {
      exchange: resource, arguments: { 'x-delayed-type': 'direct' }, random: () => 0, nameOf: (name) => name,
      queueTypeOf: () => 'classic',
    });
    const key = type === 'x-consistent-hash' ? '1' : '';
    bind(matcher, binding('q', key));
    expect(route(matcher, key), type).toEqual(['q']);
  }
  for (const type of ['nope', 'constructor', '']) expect(isExchangeType(type)).toBe(false);
});

test('the arguments of a type are checked when an exchange is made', () => {
  expect(() => createMatcher<string>('x-consistent-hash', {
    exchange: resource, arguments: { 'hash-property': 'nope' }, random: () => 0,
    nameOf: (name) => name, queueTypeOf: () => undefined,
  })).toThrow(new AmqpError('PRECONDITION_FAILED', 'Unsupported property: nope'));
});

test('an alternate exchange is named by text [EXC-05]', () => {
  expect(parseExchangeArguments({}, resource).alternateExchange).toBe(undefined);
  expect(parseExchangeArguments({ 'alternate-exchange': 'ae', x: 1 }, resource).alternateExchange).toBe('ae');
  expect(() => parseExchangeArguments({ 'alternate-exchange': 5 }, resource)).toThrow(new AmqpError(
    'PRECONDITION_FAILED', `invalid type 'signedint' for arg 'alternate-exchange' in ${resource}`,
  ));
});

test.each<[received: FieldTable, current: FieldTable, text: string]>([
  [{ 'alternate-exchange': 'b' }, { 'alternate-exchange': 'a' }, "received 'b' but current is 'a'"],
  [{}, { 'alternate-exchange': 'a' }, "received none but current is the value 'a' of type 'longstr'"],
  [{ 'alternate-exchange': 5 }, {}, "received the value '5' of type 'signedint' but current is none"],
])('declared again with %o instead of %o: 406 [EXC-04]', (received, current, text) => {
  expect(() => assertSameExchangeArguments(received, current, resource)).toThrow(new AmqpError(
    'PRECONDITION_FAILED', `inequivalent arg 'alternate-exchange' for ${resource}: ${text}`,
  ));
});

test('other arguments may differ when an exchange is declared again [EXC-04]', () => {
  const same = { 'alternate-exchange': 'a' };
  expect(() => assertSameExchangeArguments({ ...same, foo: 1 }, { ...same, foo: 2 }, resource)).not.toThrow();
});
