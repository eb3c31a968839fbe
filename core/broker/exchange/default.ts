import type { Binding, Matcher, Routable } from './matcher.ts';

/** The default exchange: each queue is bound to it by its name, and by nothing else. EXC-13. */
export class DefaultMatcher<D> implements Matcher<D> {
  readonly keyOnly = true;
  readonly #find: (name: string) => D | undefined;

  constructor(find: (name: string) => D | undefined) {
    this.#find = find;
  }

  check(_binding: Binding<D>): void {}

  add(_binding: Binding<D>): void {}

  remove(_binding: Binding<D>): void {}

  match(_message: Routable, routingKey: string, found: (destination: D) => void): void {
    const queue = this.#find(routingKey);
    if (queue !== undefined) found(queue);
  }
}
