/** The production broker under simulated faults: fixed seeds, and new ones for a while. */
import { expect, test } from 'vitest';
import { describeFailure, drawScript, shrink, Simulator } from '../../core/sim/index.ts';
import { fixedSeeds, newSeeds } from './seeds.ts';

/** New seeds are tried for so long. */
const BUDGET_MS = 60_000;

async function expectToHold(seed: number): Promise<void> {
  const outcome = await new Simulator(drawScript(seed)).run();
  if (outcome.failure !== undefined) expect.fail(describeFailure(outcome, await shrink(outcome)));
}

test('fixed seeds', { timeout: 600_000 }, async () => {
  for (const seed of fixedSeeds) await expectToHold(seed);
});

test('new seeds, for a minute', { timeout: 1_200_000 }, async () => {
  for (const seed of newSeeds(BUDGET_MS)) await expectToHold(seed);
});

test('the same seed gives the same bytes', { timeout: 300_000 }, async () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const [first, second] = [await run(seed), await run(seed)];
    expect(second.hash).toBe(first.hash);
    expect(second.turns).toBe(first.turns);
  }
  expect((await run(7)).hash).not.toBe((await run(8)).hash);
});

function run(seed: number): ReturnType<Simulator['run']> {
  return new Simulator(drawScript(seed)).run();
}
