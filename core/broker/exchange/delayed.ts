import type { Binding, Matcher, Routable } from './matcher.ts';

/** The rule of an x-delayed-message exchange: that of another type, applied after the delay. */
export class DelayedMatcher<D> implements Matcher<D> {
  /** Whether there is a delay is for the message to say. */
  readonly keyOnly = false;
  readonly #inner: Matcher<D>;

  constructor(inner: Matcher<D>) {
    this.#inner = inner;
  }

  check(binding: Binding<D>): void {
    this.#inner.check(binding);
  }

  add(binding: Binding<D>): void {
    this.#inner.add(binding);
  }

  remove(binding: Binding<D>): void {
    this.#inner.remove(binding);
  }

  match(message: Routable, routingKey: string, found: (destination: D) => void): void {
    this.#inner.match(message, routingKey, found);
  }
}
