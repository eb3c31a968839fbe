import { assert } from '../../assert.ts';
import { tagOf } from '../../protocol/field-tags.ts';
import type { FieldTable } from '../../protocol/types.ts';
import { preconditionFailed } from '../definition/argument-checks.ts';
import { equalityKey } from '../definition/field-equality.ts';
import { binaryTerm, typeName, valueText } from '../reply-text.ts';
import type { Binding, Matcher, Routable } from './matcher.ts';

/** Values of x-match, and what they ask for. */
const modes: ReadonlyMap<unknown, { readonly any: boolean; readonly withX: boolean }> = new Map([
  ['all', { any: false, withX: false }],
  ['any', { any: true, withX: false }],
  ['all-with-x', { any: false, withX: true }],
  ['any-with-x', { any: true, withX: true }],
]);

/** What a binding asks of one header. */
interface Wanted {
  readonly name: string;
  /** Equality key of the value, or undefined where any value will do. */
  readonly key: string | undefined;
}

interface Pattern<D> {
  readonly destination: D;
  /** Whether one of `wanted` is enough. */
  readonly any: boolean;
  readonly wanted: readonly Wanted[];
}

/** A message goes where its headers are what the arguments of a binding ask for. TYP-04. */
export class HeadersMatcher<D> implements Matcher<D> {
  readonly keyOnly = false;
  readonly #patterns = new Map<Binding<D>, Pattern<D>>();

  check(binding: Binding<D>): void {
    const table = binding.arguments;
    const xMatch = table['x-match'];
    if (xMatch === undefined || modes.has(xMatch)) return;
    throw preconditionFailed(typeof xMatch === 'string'
      ? `Invalid x-match field value ${binaryTerm(xMatch)}; `
        + 'expected all, any, all-with-x, or any-with-x'
      : `Invalid x-match field type ${typeName(xMatch, tagOf(table, 'x-match'))} `
        + `(value ${valueText(xMatch)}); `
        + 'expected longstr');
  }

  add(binding: Binding<D>): void {
    this.#patterns.set(binding, patternOf(binding));
  }

  remove(binding: Binding<D>): void {
    assert(this.#patterns.delete(binding), 'a binding that goes was there');
  }

  match(message: Routable, _routingKey: string, found: (destination: D) => void): void {
    if (this.#patterns.size === 0) return;
    const headers = new HeaderKeys(message.properties.headers ?? {});
    for (const { destination, any, wanted } of this.#patterns.values()) {
      if (fits(headers, wanted, any)) found(destination);
    }
  }
}

function patternOf<D>({ destination, arguments: table }: Binding<D>): Pattern<D> {
  const { any, withX } = modes.get(table['x-match'] ?? 'all')!;
  const wanted = Object.entries(table)
    .filter(([name]) => name !== 'x-match' && (withX || !name.startsWith('x-')))
    // The void value stands for any value. TYP-04.
    .map(([name, value]) => ({ name, key: value === null ? undefined : equalityKey(value) }));
  return { destination, any, wanted };
}

/** With nothing wanted, all of it is there but not any of it. */
function fits(headers: HeaderKeys, wanted: readonly Wanted[], any: boolean): boolean {
  for (const { name, key } of wanted) {
    if (headers.has(name, key) === any) return any;
  }
  return !any;
}

/** The headers of one message; however many bindings look at one, its key is made once. */
class HeaderKeys {
  readonly #headers: FieldTable;
  readonly #keys = new Map<string, string>();

  constructor(headers: FieldTable) {
    this.#headers = headers;
  }

  /** Whether the header is there and, where a key is given, has the value. */
  has(name: string, key: string | undefined): boolean {
    if (!Object.hasOwn(this.#headers, name)) return false;
    return key === undefined || this.#keyOf(name) === key;
  }

  #keyOf(name: string): string {
    let key = this.#keys.get(name);
    if (key === undefined) {
      key = equalityKey(this.#headers[name]!);
      this.#keys.set(name, key);
    }
    return key;
  }
}
