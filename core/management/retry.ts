import type { Broker } from '../broker/broker.ts';
import type { Queue } from '../broker/queue/abstract-queue.ts';
import type { VirtualHost } from '../broker/virtual-host.ts';
import type { StoredMessage } from '../broker/message/stored-message.ts';
import { moveMessages, type RemovedMessage } from './removal.ts';

/**
 * Puts dead letters back into the queues that they died in last, at their ends. `ids`: only these;
 * undefined: all that wait. `permit` refuses what may not be written. What did not die stays.
 */
export async function retryMessages(
  broker: Broker, vhost: VirtualHost, queue: Queue, ids: readonly string[] | undefined,
  permit: (queue: string) => void,
): Promise<readonly RemovedMessage[]> {
  const wanted = ids === undefined ? undefined : new Set(ids);
  const byQueue = new Map<string, string[]>();
  queue.forEachReady((message, { id }) => {
    if (wanted?.has(id) === false) return;
    wanted?.delete(id);
    const name = diedIn(message) ?? '';
    byQueue.set(name, [...byQueue.get(name) ?? [], id]);
  });
  for (const name of byQueue.keys()) if (name !== '') permit(name);
  const report: RemovedMessage[] = [...wanted ?? []].map((id) => (
    { id, outcome: 'refused', text: 'it is not in the queue any more' }));
  for (const [name, group] of byQueue) {
    const target = vhost.queues.get(name);
    if (target !== undefined) {
      report.push(...await moveMessages(broker, queue, group, target));
      continue;
    }
    const text = name === '' ? 'it is no dead letter' : `the queue '${name}' is not there any more`;
    report.push(...group.map((id) => ({ id, outcome: 'refused' as const, text })));
  }
  return report;
}

/** The queue in which a message died last. */
function diedIn({ visibleProperties: { headers } }: StoredMessage): string | undefined {
  const deaths = headers?.['x-death'];
  const last = Array.isArray(deaths) ? deaths[0] : undefined;
  if (typeof last !== 'object' || last === null || Array.isArray(last)) return undefined;
  const { queue } = last as Readonly<Record<string, unknown>>;
  return typeof queue === 'string' ? queue : undefined;
}
