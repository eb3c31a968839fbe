import { Destinations } from './destinations.ts';
import type { Binding, Matcher, Routable } from './matcher.ts';

/** A message goes everywhere. TYP-02. */
export class FanoutMatcher<D> implements Matcher<D> {
  readonly keyOnly = true;
  readonly #destinations = new Destinations<D>();

  check(): void {
    // Keys and arguments mean nothing here, so none is wrong.
  }

  add({ destination }: Binding<D>): void {
    this.#destinations.add(destination);
  }

  remove({ destination }: Binding<D>): void {
    this.#destinations.remove(destination);
  }

  match(_message: Routable, _routingKey: string, found: (destination: D) => void): void {
    this.#destinations.report(found);
  }
}
