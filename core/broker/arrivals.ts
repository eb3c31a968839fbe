/**
 * A set whose first member is known at once. A Set finds it by passing over all that were deleted
 * before it, each time anew.
 */
export class Arrivals<T extends object> {
  readonly #all = new Set<T>();
  /** Goes on behind the first one; undefined: it has yet to begin, or is at the end. */
  #rest: Iterator<T> | undefined;
  #first: T | undefined;

  get size(): number {
    return this.#all.size;
  }

  /** The one that came before all others that are in it. */
  get first(): T | undefined {
    while (this.#first === undefined || !this.#all.has(this.#first)) {
      this.#rest ??= this.#all.values();
      const { value, done } = this.#rest.next();
      if (done === true) {
        this.#rest = undefined;
        this.#first = undefined;
        return undefined;
      }
      this.#first = value;
    }
    return this.#first;
  }

  has(member: T): boolean {
    return this.#all.has(member);
  }

  /** Adds one that was never in it before. */
  add(member: T): void {
    this.#all.add(member);
  }

  delete(member: T): boolean {
    return this.#all.delete(member);
  }
}
