import { expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import type { Delivery } from '../../core/broker/delivery/delivery.ts';
import { Unacked } from '../../core/broker/delivery/unacked.ts';
import { AmqpError } from '../../core/errors.ts';

/** A delivery as far as it matters here. */
const deliveryOf = (deliveryTag: number): Delivery => ({ deliveryTag }) as Delivery;

type Step =
  | { readonly add: number }
  | { readonly take: number; readonly multiple: boolean }
  | { readonly restore: number };

/** Tags skip what went out without acknowledgement; most steps take what is there. */
const steps: fc.Arbitrary<Step[]> = fc.array(fc.oneof(
  fc.record({ add: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ take: fc.integer({ min: 0, max: 120 }), multiple: fc.boolean() }),
  fc.record({ restore: fc.nat(4) }),
), { maxLength: 300 });

/** The tags that a settlement names, of those that are there; undefined: it names one that is not. */
function named(tags: readonly number[], tag: number, multiple: boolean): number[] | undefined {
  if (multiple && tag === 0) return [...tags];
  if (!tags.includes(tag)) return undefined;
  return multiple ? tags.filter((each) => each <= tag) : [tag];
}

test('deliveries are there until they are taken, oldest first, whatever is taken between them', () => {
  fc.assert(fc.property(steps, (all) => {
    const unacked = new Unacked();
    let tags: number[] = [];
    let lastTag = 0;
    let taken: readonly Delivery[] = [];
    for (const step of all) {
      if ('add' in step) {
        lastTag += step.add;
        tags.push(lastTag);
        unacked.add(deliveryOf(lastTag));
      } else if ('restore' in step) {
        const back = taken.slice(0, step.restore);
        taken = taken.slice(step.restore);
        unacked.restore(back);
        tags = [...tags, ...back.map(({ deliveryTag }) => deliveryTag)].sort((a, b) => a - b);
      } else {
        const { take, multiple } = step;
        const expected = named(tags, take, multiple);
        if (expected === undefined) expect(() => unacked.take(take, multiple)).toThrow(AmqpError);
        else {
          taken = unacked.take(take, multiple);
          expect(taken.map(({ deliveryTag }) => deliveryTag)).toEqual(expected);
          tags = tags.filter((tag) => !expected.includes(tag));
        }
      }
      expect(unacked.count).toBe(tags.length);
      expect(unacked.all.map(({ deliveryTag }) => deliveryTag)).toEqual(tags);
    }
  }));
});
