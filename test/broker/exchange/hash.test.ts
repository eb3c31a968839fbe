import { describe, expect, test } from 'vitest';
import * as fc from '../../support/property.ts';
import { ConsistentHashMatcher, hashSourceOf } from '../../../core/broker/exchange/consistent-hash.ts';
import { jumpHash } from '../../../core/broker/exchange/hash.ts';
import { Shares } from '../../../core/broker/exchange/shares.ts';
import { ModulusHashMatcher } from '../../../core/broker/exchange/modulus-hash.ts';
import { AmqpError } from '../../../core/errors.ts';
import type { FieldTable, Properties } from '../../../core/protocol/types.ts';
import { bind, binding, route } from './matching.ts';

const keys = Array.from({ length: 20_000 }, (_, i) => `order.${i}`);

function consistent(table: FieldTable = {}): ConsistentHashMatcher<string> {
  return new ConsistentHashMatcher(hashSourceOf(table, "exchange 'x' in vhost '/'"));
}

/** The one destination of a message. */
function placeOf(
  matcher: ConsistentHashMatcher<string>, routingKey: string, properties: Properties = {},
): string {
  const [place, ...others] = route(matcher, routingKey, properties);
  expect(others).toEqual([]);
  return place!;
}

const placesOf = (matcher: ConsistentHashMatcher<string>): string[] =>
  keys.map((key) => placeOf(matcher, key));

test('jump hash: a hash keeps its bucket or moves to one that is new', () => {
  fc.assert(fc.property(
    fc.nat(2 ** 32 - 1), fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 1000 }),
    (hash, buckets, more) => {
      const before = jumpHash(hash, buckets);
      const after = jumpHash(hash, buckets + more);
      expect(before).toBeGreaterThanOrEqual(0);
      expect(before).toBeLessThan(buckets);
      expect(after === before || (after >= buckets && after < buckets + more)).toBe(true);
    },
  ), { numRuns: 1000 });
});

test('shares: whose bucket it is stays true, whoever comes and goes', () => {
  const step = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 9 }));
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const shares = new Shares<number>();
    const model = new Map<number, number>();
    for (const [destination, weight] of steps) {
      if (model.delete(destination)) {
        shares.remove(destination);
      } else {
        model.set(destination, weight);
        shares.append(destination, weight);
      }
    }
    const buckets = [...model].flatMap(([destination, weight]) => Array<number>(weight).fill(destination));
    expect(Array.from({ length: shares.bucketCount }, (_, bucket) => shares.at(bucket))).toEqual(buckets);
  }), { numRuns: 300 });
});

