import { createMatcher, isExchangeType } from '../../../core/broker/exchange/types.ts';
import type { ExchangeView } from '../../../core/management/index.ts';
import type { FieldTable } from '../../../core/protocol/types.ts';
import type { Recent } from './picture.svelte.ts';

/** A message, and whether a binding would have taken it. */
export interface Tried {
  readonly message: Recent;
  readonly matches: boolean;
}

/**
 * Which of the last messages a binding would have taken, by the broker's own rules; undefined: the
 * arguments are not what the type of exchange accepts.
 */
export function tryBinding(
  exchange: Pick<ExchangeView, 'type' | 'arguments'>, routingKey: string, table: FieldTable,
  recent: readonly Recent[],
): readonly Tried[] | undefined {
  const { type } = exchange;
  // A broker elsewhere may have types that this one does not know.
  if (!isExchangeType(type)) return recent.map((message) => ({ message, matches: true }));
  const binding = { destination: 'here', routingKey, arguments: table };
  const matcher = createMatcher<string>(type, {
    exchange: 'exchange', arguments: exchange.arguments, random: () => 0, nameOf: (name) => name,
    queueTypeOf: () => 'classic',
  });
  try {
    matcher.check(binding);
  } catch {
    return undefined;
  }
  matcher.add(binding);
  return recent.map((message) => {
    let matches = false;
    matcher.match(message, message.routingKey, () => (matches = true));
    return { message, matches };
  });
}

/** `x-match=any type=report urgent=true` as a table; numbers and truth values become such. */
export function parseTable(text: string): FieldTable {
  const table: FieldTable = {};
  for (const pair of text.split(/[\s,]+/).filter((each) => each.includes('='))) {
    const [key = '', value = ''] = pair.split('=', 2);
    table[key] = /^-?\d+$/.test(value) ? Number(value)
      : value === 'true' || value === 'false' ? value === 'true' : value;
  }
  return table;
}
