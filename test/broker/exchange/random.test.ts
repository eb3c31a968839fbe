import { expect, test } from 'vitest';
import { LocalRandomMatcher, RandomMatcher } from '../../../core/broker/exchange/random.ts';
import { AmqpError } from '../../../core/errors.ts';
import { bind, binding, route } from './matching.ts';

/** Numbers in [0, 1) that are dealt evenly. */
function evenly(count: number): () => number {
  let drawn = 0;
  return () => (drawn++ % count) / count;
}

test('x-random: each destination is as likely, however often it is bound [TYP-07]', () => {
  const matcher = new RandomMatcher<string>(evenly(90));
  bind(matcher, binding('q1'), binding('q2', 'a'), binding('q2', 'b'), binding('q3'));
  const counts = new Map<string, number>();
  for (let i = 0; i < 90; i++) {
    const [place, ...others] = route(matcher, 'x');
    expect(others).toEqual([]);
    counts.set(place!, (counts.get(place!) ?? 0) + 1);
  }
  expect([...counts].sort()).toEqual([['q1', 30], ['q2', 30], ['q3', 30]]);
  expect(matcher.keyOnly).toBe(false);
});

test('x-random: what is bound or unbound between two messages counts', () => {
  const matcher = new RandomMatcher<string>(() => 0.99);
  expect(route(matcher, 'x')).toEqual([]);
  bind(matcher, binding('q1'));
  expect(route(matcher, 'x')).toEqual(['q1']);
  bind(matcher, binding('q2'));
  expect(route(matcher, 'x')).toEqual(['q2']);
  matcher.remove(binding('q2'));
  expect(route(matcher, 'x')).toEqual(['q1']);
});

test('x-local-random: only classic queues, only without a key [TYP-07]', () => {
  const types: Readonly<Record<string, 'classic' | 'quorum'>> = { q: 'classic', qq: 'quorum' };
  const matcher = new LocalRandomMatcher<string>(() => 0, (name) => types[name]);
  const refusal = (text: string): AmqpError => new AmqpError('PRECONDITION_FAILED', text);
  bind(matcher, binding('q'));
  expect(route(matcher, 'any key')).toEqual(['q']);
  expect(() => matcher.check(binding('q', 'k')))
    .toThrow(refusal("Non empty binding 'k' key not permitted"));
  expect(() => matcher.check(binding('qq')))
    .toThrow(refusal('Queue type rabbit_quorum_queue not valid for this exchange type'));
  expect(() => matcher.check(binding('exchange'))).toThrow(refusal('Destination not found'));
});
