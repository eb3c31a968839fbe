import { assert } from '../../assert.ts';
import { Arrivals } from '../arrivals.ts';
import { limits } from '../../limits.ts';
import type { FieldTable, Properties } from '../../protocol/types.ts';
import { preconditionFailed, textArgument } from '../definition/argument-checks.ts';
import { equalityKey } from '../definition/field-equality.ts';
import { binaryTerm } from '../reply-text.ts';
import { hash32, jumpHash } from './hash.ts';
import type { Binding, Matcher, Routable } from './matcher.ts';
import { Shares } from './shares.ts';

/** Values of hash-property, and the properties that they name. */
const hashProperties = {
  message_id: 'messageId',
  correlation_id: 'correlationId',
  timestamp: 'timestamp',
} as const satisfies Record<string, keyof Properties>;

/** What the hash of a message is made of. */
type HashSource =
  | { readonly of: 'routing-key' }
  | { readonly of: 'header'; readonly name: string }
  | { readonly of: 'property'; readonly name: keyof Properties };

/** What the arguments of the exchange ask for; both of them, or one of a wrong kind: 406. */
export function hashSourceOf(table: FieldTable, exchange: string): HashSource {
  const header = textArgument(table, 'hash-header', exchange);
  const property = textArgument(table, 'hash-property', exchange);
  if (header !== undefined && property !== undefined) {
    throw preconditionFailed('hash-header and hash-property are mutually exclusive');
  }
  if (header !== undefined) return { of: 'header', name: header };
  if (property === undefined) return { of: 'routing-key' };
  if (!Object.hasOwn(hashProperties, property)) {
    throw preconditionFailed(`Unsupported property: ${property}`);
  }
  return { of: 'property', name: hashProperties[property as keyof typeof hashProperties] };
}

function headerKey(headers: FieldTable, name: string): string {
  return Object.hasOwn(headers, name) ? equalityKey(headers[name]!) : '';
}

/**
 * A message goes to one destination, messages with the same hash to the same one. The routing key
 * of a binding is its weight: how many buckets its destination has. TYP-05.
 */
export class ConsistentHashMatcher<D> implements Matcher<D> {
  readonly keyOnly: boolean;
  readonly #source: HashSource;
  /** Only the first binding of a destination counts, until it goes. */
  readonly #bindings = new Map<D, Arrivals<Binding<D>>>();
  /** In the order in which they came, so that a new one moves no message among the others. */
  readonly #shares = new Shares<D>();

  constructor(source: HashSource) {
    this.#source = source;
    this.keyOnly = source.of === 'routing-key';
  }

  check({ routingKey }: Binding<D>): void {
    if (!/^[+-]?\d+$/.test(routingKey)) {
      throw preconditionFailed(`The binding key must be an integer: ${binaryTerm(routingKey)}`);
    }
    const weight = Number(routingKey);
    if (weight < 1) throw preconditionFailed('The binding key must be greater than 0');
    if (weight > limits.hashWeightMax) {
      throw preconditionFailed(`The binding key must not be greater than ${limits.hashWeightMax}`);
    }
  }

  add(binding: Binding<D>): void {
    const others = this.#bindings.get(binding.destination);
    if (others !== undefined) {
      others.add(binding);
      return;
    }
    const bindings = new Arrivals<Binding<D>>();
    bindings.add(binding);
    this.#bindings.set(binding.destination, bindings);
    this.#append(binding);
  }

  remove(binding: Binding<D>): void {
    const { destination } = binding;
    const bindings = this.#bindings.get(destination);
    assert(bindings?.has(binding) === true, 'a binding that goes was there');
    const { first } = bindings;
    bindings.delete(binding);
    if (binding !== first) return;
    this.#shares.remove(destination);
    const next = bindings.first;
    if (next === undefined) this.#bindings.delete(destination);
    else this.#append(next);
  }

  match(message: Routable, routingKey: string, found: (destination: D) => void): void {
    const { bucketCount } = this.#shares;
    if (bucketCount === 0) return;
    const bucket = jumpHash(hash32(this.#hashed(message, routingKey)), bucketCount);
    found(this.#shares.at(bucket));
  }

  #append({ destination, routingKey }: Binding<D>): void {
    this.#shares.append(destination, Number(routingKey));
  }

  /** Messages without the header or property all have the same hash. */
  #hashed({ properties }: Routable, routingKey: string): string {
    switch (this.#source.of) {
      case 'routing-key': return routingKey;
      case 'header': return headerKey(properties.headers ?? {}, this.#source.name);
      case 'property': return String(properties[this.#source.name] ?? '');
    }
  }
}
