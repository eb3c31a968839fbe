/** What a failure tells: the seed, what was wrong, how little it takes to see it, and how it came. */
import { expect, test } from 'vitest';
import { describeFailure, drawScript, shrink, Simulator } from '../../core/sim/index.ts';
import { mutations } from './mutations.ts';

test('a planted fault is shrunken to a few operations that show it again', { timeout: 300_000 }, async () => {
  const undo = mutations.find(({ name }) => name === 'wrong requeue position')!.plant();
  try {
    const failed = await firstFailure();
    const shrunken = await shrink(failed);
    expect(shrunken.failure!.check).toBe(failed.failure!.check);
    const { operations } = shrunken.script;
    expect(operations.length).toBeLessThan(failed.script.operations.length / 4);

    const again = await new Simulator(shrunken.script).run();
    expect([again.hash, again.failure]).toEqual([shrunken.hash, shrunken.failure]);

    const text = describeFailure(failed, shrunken);
    expect(text).toContain(`seed ${failed.script.seed} fails`);
    expect(text).toContain(`--only ${operations.map(({ number }) => number).join(',')}`);
    expect(text).toMatch(/connection \d+ +[<>] \d+:/);
  } finally {
    undo();
  }
});

async function firstFailure(): ReturnType<Simulator['run']> {
  for (let seed = 1; ; seed++) {
    const outcome = await new Simulator(drawScript(seed)).run();
    if (outcome.failure !== undefined) return outcome;
  }
}
