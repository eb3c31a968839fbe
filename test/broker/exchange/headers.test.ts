import { describe, expect, test } from 'vitest';
import * as fc from '../../support/property.ts';
import { HeadersMatcher } from '../../../core/broker/exchange/headers.ts';
import { AmqpError } from '../../../core/errors.ts';
import { Decimal, type FieldTable, type FieldValue } from '../../../core/protocol/types.ts';
import { bind, binding, leave, route } from './matching.ts';

/** Whether a message with these headers goes to a queue that was bound with these arguments. */
function matches(pattern: FieldTable, headers: FieldTable | undefined): boolean {
  const matcher = new HeadersMatcher<string>();
  bind(matcher, binding('q', 'any key', pattern));
  return route(matcher, 'another', headers === undefined ? {} : { headers }).length === 1;
}

const bytes = (...octets: number[]): Uint8Array => Uint8Array.from(octets);

describe('examples [TYP-04]', () => {
  const cases: readonly [pattern: FieldTable, headers: FieldTable | undefined, match: boolean][] = [
    [{ a: 1, b: 'x' }, { a: 1, b: 'x', c: 3 }, true],
    [{ a: 1, b: 'x' }, { a: 1 }, false],
    [{ a: 1, b: 'x', 'x-match': 'all' }, { a: 1, b: 'y' }, false],
    [{ a: 1, b: 'x', 'x-match': 'any' }, { a: 2, b: 'x' }, true],
    [{ a: 1, b: 'x', 'x-match': 'any' }, { a: 2, b: 'y' }, false],
    // Nothing is all of nothing, but not any of it.
    [{}, { a: 1 }, true],
    [{}, undefined, true],
    [{ 'x-match': 'any' }, { a: 1 }, false],
    // Headers whose names start with x- count only where the binding says so.
    [{ 'x-a': 5 }, { 'x-a': 6 }, true],
    [{ 'x-a': 5, 'x-match': 'any' }, { 'x-a': 5 }, false],
    [{ 'x-a': 5, 'x-match': 'all-with-x' }, { 'x-a': 6 }, false],
    [{ 'x-a': 5, 'x-match': 'all-with-x' }, { 'x-a': 5 }, true],
    [{ 'x-a': 5, b: 1, 'x-match': 'any-with-x' }, { 'x-a': 5 }, true],
    [{ 'x-match': 'all-with-x' }, { 'x-match': 'other' }, true],
    // Void stands for presence.
    [{ a: null }, { a: 'whatever' }, true],
    [{ a: null }, { a: null }, true],
    [{ a: null }, { b: 1 }, false],
    [{ a: null }, undefined, false],
    [{ a: null, 'x-match': 'any' }, { a: 0 }, true],
    // Nothing comes from a prototype.
    [{ constructor: null }, {}, false],
    [{ toString: null, 'x-match': 'any' }, { a: 1 }, false],
  ];
  test.each(cases)('%o and %o', (pattern, headers, match) => {
    expect(matches(pattern, headers)).toBe(match);
  });
});

describe('equality of values [TYP-04]', () => {
  const equal: readonly [FieldValue, FieldValue][] = [
    [5, 5n], [5, new Date(5000)], ['é', bytes(0xc3, 0xa9)], [2 ** 53, 2n ** 53n],
    [[1, 'a'], [1, 'a']], [{ k: 1, l: [2] }, { k: 1, l: [2] }], [-0, 0],
    [new Decimal(2, 314), new Decimal(2, 314)], [bytes(0xff), bytes(0xff)],
  ];
  const different: readonly [FieldValue, FieldValue][] = [
    [1, '1'], [1, true], ['true', true], [0, null], ['', null], [5, new Decimal(0, 5)], [1, 1.5],
    [[1], ['1']], [[1], 1], [[], {}], [{ k: 1 }, { k: 2 }], [{ k: 1 }, { k: 1, l: 1 }],
    [[['table', []]], { table: [] }], [bytes(0xff), bytes(0xfe)], [bytes(0xff), [255]],
    // Inside a table or an array the type counts as well, and the order of the fields.
    [[1, 'a'], [1n, 'a']], [{ k: 1 }, { k: 1n }], [{ k: 5 }, { k: new Date(5000) }],
    [{ k: 'a' }, { k: bytes(97) }], [{ k: 1, l: [2] }, { l: [2], k: 1 }],
    [2n ** 62n, 2n ** 62n + 1n], [{ number: '5' }, [5]], [['a,b'], ['a', 'b']], ['S', 's'],
  ];
  test.each(equal)('%o is %o', (one, other) => {
    expect(matches({ h: one }, { h: other })).toBe(true);
    expect(matches({ h: other }, { h: one })).toBe(true);
  });
  test.each(different)('%o is not %o', (one, other) => {
    expect(matches({ h: one }, { h: other })).toBe(false);
  });
});

