import type { Subscription } from 'rxjs';
import type { Turn } from './turn/turn.ts';
import { work } from './turn/work.ts';

/** What has parts that end with it: a queue, or an exchange. */
interface Whole {
  readonly subscription: Subscription;
  readonly partCount: number;
  /** Ends one part at each call; whether there was one. */
  partStepper(): () => boolean;
}

/**
 * Ends something, and then calls `done`. What much depends on is taken apart first, over as many
 * turns as that takes: until the last of them it is there, with less and less at it.
 */
export function takeApart(whole: Whole, turn: Turn, done: () => void): void {
  const end = (): void => {
    whole.subscription.unsubscribe();
    done();
  };
  if (whole.partCount * work.removal < turn.parties.shareWork) return end();
  const next = whole.partStepper();
  turn.stepwise(() => {
    turn.spend(work.removal);
    return next();
  }, end);
}

/** What is in a virtual host. */
interface Content {
  readonly queues: ReadonlyMap<string, Whole>;
  readonly exchanges: ReadonlyMap<string, Whole>;
}

/** Ends all that is in a virtual host, one part of it at each call; whether there was one. */
export function contentStepper(content: Content, turn: Turn): () => boolean {
  const parts = endParts(content, turn);
  return () => parts.next().done !== true;
}

function* endParts({ queues, exchanges }: Content, turn: Turn): Generator<void> {
  for (const whole of [...queues.values(), ...exchanges.values()]) {
    for (const next = whole.partStepper(); next();) {
      turn.spend(work.removal);
      yield;
    }
    turn.spend(work.queueRemoval);
    whole.subscription.unsubscribe();
    yield;
  }
}
