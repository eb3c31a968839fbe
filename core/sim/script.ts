import { Chance } from './chance.ts';
import {
  drawPlan, drawRetention, FOLLOWER, following, MANAGER, managing, type OperationKind, type Plan,
} from './plan.ts';

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
  const more = new Chance(seed ^ SALT);
  if (more.happens(0.5)) return { seed, plan, operations };
  operations.push(...drawMore(more, operations.length, at));
  return {
    seed,
    plan: { ...plan, stream: plan.stream && { ...plan.stream, ...drawRetention(more) } },
    operations: operations.toSorted((a, b) => a.at - b.at),
  };
}

/**
 * The second half of what there is to draw has a sequence of its own, and half of the seeds have
 * none of it. With this salt they are those that found a fault before there was this half, so that
 * they still do what they did.
 */
const SALT = 55;

/** What the manager and the follower do. */
function drawMore(chance: Chance, firstNumber: number, until: number): Operation[] {
  const [asked, followed] = [chance.between(0, 20), chance.between(0, 60)];
  return Array.from({ length: asked + followed }, (_, index) => {
    const [actor, kind] = index < asked
      ? [MANAGER, chance.weighted(managing)] as const
      : [FOLLOWER, chance.weighted(following)] as const;
    const [at, seed] = [chance.below(until + 1), chance.seed()];
    return { number: firstNumber + index, at, kind, actor, seed };
  });
}
