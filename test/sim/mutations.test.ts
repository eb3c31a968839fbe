/** The simulator finds faults: each of those that are planted here, within so many seeds. */
import { expect, test } from 'vitest';
import { drawScript, Simulator, type Failure } from '../../core/sim/index.ts';
import { mutations } from './mutations.ts';

const SEEDS_MAX = 100;

for (const { name, check, plant } of mutations) {
  test(`finds: ${name}`, { timeout: 300_000 }, async () => {
    const undo = plant();
    try {
      const failure = await firstFailure();
      expect(failure?.check).toEqual(check ?? expect.any(String));
    } finally {
      undo();
    }
  });
}

async function firstFailure(): Promise<Failure | undefined> {
  for (let seed = 1; seed <= SEEDS_MAX; seed++) {
    const { failure } = await new Simulator(drawScript(seed)).run();
    if (failure !== undefined) return failure;
  }
  return undefined;
}
