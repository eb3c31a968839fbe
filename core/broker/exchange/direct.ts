import { assert } from '../../assert.ts';
import { Destinations } from './destinations.ts';
import type { Binding, Matcher, Routable } from './matcher.ts';

/** A message goes where its routing key is the key of a binding. TYP-01. */
export class DirectMatcher<D> implements Matcher<D> {
  readonly keyOnly = true;
  readonly #destinationsByKey = new Map<string, Destinations<D>>();

  check(): void {
    // Any key will do.
  }

  add({ routingKey, destination }: Binding<D>): void {
    let destinations = this.#destinationsByKey.get(routingKey);
    if (destinations === undefined) {
      destinations = new Destinations();
      this.#destinationsByKey.set(routingKey, destinations);
    }
    destinations.add(destination);
  }

  remove({ routingKey, destination }: Binding<D>): void {
    const destinations = this.#destinationsByKey.get(routingKey);
    assert(destinations !== undefined, 'a binding that goes was there');
    destinations.remove(destination);
    if (destinations.isEmpty) this.#destinationsByKey.delete(routingKey);
  }

  match(_message: Routable, routingKey: string, found: (destination: D) => void): void {
    this.#destinationsByKey.get(routingKey)?.report(found);
  }
}
