import { STREAM } from './model-stream.ts';
import type { ExchangePlan, Plan } from './plan.ts';

/** The names of the queues that a message goes to, found the slow and obvious way. */
export function routeOf(plan: Plan, exchange: string, routingKey: string): string[] {
  if (exchange === '') {
    if (routingKey === STREAM && plan.stream !== undefined) return [STREAM];
    const isKnown = plan.queues.some(({ name, deadQueue }) =>
      name === routingKey || deadQueue === routingKey);
    return isKnown ? [routingKey] : [];
  }
  const found = plan.exchanges.find(({ name }) => name === exchange);
  const matching = found?.bindings.filter(({ key }) => matches(found.type, key, routingKey)) ?? [];
  return [...new Set(matching.map(({ queue }) => queue))];
}

function matches(type: ExchangePlan['type'], key: string, routingKey: string): boolean {
  switch (type) {
    case 'fanout': return true;
    case 'direct': return key === routingKey;
    case 'topic': return matchesWords(key.split('.'), routingKey.split('.'));
  }
}

/** TYP-03 */
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
