import type { MakeBroker } from './broker-process.ts';
import type { Operation } from './script.ts';
import { Simulator, type Outcome } from './simulator.ts';

/** Takes operations out of a script that fails, as long as it still fails. */
class Shrinker {
  best: Outcome;
  #runsLeft: number;
  readonly #make: MakeBroker | undefined;

  constructor(failed: Outcome, runsMax: number, make: MakeBroker | undefined) {
    this.best = failed;
    this.#runsLeft = runsMax;
    this.#make = make;
  }

  get exhausted(): boolean {
    return this.#runsLeft <= 0;
  }

  /** Takes out parts of so many operations wherever that can be; whether it could be anywhere. */
  async takeOut(part: number): Promise<boolean> {
    let smaller = false;
    let at = 0;
    while (at < this.best.script.operations.length && !this.exhausted) {
      const { operations } = this.best.script;
      const rest = [...operations.slice(0, at), ...operations.slice(at + part)];
      if (await this.#failsAlike(rest)) smaller = true;
      else at += part;
    }
    return smaller;
  }

  /** The failure counts as the same if the same check finds it. */
  async #failsAlike(operations: readonly Operation[]): Promise<boolean> {
    this.#runsLeft--;
    const { script, failure } = this.best;
    const outcome = await new Simulator({ ...script, operations }, this.#make).run();
    if (outcome.failure?.check !== failure?.check) return false;
    this.best = outcome;
    return true;
  }
}

/**
 * The smallest script found that fails in the same way: halves are taken out first, then ever
 * smaller parts, then single operations until each is needed (delta debugging).
 */
export async function shrink(
  failed: Outcome, runsMax = 400, make?: MakeBroker,
): Promise<Outcome> {
  const shrinker = new Shrinker(failed, runsMax, make);
  let part = failed.script.operations.length;
  while (part > 1 && !shrinker.exhausted) {
    part = Math.ceil(part / 2);
    await shrinker.takeOut(part);
  }
  while (!shrinker.exhausted && await shrinker.takeOut(1));
  return shrinker.best;
}
