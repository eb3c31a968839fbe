import type { StepUnit } from '../port/clock-control.ts';

/** What is to be done before time stands still again. */
export type Goal =
  | { readonly kind: 'step'; readonly unit: StepUnit; reached: boolean; readonly done: Done }
  | { readonly kind: 'until'; readonly at: number; readonly done: Done };

/** Tells whether it got there. */
type Done = (reached: boolean) => void;

/** What somebody waits for, one after the other. */
export class Goals {
  readonly #goals: Goal[] = [];
  #closed = false;

  /** The one that is pursued now. */
  get first(): Goal | undefined {
    return this.#goals[0];
  }

  /** Resolves with whether it was reached. */
  pursue(make: (done: Done) => Goal): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    return new Promise((resolve) => this.#goals.push(make(resolve)));
  }

  over(goal: Goal, reached: boolean): void {
    this.#goals.splice(this.#goals.indexOf(goal), 1);
    goal.done(reached);
  }

  /** Ends the pursuit of all of them. */
  drop(reached: boolean): void {
    for (const goal of this.#goals.splice(0)) goal.done(reached);
  }

  /** Who waits for it to get somewhere would wait for ever. */
  close(): void {
    this.#closed = true;
    this.drop(false);
  }
}

/** Virtual time up to which it lets things happen. */
export function goalTime(goal: Goal): number {
  return goal.kind === 'until' ? goal.at : Infinity;
}
