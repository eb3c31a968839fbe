/** What there is in words, for screen readers and tables. */
import type { Party, Thing } from './model.ts';

export function nameOf(id: string): string {
  return id.replace(/^\w+:/, '') || 'the default exchange';
}

/** What a client does: `producer`, `consumer`, or `both`. */
export function roleOf({ consumers, client, publishes }: Party): 'producer' | 'consumer' | 'both' {
  if (!publishes) return 'consumer';
  const consumes = consumers.length > 0 || /consume\(/i.test(client?.code ?? '');
  return consumes ? 'both' : 'producer';
}

export const roleWords = {
  producer: 'producer', consumer: 'consumer', both: 'producer and consumer',
} as const;

export function sentenceOf(thing: Thing): string {
  if (thing.kind === 'queue') {
    const { messages_ready: ready, messages_unacknowledged: unacked } = thing.queue;
    return `queue ${thing.name}, ${ready} ready, ${unacked} unacknowledged`;
  }
  if (thing.kind === 'exchange') return `${thing.exchange.type} exchange ${nameOf(thing.id)}`;
  return `${roleWords[roleOf(thing.party)]} ${thing.name}`;
}
