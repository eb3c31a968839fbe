import type { Delivery, Outcome } from '../broker/delivery/delivery.ts';
import type { Queue } from '../broker/queue/abstract-queue.ts';
import { limits } from '../limits.ts';
import { payloadToJson, propertiesToJson } from './message-json.ts';

/** What becomes of messages that were shown, by RabbitMQ's names. */
export const ackModes = {
  ack_requeue_true: 'requeue', reject_requeue_true: 'requeue', ack_requeue_false: 'ack',
  reject_requeue_false: 'reject',
} as const satisfies Readonly<Record<string, Outcome>>;

/** How messages are to be taken out of a queue. */
export interface GetOptions {
  /** Negative: all. */
  readonly count: number;
  readonly outcome: Outcome;
  readonly encoding: 'auto' | 'base64';
  /** Octets of each payload that are shown; undefined: all. */
  readonly truncate: number | undefined;
}

/**
 * Takes messages as basic.get does, shows them, and then settles all of them. Of very many, as
 * many as a request may have octets.
 */
export async function getMessages(queue: Queue, options: GetOptions): Promise<readonly object[]> {
  const { count, outcome, encoding, truncate } = options;
  const taken: Delivery[] = [];
  const shown: object[] = [];
  let bytes = 0;
  const asker = { closed: false };
  try {
    const most = count < 0 ? Infinity : count;
    while (shown.length < most && bytes < limits.apiBodyBytesMax) {
      const found = await take(queue, asker, (delivery) => {
        taken.push(delivery);
        const { payload, ...rest } = shownOf(queue, delivery);
        bytes += payload.length;
        const part = truncate === undefined ? payload : payload.slice(0, truncate);
        shown.push({ ...rest, ...payloadToJson(part, encoding) });
      });
      if (!found) break;
    }
  } finally {
    asker.closed = true;
    queue.vhost.turn.within(() => {
      for (const delivery of taken) queue.settle(delivery, outcome);
    });
  }
  return shown;
}

/** Takes one message, if there is one, and looks at it while it is in memory. */
function take(
  queue: Queue, asker: { readonly closed: boolean }, look: (delivery: Delivery) => void,
): Promise<boolean> {
  const { turn } = queue.vhost;
  return new Promise((resolve, reject) => {
    try {
      turn.within(() => queue.get(asker, (delivery) => {
        const { pastCounters: counters } = queue;
        if (delivery === undefined) counters.gotNothing++;
        else {
          counters.got++;
          if (delivery.redelivered) counters.redelivered++;
          delivery.deliveredAt = turn.now;
          look(delivery);
        }
        resolve(delivery !== undefined);
      }));
    } catch (error) {
      reject(error as Error);
    }
  });
}

function shownOf(queue: Queue, delivery: Delivery) {
  const message = queue.messageOf(delivery)!;
  const payload = message.body.slice();
  return {
    payload_bytes: payload.length, redelivered: delivery.redelivered, exchange: message.exchange,
    routing_key: message.routingKey, message_count: queue.readyCount,
    properties: propertiesToJson(message.visibleProperties), payload,
  };
}
