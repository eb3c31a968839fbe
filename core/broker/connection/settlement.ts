import { limits } from '../../limits.ts';
import type { Delivery, Outcome, Settler } from '../delivery/delivery.ts';
import type { Turn } from '../turn/turn.ts';

/** Does what these do, each to its end and one after the other; answers whether there is more. */
export function chain(steppers: readonly (() => boolean)[]): () => boolean {
  let at = 0;
  return () => {
    if (steppers[at]?.() === false) at++;
    return at < steppers.length;
  };
}

/** What ends: one part of it at each call of its stepper. */
interface Ending {
  readonly partCount: number;
  endStepper(): () => boolean;
}

/** Ends all of these: few parts at the first call, many one at each; whether there are more. */
export function endStepper(all: readonly Ending[]): () => boolean {
  const partCount = all.reduce((sum, each) => sum + each.partCount, 0);
  const next = chain(all.map((each) => each.endStepper()));
  if (partCount > limits.settledAtOnceMax) return next;
  return () => {
    while (next());
    return false;
  };
}

/** What a client hears and asks of waits meanwhile. */
interface Held {
  awaitWork(start: (done: () => void) => void): void;
  holdOutput(): () => void;
}

/** Ends a channel: what it held is back before the client hears that it is closed. CHN-03. */
export function endChannel(connection: Held, turn: Turn, channel: Ending): void {
  let release = (): void => {};
  let isDone = false;
  connection.awaitWork((done) => turn.stepwise(endStepper([channel]), () => {
    isDone = true;
    release();
    done();
  }));
  if (!isDone) release = connection.holdOutput();
}

/**
 * Settles deliveries, one at each call; whether there was one. What goes back to a queue goes out
 * again when all of it is there, or what never left might overtake it. BAS-21.
 */
export function settleStepper(
  turn: Turn, deliveries: readonly Delivery[], outcome: Outcome,
): () => boolean {
  const queues = new Set<Settler>();
  if (outcome === 'requeue' || outcome === 'return') {
    for (const { queue } of deliveries) queues.add(queue);
  }
  for (const queue of queues) queue.holdBack(1);
  let next = 0;
  return () => {
    const delivery = deliveries[next++];
    if (delivery === undefined) {
      for (const queue of queues) queue.holdBack(-1);
      return false;
    }
    turn.spend(1);
    delivery.queue.settle(delivery, outcome);
    return true;
  };
}
