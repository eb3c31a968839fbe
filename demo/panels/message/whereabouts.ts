import type { MessageView } from '../../../core/management/index.ts';
import type { BrokerPort } from '../../port/broker-port.ts';
import { peekAt } from '../../screens/queues/messages.ts';
import type { Place } from './life.ts';

/** Where a message is now. */
export interface Whereabouts extends Place {
  readonly view: MessageView;
}

/**
 * Looks for a message in a queue that it came to, by any number that it has had; undefined: it is
 * not there any more, or too far behind its head.
 */
export async function findMessage(
  port: BrokerPort, { vhost, queue }: Place, numbers: ReadonlySet<number>,
): Promise<Whereabouts | undefined> {
  for (const state of ['ready', 'unacked'] as const) {
    // A queue that was deleted meanwhile has nothing of it either.
    const look = { state, from: 0 };
    const views = await peekAt(port, { vhost, name: queue }, look, 0).catch(() => []);
    const view = views.find(({ message = 0 }) => numbers.has(message));
    if (view !== undefined) return { vhost, queue, view };
  }
  return undefined;
}
