/** Patterns that a list is filtered by: none takes long, and each means what it says. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../core/broker/definition/pattern.ts';
import { limits } from '../../core/limits.ts';
import { linearPattern, type NamePattern } from '../../core/management/lists/linear-pattern.ts';

function compiled(pattern: string): NamePattern {
  const { source, flags } = compilePattern(pattern);
  return linearPattern(source, flags);
}

const usual: readonly (readonly [pattern: string, yes: string, no: string])[] = [
  ['^amq\\.', 'amq.topic', 'my.amq.topic'],
  ['.*\\..*', 'a.b', 'ab'],
  ['^(a|b)-[0-9]+$', 'b-17', 'c-17'],
  ['^$', '', 'a'],
  ['^(?!amq\\.).*', 'orders', 'amq.direct'],
  ['^.*-.*(?<!-dead)$', 'orders-eu', 'orders-dead'],
  ['^([a-z]+\\.)*orders$', 'eu.north.orders', 'eu..orders'],
  ['^(?<team>[a-z]{2,3}-)+x{2}$', 'ab-abc-xx', 'ab-abcd-xx'],
  ['\\bred\\b.*\\d+', 'a red 17', 'a bored 17'],
  ['(?i)^ORD.*RS$', 'orders', 'order'],
  ['^[[:alpha:]]+_[[:digit:]]+$', 'q_1', '1_q'],
  ['^[^]*[x\\]]+b+$', 'a]b', ']xa'],
  ['^a*{b+}]$', 'a{bb}]', 'a{}]'],
  ['(?=.*a)(?=.*b(?!c.*))^.{3,}$', 'xbxa', 'xbca'],
];

test.each(usual)('%s matches %j and not %j', (pattern, yes, no) => {
  const { test: matches } = compiled(pattern);
  expect([matches(yes), matches(no)]).toEqual([true, false]);
});

// JavaScript's own engine needs longer than anybody lives for each of these.
test.each([
  '(a+)+$', '^(a|a)*$', '(.*)*x', '^([a-z]+)*$', '^(a|aa)+$', '(a*)*b', '(?:a?){60}a{60}$',
  '(.*a){25}$', `${'.*'.repeat(12)}x`, `${'(a|a)'.repeat(60)}$`, '(?=(a+)+$)b', '((a?)*)*x$',
  '(?!(a+)+$)(a+)+$', '(){200}(a+)+$',
])('%s is decided at once', (pattern) => {
  expect(compiled(pattern).test(`${'a'.repeat(254)}!`)).toBe(false);
});

test('an expression that ends after what is repeated without end is met at once too', () => {
  for (const pattern of ['(a|a)*$', '([a-z]+)*$']) {
    expect(compiled(pattern).test(`${'a'.repeat(254)}!`)).toBe(true);
  }
});

test.each([
  ['(a{99}){99}', `more than ${limits.patternStatesMax} steps`],
  ['((){999999}){999999}', `more than ${limits.patternStatesMax} steps`],
  ['(a+)+\\1$', 'refers back to a group'],
  ['a'.repeat(limits.patternLettersMax + 1), `${limits.patternLettersMax} letters at most`],
  ['(a', 'is no regular expression'],
])('%s is refused', (pattern, words) => {
  expect(() => compiled(pattern)).toThrow(words);
});

describe('what JavaScript says of a short name', () => {
  const letter = fc.constantFrom('a', 'b', '.', '[^a]', '\\w', '^', '$', '\\b', '(?=a)', '(?<!b)');
  const { pattern } = fc.letrec<{ readonly pattern: string }>((tie) => ({
    pattern: fc.oneof({ depthSize: 'small' }, letter,
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${a}${b}`),
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(${a}|${b})`),
      fc.tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{1,}', '*?'))
        .map(([a, sign]) => `(?:${a})${sign}`),
      fc.tuple(fc.constantFrom('=', '!', '<=', '<!'), tie('pattern'))
        .map(([sign, a]) => `(?${sign}${a})`)),
  }));
  test('is what the linear matcher says', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '-'), maxLength: 5 });
    fc.assert(fc.property(pattern, name, fc.constantFrom('', 'i'), (source, text, flags) => {
      expect(linearPattern(source, flags).test(text)).toBe(new RegExp(source, flags).test(text));
    }), { numRuns: 2000 });
  });
});
