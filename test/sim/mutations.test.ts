/** The simulator finds faults: each of those that are planted here, within so many seeds. */
import { expect, test } from 'vitest';
import { drawScript, Simulator } from '../../core/sim/index.ts';
import { mutations } from './mutations.ts';

const SEEDS_MAX = 100;

for (const { name, plant } of mutations) {
  test(`finds: ${name}`, { timeout: 300_000 }, async () => {
    const undo = plant();
    try {
      expect(await firstFailure()).toBeLessThanOrEqual(SEEDS_MAX);
    } finally {
      undo();
    }
  });
}

/** The first seed that fails; Infinity: none does. */
async function firstFailure(): Promise<number> {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const { failure } = await new Simulator(drawScript(seed)).run();
    if (failure !== undefined) return seed;
  }
  return Infinity;
}
