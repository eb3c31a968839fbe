/** The simulator finds faults: each of those that are planted here, within so many seeds. */
import { expect, test } from 'vitest';
import { drawScript, Simulator, type Failure } from '../../core/sim/index.ts';
import { mutations } from './mutations.ts';

const SEEDS_MAX = 100;

for (const { name, check, seed, plant } of mutations) {
  test(`finds: ${name}`, { timeout: 300_000 }, async () => {
    const undo = plant();
    try {
      const failure = await firstFailure(seed);
      expect(failure?.check).toEqual(check ?? expect.any(String));
    } finally {
      undo();
    }
  });
}

/** The seed that is known finds it at once, as long as no change gave it another meaning. */
async function firstFailure(known = 1): Promise<Failure | undefined> {
  const others = Array.from({ length: SEEDS_MAX }, (_, index) => index + 1);
  for (const seed of [known, ...others]) {
    const { failure } = await new Simulator(drawScript(seed)).run();
    if (failure !== undefined) return failure;
  }
  return undefined;
}