describe('x-consistent-hash [TYP-05]', () => {
  test('without a binding a message goes nowhere', () => {
    expect(route(consistent(), 'a')).toEqual([]);
  });

  test('destinations get messages in the proportion of their weights', () => {
    const matcher = consistent();
    const weights: Readonly<Record<string, number>> = { q1: 1, q2: 2, q3: 5, q4: 12 };
    for (const [queue, weight] of Object.entries(weights)) bind(matcher, binding(queue, `${weight}`));
    const places = placesOf(matcher);
    for (const [queue, weight] of Object.entries(weights)) {
      const share = places.filter((place) => place === queue).length / keys.length;
      expect(Math.abs(share - weight / 20), queue).toBeLessThan(0.015);
    }
  });

  test('a new destination takes its share and moves nothing among the others', () => {
    const matcher = consistent();
    bind(matcher, binding('q1', '3'), binding('q2', '3'), binding('q3', '3'));
    const before = placesOf(matcher);
    bind(matcher, binding('new', '1'));
    const moved = placesOf(matcher).filter((place, i) => {
      if (place !== before[i]) expect(place).toBe('new');
      return place !== before[i];
    });
    expect(Math.abs(moved.length / keys.length - 0.1)).toBeLessThan(0.015);
  });

  test('what is left after unbinding routes as if nothing else had been', () => {
    const weight = fc.integer({ min: 1, max: 20 }).map(String);
    const some = fc.array(fc.tuple(fc.constantFrom('q1', 'q2', 'q3'), weight, fc.boolean()), {
      maxLength: 6,
    });
    fc.assert(fc.property(some, (draw) => {
      // One binding a destination: which of two counts depends on which was first.
      const seen = new Map(draw.map((each) => [each[0], each]));
      const all = [...seen.values()].map(([queue, key, gone]) => ({ ...binding(queue, key), gone }));
      const matcher = consistent();
      const fresh = consistent();
      bind(matcher, ...all);
      for (const each of all.filter(({ gone }) => gone)) matcher.remove(each);
      bind(fresh, ...all.filter(({ gone }) => !gone));
      for (const key of keys.slice(0, 50)) expect(route(matcher, key)).toEqual(route(fresh, key));
    }));
  });

  test('a second binding of a destination counts only once the first has gone', () => {
    const matcher = consistent();
    const first = binding('q1', '1');
    const second = binding('q1', '99');
    bind(matcher, first, binding('q2', '1'));
    const before = placesOf(matcher);
    bind(matcher, second);
    expect(placesOf(matcher)).toEqual(before);
    matcher.remove(second);
    expect(placesOf(matcher)).toEqual(before);
    bind(matcher, second);
    matcher.remove(first);
    const share = placesOf(matcher).filter((place) => place === 'q1').length / keys.length;
    expect(share).toBeGreaterThan(0.97);
    matcher.remove(second);
    expect(route(matcher, 'a')).toEqual(['q2']);
    expect(() => matcher.remove(second)).toThrow('broken invariant');
  });

  const sources: readonly [FieldTable, (text: string) => Properties, keyOnly: boolean][] = [
    [{ 'hash-header': 'id' }, (text) => ({ headers: { id: text } }), false],
    [{ 'hash-property': 'message_id' }, (text) => ({ messageId: text }), false],
    [{ 'hash-property': 'correlation_id' }, (text) => ({ correlationId: text }), false],
    [{ 'hash-property': 'timestamp' }, (text) => ({ timestamp: Number(text) }), false],
  ];
  test.each(sources)('%o: the key does not count', (table, propertiesOf) => {
    const matcher = consistent(table);
    expect(matcher.keyOnly).toBe(false);
    bind(matcher, binding('q1', '1'), binding('q2', '1'));
    const places = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const place = placeOf(matcher, 'a', propertiesOf(`${i}`));
      expect(placeOf(matcher, 'b', propertiesOf(`${i}`))).toBe(place);
      places.add(place);
    }
    expect(places.size).toBe(2);
    // Messages that lack it stay together.
    expect(placeOf(matcher, 'a')).toBe(placeOf(matcher, 'b'));
  });

  test.each([
    ['abc', 'The binding key must be an integer: <<"abc">>'],
    ['', 'The binding key must be an integer: <<>>'],
    ['1.5', 'The binding key must be an integer: <<"1.5">>'],
    ['0', 'The binding key must be greater than 0'],
    ['-3', 'The binding key must be greater than 0'],
    ['10001', 'The binding key must not be greater than 10000'],
    ['9'.repeat(200), 'The binding key must not be greater than 10000'],
  ])('binding key "%s": 406', (key, text) => {
    expect(() => consistent().check(binding('q', key)))
      .toThrow(new AmqpError('PRECONDITION_FAILED', text));
  });

  test('binding keys up to the limit will do', () => {
    for (const key of ['1', '+5', '10000']) consistent().check(binding('q', key));
  });

  test.each<[FieldTable, string]>([
    [
      { 'hash-header': 'a', 'hash-property': 'message_id' },
      'hash-header and hash-property are mutually exclusive',
    ],
    [{ 'hash-property': 'user_id' }, 'Unsupported property: user_id'],
    [{ 'hash-property': 'constructor' }, 'Unsupported property: constructor'],
    [{ 'hash-header': 5 }, "invalid type 'signedint' for arg 'hash-header' in exchange 'x' in vhost '/'"],
  ])('%o: 406', (table, text) => {
    expect(() => consistent(table)).toThrow(new AmqpError('PRECONDITION_FAILED', text));
  });
});

describe('x-modulus-hash [TYP-09]', () => {
  const modulus = (): ModulusHashMatcher<string> => new ModulusHashMatcher((name) => name);

  test('a key has one place, whatever the order of the bindings', () => {
    const [one, other] = [modulus(), modulus()];
    bind(one, binding('q1'), binding('q2'), binding('q3'), binding('q3', 'again'));
    bind(other, binding('q3'), binding('q1'), binding('q2'));
    const counts: Record<string, number> = { q1: 0, q2: 0, q3: 0 };
    for (const key of keys) {
      const [place] = route(one, key);
      expect(route(other, key)).toEqual([place]);
      counts[place!]! += 1;
    }
    for (const count of Object.values(counts)) {
      expect(Math.abs(count / keys.length - 1 / 3)).toBeLessThan(0.02);
    }
  });

  test('a destination that is gone gets nothing', () => {
    const matcher = modulus();
    const last = binding('q2');
    bind(matcher, binding('q1'), last);
    matcher.remove(last);
    for (const key of keys.slice(0, 50)) expect(route(matcher, key)).toEqual(['q1']);
    matcher.remove(binding('q1'));
    expect(route(matcher, 'a')).toEqual([]);
  });
});
