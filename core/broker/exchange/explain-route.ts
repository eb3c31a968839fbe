import type { BindingDestination, BoundBinding, Exchange } from './exchange.ts';
import { createMatcher } from './types.ts';
import type { MatchedBinding } from '../events/trace.ts';
import type { Destination } from '../turn/run.ts';
import type { StoredMessage } from '../message/stored-message.ts';

/**
 * Why a message goes where it goes: the bindings that it fits, from its exchange on over bindings
 * between exchanges and alternate exchanges. The route itself is found by sets and tries that know
 * no single binding, so this asks each binding alone; only for whoever looks.
 */
export function explainRoute(
  exchanges: ReadonlyMap<string, Exchange>, message: StoredMessage,
  destinations: readonly Destination[],
): MatchedBinding[] {
  const found: MatchedBinding[] = [];
  const visited = new Set<Exchange>();
  const first = exchanges.get(message.exchange);
  const waiting = first === undefined ? [] : [first];
  for (let exchange = waiting.pop(); exchange !== undefined; exchange = waiting.pop()) {
    if (visited.has(exchange)) continue;
    visited.add(exchange);
    const matched = matchedBy(exchange, message, destinations);
    found.push(...matched.map(describe));
    const alternate = matched.length === 0 ? exchange.alternate : undefined;
    if (alternate !== undefined) waiting.push(alternate);
    for (const { destination } of matched) {
      if (destination.kind === 'exchange') waiting.push(destination);
    }
  }
  return found;
}

type Bound = Pick<BoundBinding, 'source' | 'destination' | 'routingKey' | 'arguments'>;

function matchedBy(
  exchange: Exchange, message: StoredMessage, destinations: readonly Destination[],
): readonly Bound[] {
  const keys = [...message.routingKeys, ...message.hiddenKeys];
  if (exchange.name === '') return defaultBindings(exchange, keys);
  if (exchange.detour(message) !== undefined) return [];
  return [...exchange.bindings].filter((binding) => {
    const { destination } = binding;
    // What picks by chance or by a hash sends to some of those that fit alone.
    if (destination.kind === 'queue' && !destinations.includes(destination)) return false;
    return fits(exchange, binding, message, keys);
  });
}

/** Every queue is bound to the default exchange by its name. EXC-13. */
function defaultBindings(exchange: Exchange, keys: readonly string[]): Bound[] {
  const { queues } = exchange.vhost;
  return [...new Set(keys)].flatMap((routingKey) => {
    const destination = queues.get(routingKey);
    return destination === undefined
      ? []
      : [{ source: exchange, destination, routingKey, arguments: {} }];
  });
}

/** Whether the message would take this binding if the exchange had no other. */
function fits(
  exchange: Exchange, binding: BoundBinding, message: StoredMessage, keys: readonly string[],
): boolean {
  const { type, arguments: table } = exchange.options;
  const alone = createMatcher<BindingDestination>(type, {
    exchange: exchange.text,
    arguments: table,
    random: () => 0,
    nameOf: ({ kind, name }) => `${kind} ${name}`,
    queueTypeOf: (one) => (one.kind === 'queue' ? one.settings.type : undefined),
  });
  alone.add(binding);
  let matched = false;
  for (const key of keys) alone.match(message, key, () => (matched = true));
  return matched;
}

function describe({ source, destination, routingKey, arguments: table }: Bound): MatchedBinding {
  return {
    source: source.name,
    destination: destination.name,
    destinationKind: destination.kind,
    routingKey,
    arguments: table,
  };
}
