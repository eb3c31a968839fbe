import { assert } from '../../assert.ts';
import { limits } from '../../limits.ts';
import type { FieldTable, Properties } from '../../protocol/types.ts';
import { preconditionFailed, textArgument } from '../definition/argument-checks.ts';
import { equalityKey } from '../definition/field-equality.ts';
import { binaryTerm } from '../reply-text.ts';
import { hash32, jumpHash } from './hash.ts';
import type { Binding, Matcher, Routable } from './matcher.ts';

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

/** The buckets of one destination: from where that of the destination before ends, up to `end`. */
interface Share<D> {
  readonly destination: D;
  end: number;
}

/**
 * A message goes to one destination, messages with the same hash to the same one. The routing key
 * of a binding is its weight: how many buckets its destination has. TYP-05.
 */
export class ConsistentHashMatcher<D> implements Matcher<D> {
  readonly keyOnly: boolean;
  readonly #source: HashSource;
  /** Only the first binding of a destination counts, until it goes. */
  readonly #bindings = new Map<D, Binding<D>[]>();
  /** In the order in which they came, so that a new one moves no message among the others. */
  readonly #shares: Share<D>[] = [];

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
      others.push(binding);
      return;
    }
    this.#bindings.set(binding.destination, [binding]);
    this.#append(binding);
  }

  remove(binding: Binding<D>): void {
    const { destination } = binding;
    const bindings = this.#bindings.get(destination);
    const index = bindings?.indexOf(binding) ?? -1;
    assert(bindings !== undefined && index >= 0, 'a binding that goes was there');
    bindings.splice(index, 1);
    if (index > 0) return;
    this.#close(destination);
    if (bindings.length > 0) this.#append(bindings[0]!);
    else this.#bindings.delete(destination);
  }

  match(message: Routable, routingKey: string, found: (destination: D) => void): void {
    const buckets = this.#bucketCount;
    if (buckets === 0) return;
    const bucket = jumpHash(hash32(this.#hashed(message, routingKey)), buckets);
    found(this.#shareOf(bucket).destination);
  }

  get #bucketCount(): number {
    return this.#shares.at(-1)?.end ?? 0;
  }

  #append({ destination, routingKey }: Binding<D>): void {
    this.#shares.push({ destination, end: this.#bucketCount + Number(routingKey) });
  }

  /** Takes the buckets of a destination away; those after them move up. */
  #close(destination: D): void {
    const index = this.#shares.findIndex((share) => share.destination === destination);
    const start = this.#shares[index - 1]?.end ?? 0;
    const weight = this.#shares[index]!.end - start;
    this.#shares.splice(index, 1);
    for (let i = index; i < this.#shares.length; i++) this.#shares[i]!.end -= weight;
  }

  #shareOf(bucket: number): Share<D> {
    let low = 0;
    let high = this.#shares.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#shares[middle]!.end > bucket) high = middle;
      else low = middle + 1;
    }
    return this.#shares[low]!;
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
