import type { Broker } from '../broker/broker.ts';
import type { Address } from '../broker/message-store.ts';
import type { Queue } from '../broker/queue/abstract-queue.ts';
import type { StoredMessage } from '../broker/stored-message.ts';
import type { Properties } from '../protocol/types.ts';

/** A message of a queue as a peek shows it: nothing about it changes by being looked at. */
export interface MessageView {
  /** As the tap numbers it; undefined while nobody taps. */
  readonly message: number | undefined;
  readonly state: 'ready' | 'unacked';
  /** Place among those that are ready, from 0; among the unacknowledged, by age. */
  readonly position: number;
  readonly exchange: string;
  readonly routing_key: string;
  readonly redelivered: boolean;
  /** How often it came back unacknowledged. */
  readonly delivery_count: number;
  readonly properties: Properties;
  /** Octets of the body; `payload` may hold fewer of them. */
  readonly payload_bytes: number;
  readonly payload: Uint8Array;
  /** Clock time in milliseconds at which it expires; null: never. */
  readonly expires_at: number | null;
  /** Who holds it, and since when by the clock; null where it is ready. */
  readonly held_by: {
    readonly channel: string; readonly consumer_tag: string; readonly delivery_tag: number;
    readonly since: number;
  } | null;
}

/** Which messages of a queue to show. */
export interface PeekOptions {
  readonly state?: 'ready' | 'unacked';
  /** Position of the first one; default 0. */
  readonly from?: number;
  /** How many at most; default 50. */
  readonly count?: number;
  /** Octets of each body at most; default 50,000. */
  readonly payloadBytes?: number;
}

const PEEK_COUNT = 50;
const PAYLOAD_BYTES = 50_000;

/** Shows messages and leaves them as they are: none is redelivered, none changes its place. */
export function peek(broker: Broker, queue: Queue, options: PeekOptions = {}): MessageView[] {
  const { state, from = 0, count = PEEK_COUNT, payloadBytes = PAYLOAD_BYTES } = options;
  const { trace } = queue.vhost.events;
  const shown: MessageView[] = [];
  const show = (
    position: number, message: StoredMessage, address: Address | undefined, rest: Held,
  ): false | void => {
    if (shown.length >= count) return false;
    if (position < from) return undefined;
    const number = address === undefined ? undefined : trace.numberOf(address);
    shown.push({ position, message: number, ...contentOf(message, payloadBytes), ...rest });
  };
  if (state !== 'unacked') {
    let position = 0;
    queue.forEachReady((message, { address, returned, expiresAt }) =>
      show(position++, message, address, {
        state: 'ready', redelivered: returned?.redelivered === true,
        delivery_count: returned?.deliveryCount ?? 0, expires_at: timeOrNull(expiresAt),
        held_by: null,
      }));
  }
  if (state !== 'ready') {
    let position = 0;
    for (const { owner, delivery } of unackedOf(broker, queue)) {
      const message = queue.messageOf(delivery);
      if (message === undefined) continue;
      show(position++, message, delivery.address, {
        state: 'unacked', redelivered: delivery.redelivered,
        delivery_count: delivery.deliveryCount, expires_at: null,
        held_by: {
          channel: owner, consumer_tag: delivery.consumer?.options.consumerTag ?? '',
          delivery_tag: delivery.deliveryTag, since: delivery.deliveredAt,
        },
      });
    }
  }
  return shown;
}

type Held = Pick<
  MessageView, 'state' | 'redelivered' | 'delivery_count' | 'expires_at' | 'held_by'
>;

function timeOrNull(time: number): number | null {
  return time === Infinity ? null : time;
}

function* unackedOf(broker: Broker, queue: Queue) {
  for (const connection of broker.connections) {
    for (const { owner, unacked } of connection.channels) {
      for (const delivery of unacked.all) {
        if (delivery.queue === queue) yield { owner, delivery };
      }
    }
  }
}

function contentOf(message: StoredMessage, payloadBytes: number) {
  const { exchange, routingKey, visibleProperties, body } = message;
  return {
    exchange, routing_key: routingKey, properties: visibleProperties,
    payload_bytes: body.length, payload: body.slice(0, payloadBytes),
  };
}
