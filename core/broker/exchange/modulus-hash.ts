import { Destinations } from './destinations.ts';
import { hash32 } from './hash.ts';
import type { Binding, Matcher, Routable } from './matcher.ts';

/** A message goes to the destination that the hash of its routing key falls on. TYP-09. */
export class ModulusHashMatcher<D> implements Matcher<D> {
  readonly keyOnly = true;
  readonly #destinations = new Destinations<D>();
  readonly #nameOf: (destination: D) => string;
  /** The destinations by name, made when the first message after a change needs them. */
  #sorted: readonly D[] | undefined;

  /** No two destinations have the same name, so that their order survives a restart. */
  constructor(nameOf: (destination: D) => string) {
    this.#nameOf = nameOf;
  }

  check(): void {
    // Keys and arguments mean nothing here, so none is wrong.
  }

  add({ destination }: Binding<D>): void {
    this.#destinations.add(destination);
    this.#sorted = undefined;
  }

  remove({ destination }: Binding<D>): void {
    this.#destinations.remove(destination);
    this.#sorted = undefined;
  }

  match(_message: Routable, routingKey: string, found: (destination: D) => void): void {
    this.#sorted ??= this.#destinations.toArray()
      .sort((a, b) => (this.#nameOf(a) < this.#nameOf(b) ? -1 : 1));
    const { length } = this.#sorted;
    if (length > 0) found(this.#sorted[hash32(routingKey) % length]!);
  }
}