describe('x-match that means nothing [TYP-04]', () => {
  const expected = 'expected all, any, all-with-x, or any-with-x';
  test.each<[FieldValue, text: string]>([
    ['bad', `Invalid x-match field value <<"bad">>; ${expected}`],
    ['ALL', `Invalid x-match field value <<"ALL">>; ${expected}`],
    ['', `Invalid x-match field value <<>>; ${expected}`],
    ['é', `Invalid x-match field value <<"é">>; ${expected}`],
    [5, 'Invalid x-match field type signedint (value 5); expected longstr'],
    [null, 'Invalid x-match field type void (value undefined); expected longstr'],
    [true, 'Invalid x-match field type bool (value true); expected longstr'],
    [
      [1, 'a'],
      'Invalid x-match field type array (value [{signedint,1},{longstr,<<"a">>}]); expected longstr',
    ],
    [
      { k: 'v', n: 1 },
      'Invalid x-match field type table (value [{<<"k">>,longstr,<<"v">>},{<<"n">>,signedint,1}]); '
        + 'expected longstr',
    ],
    [
      new Decimal(2, 314),
      'Invalid x-match field type decimal (value {2,314}); expected longstr',
    ],
    [bytes(97, 98), 'Invalid x-match field type binary (value <<"ab">>); expected longstr'],
    [bytes(255), 'Invalid x-match field type binary (value <<255>>); expected longstr'],
    [new Date(5000), 'Invalid x-match field type timestamp (value 5); expected longstr'],
    [2 ** 40, 'Invalid x-match field type long (value 1099511627776); expected longstr'],
    [2n ** 62n, 'Invalid x-match field type long (value 4611686018427387904); expected longstr'],
  ])('%o: 406', (value, text) => {
    const matcher = new HeadersMatcher<string>();
    expect(() => matcher.check(binding('q', '', { 'x-match': value })))
      .toThrow(new AmqpError('PRECONDITION_FAILED', text));
  });
});

const name = fc.constantFrom('a', 'b', 'x-c', 'x-d');
const value = fc.constantFrom<FieldValue>(1, 2, '1', true, null, [1], { k: 1 });
const headers = fc.dictionary(name, value, { maxKeys: 4 });
const mode = fc.constantFrom('all', 'any', 'all-with-x', 'any-with-x', undefined);
const pattern = fc.tuple(headers, mode).map(
  ([table, xMatch]): FieldTable => (xMatch === undefined ? table : { ...table, 'x-match': xMatch }),
);
const bindings = fc.array(
  fc.tuple(fc.constantFrom('q1', 'q2'), pattern).map(([queue, table]) => binding(queue, '', table)),
  { maxLength: 6 },
);

/** The rule as one would say it. */
function fits(pattern: FieldTable, message: FieldTable): boolean {
  const xMatch = String(pattern['x-match'] ?? 'all');
  const results = Object.entries(pattern)
    .filter(([key]) => key !== 'x-match' && (xMatch.endsWith('-with-x') || !key.startsWith('x-')))
    .map(([key, wanted]) => key in message
      && (wanted === null || JSON.stringify(wanted) === JSON.stringify(message[key])));
  return xMatch.startsWith('all') ? results.every(Boolean) : results.some(Boolean);
}

test('it agrees with the rule, whatever was bound and unbound before', () => {
  fc.assert(fc.property(bindings, fc.infiniteStream(fc.boolean()), headers, (all, coin, message) => {
    const matcher = new HeadersMatcher<string>();
    const left = leave(matcher, all, all.map(() => coin.next().value));
    const expected = left
      .filter((each) => fits(each.arguments, message))
      .map(({ destination }) => destination);
    expect(route(matcher, '', { headers: message })).toEqual([...new Set(expected)].sort());
  }), { numRuns: 2000 });
});

test('a value nested deep is no burden', () => {
  let deep: FieldValue = 'a "quoted" \\ leaf';
  for (let depth = 0; depth < 32; depth++) deep = depth % 2 === 0 ? [deep] : { k: deep };
  expect(matches({ h: deep }, { h: structuredClone(deep) })).toBe(true);
});
