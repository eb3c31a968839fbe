import { Chance } from './chance.ts';
import { drawPlan, type OperationKind, type Plan } from './plan.ts';

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
  return { seed, plan, operations };
}
