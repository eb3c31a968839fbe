import { Subscription } from 'rxjs';
import { expect, test } from 'vitest';
import { Dependents } from '../../core/broker/dependents.ts';

test('dependents go with their owner, after what it gives up itself, in the order in which they came', () => {
  const gone: string[] = [];
  const owner = new Subscription(() => void gone.push('owner'));
  const dependents = new Dependents(owner);
  const add = (name: string): Subscription => {
    const dependent = new Subscription(() => void gone.push(name));
    dependents.add(dependent);
    return dependent;
  };
  const [, second] = [add('first'), add('second'), add('third')];
  second.unsubscribe();
  owner.unsubscribe();
  expect(gone).toEqual(['second', 'owner', 'first', 'third']);
  expect(add('late').closed).toBe(true);
});

test('one that fails keeps no other', () => {
  const owner = new Subscription();
  const dependents = new Dependents(owner);
  const last = new Subscription();
  dependents.add(new Subscription(() => {
    throw new Error('broken');
  }));
  dependents.add(last);
  expect(() => owner.unsubscribe()).toThrow('broken');
  expect(last.closed).toBe(true);
});
