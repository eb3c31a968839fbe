import { describe, expect, test } from 'vitest';
import * as fc from '../../support/property.ts';
import { TopicMatcher } from '../../../core/broker/exchange/topic.ts';
import { bind, binding, leave, route } from './matching.ts';

/** The rule as one would say it, without a trie. */
function fits(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#') {
    return fits(rest, words) || (words.length > 0 && fits(pattern, words.slice(1)));
  }
  if (words.length === 0) return false;
  return (first === '*' || first === words[0]) && fits(rest, words.slice(1));
}

const split = (key: string): string[] => (key === '' ? [] : key.split('.'));

describe('examples [TYP-03]', () => {
  const cases: readonly [key: string, matching: readonly string[], other: readonly string[]][] = [
    ['', ['', '#', '#.#.#'], ['*', 'a', '#.*', '.']],
    ['a', ['a', '*', '#', 'a.#', '#.a', '#.*', '*.#', '#.a.#'], ['', 'b', 'a.*', '*.*', 'A']],
    ['a.b', ['a.b', '*.b', 'a.*', '#.b', 'a.#.b', '*.*', '#.*.#.*'], ['*', 'a', 'a.b.*', 'b.#']],
    ['a..b', ['a..b', 'a.*.b', '*.*.*', 'a.#.b'], ['a.b', 'a.*']],
    ['a.', ['a.', 'a.*', 'a.#'], ['a']],
    ['.', ['.', '*.*'], ['', '*']],
    ['quick.orange.rabbit', ['*.orange.*', '*.*.rabbit'], ['lazy.#', 'quick.orange']],
    ['*.#', ['*.*', '#'], ['a.#', '*']],
    ['constructor.__proto__', ['constructor.__proto__', '#'], ['*', 'constructor']],
  ];
  test.each(cases)('routing key "%s"', (key, matching, other) => {
    const matcher = new TopicMatcher<string>();
    bind(matcher, ...[...matching, ...other].map((pattern) => binding(pattern, pattern)));
    expect(route(matcher, key)).toEqual([...matching].sort());
  });
});

const word = fc.constantFrom('a', 'b', '', '*', '#');
const key = fc.array(word, { maxLength: 6 }).map((words) => words.join('.'));
const bindings = fc.array(
  fc.tuple(fc.constantFrom('q1', 'q2', 'q3'), key).map(([queue, pattern]) => binding(queue, pattern)),
  { maxLength: 12 },
);

test('it agrees with the rule, whatever was bound and unbound before', () => {
  fc.assert(fc.property(bindings, fc.infiniteStream(fc.boolean()), key, (all, coin, routingKey) => {
    const matcher = new TopicMatcher<string>();
    const left = leave(matcher, all, all.map(() => coin.next().value));
    const expected = left
      .filter((each) => fits(split(each.routingKey), split(routingKey)))
      .map(({ destination }) => destination);
    expect(route(matcher, routingKey)).toEqual([...new Set(expected)].sort());
  }), { numRuns: 2000 });
});

test('a trie that has lost its bindings is as good as new', () => {
  fc.assert(fc.property(bindings, key, (all, routingKey) => {
    const matcher = new TopicMatcher<string>();
    leave(matcher, all, all.map(() => true));
    route(matcher, routingKey);
    // Only the root is left to visit, before the first word.
    expect(matcher.nodesVisited).toBe(1);
  }));
});

/** Nodes that one match visits. */
function cost(matcher: TopicMatcher<string>, routingKey: string): number {
  const before = matcher.nodesVisited;
  route(matcher, routingKey);
  return matcher.nodesVisited - before;
}

test('bindings that do not match cost nothing', () => {
  const matcher = new TopicMatcher<string>();
  bind(matcher, binding('q', 'stock.*.eur'), binding('q', 'stock.#'));
  const alone = cost(matcher, 'stock.nyse.eur');
  for (let i = 0; i < 10_000; i++) {
    bind(matcher, binding('q', `stock.x${i}.eur`), binding('q', `bond${i}.#`), binding('q', `a.*.${i}`));
  }
  expect(cost(matcher, 'stock.nyse.eur')).toBe(alone);
});

test('a key full of # costs no more than its length times that of the routing key', () => {
  const matcher = new TopicMatcher<string>();
  const words = 127;
  bind(matcher, binding('q1', Array(words).fill('#').join('.')));
  bind(matcher, binding('q2', Array(words / 2 | 0).fill('#.a').join('.')));
  expect(route(matcher, Array(words).fill('a').join('.'))).toEqual(['q1', 'q2']);
  expect(cost(matcher, Array(words).fill('a').join('.'))).toBeLessThan(2 * words * (words + 2));
  expect(route(matcher, Array(words).fill('b').join('.'))).toEqual(['q1']);
});
