import { assert } from '../../assert.ts';

/**
 * Where bindings of one kind lead. Two bindings may lead to the same destination, which is there
 * until both are gone.
 */
export class Destinations<D> {
  readonly #bindings = new Map<D, number>();

  get isEmpty(): boolean {
    return this.#bindings.size === 0;
  }

  add(destination: D): void {
    this.#bindings.set(destination, (this.#bindings.get(destination) ?? 0) + 1);
  }

  remove(destination: D): void {
    const count = this.#bindings.get(destination);
    assert(count !== undefined, 'a binding that goes was there');
    if (count === 1) this.#bindings.delete(destination);
    else this.#bindings.set(destination, count - 1);
  }

  /** Each destination once. */
  report(found: (destination: D) => void): void {
    for (const destination of this.#bindings.keys()) found(destination);
  }

  toArray(): D[] {
    return [...this.#bindings.keys()];
  }
}
