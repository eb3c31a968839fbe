import { Chance } from './chance.ts';
import { drawPlan, MANAGER, type ManagerOperation, type OperationKind, type Plan } from './plan.ts';

/** One thing to do. What it is in detail follows from its own seed, whatever came before. */
export interface Operation {
  /** Number in the script as it was drawn; it stays when others are taken out. */
  readonly number: number;
  /** Virtual time, in milliseconds. */
  readonly at: number;
  readonly actor: number;
  readonly kind: OperationKind;
  readonly seed: number;
}

/** All that a run does: the same script always gives the same bytes. */
export interface Script {
  readonly seed: number;
  readonly plan: Plan;
  readonly operations: readonly Operation[];
}

export function drawScript(seed: number): Script {
  const chance = new Chance(seed);
  const plan = drawPlan(chance);
  const operations: Operation[] = [];
  let at = 0;
  for (let number = 0; number < plan.operations; number++) {
    at += chance.below(plan.pauseMs + 1);
    const kind = chance.weighted(plan.weights);
    operations.push({ number, at, kind, actor: chance.below(plan.actors), seed: chance.seed() });
  }
  operations.push(...drawManager(new Chance(seed ^ MANAGER_SALT), operations.length, at));
  return { seed, plan, operations: operations.toSorted((a, b) => a.at - b.at) };
}

/**
 * What the manager does is drawn apart from all else, so that seeds which found a fault before
 * there was one have the same operations. With this salt, none of them has a manager at all.
 */
const MANAGER_SALT = 42;

function drawManager(chance: Chance, firstNumber: number, until: number): Operation[] {
  const count = chance.happens(0.5) ? chance.between(1, 20) : 0;
  return Array.from({ length: count }, (_, index) => {
    const kind: ManagerOperation = chance.weighted({ inspect: 3, purge: 2, replace: 2 });
    const [at, seed] = [chance.below(until + 1), chance.seed()];
    return { number: firstNumber + index, at, kind, actor: MANAGER, seed };
  });
}
