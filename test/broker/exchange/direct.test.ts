import { expect, test } from 'vitest';
import { DirectMatcher } from '../../../core/broker/exchange/direct.ts';
import { FanoutMatcher } from '../../../core/broker/exchange/fanout.ts';
import { bind, binding, route } from './matching.ts';

test('direct: a message goes where the key is the same [TYP-01]', () => {
  const matcher = new DirectMatcher<string>();
  bind(matcher, binding('q1', 'a'), binding('q2', 'a'), binding('q2', 'b'), binding('q3', ''));
  expect(route(matcher, 'a')).toEqual(['q1', 'q2']);
  expect(route(matcher, 'b')).toEqual(['q2']);
  expect(route(matcher, '')).toEqual(['q3']);
  expect(route(matcher, 'A')).toEqual([]);
});

test('direct: a destination is told of once, however many bindings lead to it [TYP-01]', () => {
  const matcher = new DirectMatcher<string>();
  bind(matcher, binding('q', 'a', { n: 1 }), binding('q', 'a', { n: 2 }));
  const found: string[] = [];
  matcher.match({ properties: {} }, 'a', (destination) => found.push(destination));
  expect(found).toEqual(['q']);
});

test('direct: a destination stays until the last binding that leads to it goes', () => {
  const matcher = new DirectMatcher<string>();
  const bindings = [binding('q', 'a', { n: 1 }), binding('q', 'a', { n: 2 })] as const;
  bind(matcher, ...bindings);
  matcher.remove(bindings[0]);
  expect(route(matcher, 'a')).toEqual(['q']);
  matcher.remove(bindings[1]);
  expect(route(matcher, 'a')).toEqual([]);
  expect(() => matcher.remove(bindings[1])).toThrow('broken invariant');
});

test('fanout: a message goes everywhere, whatever the keys [TYP-02]', () => {
  const matcher = new FanoutMatcher<string>();
  const twice = [binding('q2', 'a'), binding('q2', 'b')] as const;
  bind(matcher, binding('q1', 'x'), ...twice);
  expect(route(matcher, 'y')).toEqual(['q1', 'q2']);
  matcher.remove(twice[0]);
  expect(route(matcher, '')).toEqual(['q1', 'q2']);
  matcher.remove(twice[1]);
  expect(route(matcher, 'a')).toEqual(['q1']);
});
