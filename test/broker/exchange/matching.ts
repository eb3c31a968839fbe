/** What the tests of all matchers share: destinations are strings here. */
import type { Binding, Matcher } from '../../../core/broker/exchange/matcher.ts';
import type { FieldTable, Properties } from '../../../core/protocol/types.ts';

export function binding(
  destination: string, routingKey = '', table: FieldTable = {},
): Binding<string> {
  return { destination, routingKey, arguments: table };
}

/** Adds bindings as an exchange would, which checks each first. */
export function bind(matcher: Matcher<string>, ...bindings: Binding<string>[]): void {
  for (const each of bindings) {
    matcher.check(each);
    matcher.add(each);
  }
}

/** Where a message goes: each destination once, sorted. */
export function route(
  matcher: Matcher<string>, routingKey: string, properties: Properties = {},
): string[] {
  const found = new Set<string>();
  matcher.match({ properties }, routingKey, (destination) => found.add(destination));
  return [...found].sort();
}

/** Runs the bindings in two halves: add all, remove some, and answers what is left. */
export function leave(
  matcher: Matcher<string>, bindings: readonly Binding<string>[], gone: readonly boolean[],
): Binding<string>[] {
  for (const each of bindings) matcher.add(each);
  bindings.forEach((each, i) => {
    if (gone[i] === true) matcher.remove(each);
  });
  return bindings.filter((_, i) => gone[i] !== true);
}
