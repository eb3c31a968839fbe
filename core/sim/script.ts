import { Chance } from './chance.ts';
import {
  drawPlan, drawRetention, FOLLOWER, following, greeds, MANAGER, managing, type OperationKind,
  type Plan, type QueuePlan,
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
  const managed = withNeighbour(withManager({ seed, plan, operations }, at), at);
  return withGreed(withShortTurns(managed));
}

/**
 * What there is to draw besides has sequences of its own, each of which half of the seeds have
 * not. With these salts those have none that found a fault before there was such a sequence, so
 * that they still do what they did.
 */
const MANAGER_SALT = 55;
const NEIGHBOUR_SALT = 1014;
const SHORT_TURNS_SALT = 77;
const GREED_SALT = 33_694;

/** Somebody manages queues, and somebody follows the stream, of which not all is kept. */
function withManager(script: Script, until: number): Script {
  const { seed, plan, operations } = script;
  const chance = new Chance(seed ^ MANAGER_SALT);
  if (chance.happens(0.5)) return script;
  const more = drawMore(chance, operations.length, until);
  return inOrder({
    seed, operations: [...operations, ...more],
    plan: { ...plan, stream: plan.stream && { ...plan.stream, ...drawRetention(chance) } },
  });
}

/** There is a neighbour, and bindings come and go, now and then just when the disk fails. */
function withNeighbour(script: Script, until: number): Script {
  const { seed, plan, operations } = script;
  const chance = new Chance(seed ^ NEIGHBOUR_SALT);
  if (chance.happens(0.5)) return script;
  const all = [...operations];
  const add = (kind: OperationKind, at: number): void =>
    void all.push({ number: all.length, at, kind, actor: MANAGER, seed: chance.seed() });
  for (let left = chance.between(5, 40); left > 0; left--) {
    add(chance.pick(['neighbour', 'neighbour', 'rebind']), chance.below(until + 1));
  }
  if (plan.weights.failDisk > 0) {
    const at = chance.below(until + 1);
    add('failDisk', at);
    for (let after = 1; after < 200; after += chance.between(10, 50)) add('rebind', at + after);
  }
  return inOrder({ seed, plan: { ...plan, neighbour: true }, operations: all });
}

/** Turns of the broker are so short that work is cut wherever it may be. */
function withShortTurns(script: Script): Script {
  const chance = new Chance(script.seed ^ SHORT_TURNS_SALT);
  if (chance.happens(0.5)) return script;
  return { ...script, plan: { ...script.plan, turnWork: chance.pick([20, 100, 400]) } };
}

/** Some queues have a limit in octets, and there are those who want more than their share. */
function withGreed(script: Script): Script {
  const { plan } = script;
  const chance = new Chance(script.seed ^ GREED_SALT);
  if (chance.happens(0.5)) return script;
  return {
    ...script,
    plan: {
      ...plan,
      queues: plan.queues.map((queue) =>
        chance.happens(0.3) ? withByteLimit(queue, chance) : queue),
      greeds: plan.neighbour ? greeds.filter(() => chance.happens(0.4)) : [],
    },
  };
}

function withByteLimit(queue: QueuePlan, chance: Chance): QueuePlan {
  const limit = { 'x-max-length-bytes': chance.pick([100, 1000, 5000]) };
  return { ...queue, arguments: { ...queue.arguments, ...limit } };
}

function inOrder(script: Script): Script {
  return { ...script, operations: script.operations.toSorted((a, b) => a.at - b.at) };
}

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
