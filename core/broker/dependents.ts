import { Subscription } from 'rxjs';

/**
 * What ends with its owner and may end before. A Subscription would do, but one that leaves its
 * parent is looked for among all others there: to end a hundred thousand took their square.
 */
export class Dependents {
  readonly #owner: Subscription;
  /** In the order in which they came, in which they go with their owner. */
  #all: Set<Subscription> | undefined;

  constructor(owner: Subscription) {
    this.#owner = owner;
  }

  /** Ends the dependent with the owner; at once, where the owner has ended. */
  add(dependent: Subscription): void {
    if (this.#owner.closed) {
      dependent.unsubscribe();
      return;
    }
    if (this.#all === undefined) {
      this.#all = new Set();
      // Only now: what the owner itself gives up when it ends goes before.
      this.#owner.add(() => this.#end());
    }
    const all = this.#all.add(dependent);
    dependent.add(() => all.delete(dependent));
  }

  get count(): number {
    return this.#all?.size ?? 0;
  }

  /** Ends one of them at each call, which `before` is told of; whether there was one. */
  stepper(before: () => void = () => {}): () => boolean {
    const rest = this.#all?.values();
    return () => {
      const next = rest?.next();
      if (next === undefined || next.done === true) return false;
      before();
      next.value.unsubscribe();
      return true;
    };
  }

  #end(): void {
    // As each ends it leaves the set, and an error of one does not keep the others.
    const rest = new Subscription();
    for (const dependent of this.#all!) rest.add(() => dependent.unsubscribe());
    rest.unsubscribe();
  }
}
