import type { FieldTable } from '../protocol/types.ts';
import type { ModelMessage } from './model-copy.ts';
import { STREAM } from './model-stream.ts';
import { NEIGHBOUR } from './neighbour.ts';
import { DELAYED, type ExchangePlan, type Plan } from './plan.ts';

/** The names of the queues that a message goes to, found the slow and obvious way. */
export function routeOf(
  plan: Plan, { exchange, routingKey, headers }: ModelMessage,
): string[] {
  if (exchange === '') {
    if (routingKey === STREAM && plan.stream !== undefined) return [STREAM];
    if (routingKey === NEIGHBOUR && plan.neighbour) return [NEIGHBOUR];
    const isKnown = plan.queues.some(({ name, deadQueue }) =>
      name === routingKey || deadQueue === routingKey);
    return isKnown ? [routingKey] : [];
  }
  // What is to be held back waits there. TYP-06
  if (exchange === DELAYED && Number(headers['x-delay']) > 0) return [DELAYED];
  const found = plan.exchanges.find(({ name }) => name === exchange);
  const matching = found?.bindings.filter((binding) => found.type === 'headers'
    ? matchesHeaders(binding.arguments!, headers)
    : matches(found.type, binding.key, routingKey)) ?? [];
  return [...new Set(matching.map(({ queue }) => queue))];
}

/** Whether headers are what a binding asks for. TYP-04. */
function matchesHeaders({ 'x-match': mode, ...wanted }: FieldTable, headers: FieldTable): boolean {
  const same = Object.entries(wanted).filter(([name, value]) => headers[name] === value).length;
  return mode === 'any' ? same > 0 : same === Object.keys(wanted).length;
}

function matches(
  type: Exclude<ExchangePlan['type'], 'headers'>, key: string, routingKey: string,
): boolean {
  switch (type) {
    case 'fanout':
    case 'x-delayed-message': return true;
    case 'direct': return key === routingKey;
    case 'topic': return matchesWords(key.split('.'), routingKey.split('.'));
  }
}

/** Whether the words of a key match those of a pattern. TYP-03. */
function matchesWords(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#') {
    return words.some((_, index) => matchesWords(rest, words.slice(index))) ||
      matchesWords(rest, []);
  }
  if (words.length === 0) return false;
  return (first === '*' || first === words[0]) && matchesWords(rest, words.slice(1));
}
