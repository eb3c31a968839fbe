import type { Broker } from '../broker/broker.ts';
import type { Delivery } from '../broker/delivery/delivery.ts';
import type { Exchange } from '../broker/exchange/exchange.ts';
import { NOWHERE, type Address } from '../broker/message/address.ts';
import type { Queue } from '../broker/queue/abstract-queue.ts';
import { ClassicQueue } from '../broker/queue/classic-queue.ts';
import type { StoredMessage } from '../broker/message/stored-message.ts';
import type { Properties } from '../protocol/types.ts';

/** A message of a queue as a peek shows it: nothing about it changes by being looked at. */
export interface MessageView {
  /** Names it among those of its queue as long as it is there; '' where an exchange has it yet. */
  readonly id: string;
  /** As the tap numbers it; undefined while nobody taps. */
  readonly message: number | undefined;
  /** Delayed: an exchange holds it back, or it came back and waits to be tried again. */
  readonly state: 'ready' | 'unacked' | 'delayed';
  /** Place among those of its state, from 0: in the order in which they go out, or by age. */
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
  /** Clock time in milliseconds at which a delayed one is ready; null on all others. */
  readonly due_at: number | null;
  /** Who holds it, and since when by the clock; null where it is ready. */
  readonly held_by: {
    readonly channel: string; readonly consumer_tag: string; readonly delivery_tag: number;
    readonly since: number;
  } | null;
}

/** Which messages of a queue to show. */
export interface PeekOptions {
  /**
   * Default: ready, then unacked. Scheduled: those to which something happens by itself, the next
   * first: they expire, are tried again (QUE-29), or come from an exchange that holds them back
   * (TYP-06) and that would send them here as it is bound now.
   */
  readonly state?: 'ready' | 'unacked' | 'scheduled';
  /** Position of the first one; default 0. */
  readonly from?: number;
  /** How many at most; default 50. */
  readonly count?: number;
  /** Octets of each body at most; default 50,000. */
  readonly payloadBytes?: number;
}

const PEEK_COUNT = 50;
const PAYLOAD_BYTES = 50_000;

/** What a peek found: a message that waits or is out with somebody, or one that is to come. */
interface Found {
  readonly delivery?: Delivery;
  /** Undefined where the message cannot be read. */
  readonly show: () => MessageView | undefined;
}

/**
 * Shows messages and leaves them as they are: none is redelivered, none changes its place. What
 * the journal alone has is read there, as much of it as `limits.lentBytesMax` lets.
 */
export function peek(
  broker: Broker, queue: Queue, options: PeekOptions = {},
): Promise<MessageView[]> {
  const found = find(broker, queue, options);
  const deliveries = found.flatMap(({ delivery }) => delivery ?? []);
  return queue.lend(deliveries, () => shown(found));
}

/** The same of what is in memory, at once. */
export function peekResident(
  broker: Broker, queue: Queue, options: PeekOptions,
): MessageView[] {
  return shown(find(broker, queue, options));
}

function shown(found: readonly Found[]): MessageView[] {
  return found.flatMap(({ show }) => show() ?? []);
}

function find(broker: Broker, queue: Queue, options: PeekOptions): Found[] {
  const { state, from = 0, count = PEEK_COUNT, payloadBytes = PAYLOAD_BYTES } = options;
  if (state === 'scheduled') return scheduledIn(queue, payloadBytes).slice(from, from + count);
  const found: Found[] = [];
  if (state !== 'unacked') {
    let position = 0;
    queue.forEachWaiting((delivery) => {
      if (found.length >= count) return false;
      const place = position++;
      if (place >= from) found.push(readyIn(queue, delivery, place, payloadBytes));
    });
  }
  if (state !== 'ready') {
    let position = 0;
    for (const { owner, delivery } of unackedOf(broker, queue)) {
      if (found.length >= count) break;
      const place = position++;
      if (place >= from) found.push(unackedIn(queue, delivery, owner, place, payloadBytes));
    }
  }
  return found;
}

/** Deliveries of a queue that are out, each with the channel that holds it. */
export function* unackedOf(
  broker: Broker, queue: Queue,
): Iterable<{ readonly owner: string; readonly delivery: Delivery }> {
  for (const connection of broker.connections) {
    for (const { owner, unacked } of connection.channels) {
      for (const delivery of unacked.all) {
        if (delivery.queue === queue) yield { owner, delivery };
      }
    }
  }
}

function readyIn(
  queue: Queue, delivery: Delivery, position: number, payloadBytes: number,
): Found {
  const show = (): MessageView | undefined => {
    const message = queue.messageOf(delivery);
    return message && {
      ...contentOf(message, payloadBytes), ...placeOf(queue, delivery), state: 'ready', position,
      expires_at: timeOrNull(delivery.expiresAt),
    };
  };
  return { delivery, show };
}

function unackedIn(
  queue: Queue, delivery: Delivery, owner: string, position: number, payloadBytes: number,
): Found {
  const held_by = {
    channel: owner, consumer_tag: delivery.consumer?.options.consumerTag ?? '',
    delivery_tag: delivery.deliveryTag, since: delivery.deliveredAt,
  };
  const show = (): MessageView | undefined => {
    const message = queue.messageOf(delivery);
    return message && {
      ...contentOf(message, payloadBytes), ...placeOf(queue, delivery), state: 'unacked', position,
      held_by,
    };
  };
  return { delivery, show };
}

/** A message to which something happens by itself at some time. */
interface Scheduled extends Found {
  readonly at: number;
}

function scheduledIn(queue: Queue, payloadBytes: number): Scheduled[] {
  const all: Scheduled[] = [];
  if (queue instanceof ClassicQueue) {
    let position = 0;
    queue.forEachWaiting((delivery) => {
      const place = position++;
      if (delivery.expiresAt === Infinity) return;
      all.push({ at: delivery.expiresAt, ...readyIn(queue, delivery, place, payloadBytes) });
    });
    queue.forEachRetry((delivery, at) => {
      const show = (): MessageView | undefined => {
        const message = queue.messageOf(delivery);
        return message && delayedView(message, at, payloadBytes, placeOf(queue, delivery));
      };
      all.push({ at, delivery, show });
    });
  }
  for (const exchange of queue.vhost.exchanges.values()) {
    exchange.delayed?.forEach((message, address, at) => {
      if (!isFor(queue, exchange, message)) return;
      const place = { message: numberOf(queue, address) };
      all.push({ at, show: () => delayedView(message, at, payloadBytes, place) });
    });
  }
  return all.toSorted((one, other) => one.at - other.at);
}

function delayedView(
  message: StoredMessage, at: number, payloadBytes: number, place: Partial<MessageView>,
): MessageView {
  return { ...contentOf(message, payloadBytes), ...place, state: 'delayed', due_at: at };
}

/** Whether a message that is held back would go to the queue if it were due. */
function isFor(queue: Queue, exchange: Exchange, message: StoredMessage): boolean {
  const { properties, routingKeys, hiddenKeys } = message;
  const { 'x-delay': _over, ...headers } = properties.headers ?? {};
  const now = { properties: { ...properties, headers } };
  const { destinations } = queue.vhost.route(exchange, now, [...routingKeys, ...hiddenKeys]);
  return destinations.includes(queue);
}

function placeOf(queue: Queue, { id, address, redelivered, deliveryCount }: Delivery) {
  return { id, message: numberOf(queue, address), redelivered, delivery_count: deliveryCount };
}

function numberOf({ vhost }: Queue, address: Address): number | undefined {
  return address === NOWHERE ? undefined : vhost.events.trace.numberOf(address);
}

function timeOrNull(time: number): number | null {
  return time === Infinity ? null : time;
}

/** What a message says itself; all else as it is where nothing else is known. */
function contentOf(message: StoredMessage, payloadBytes: number) {
  const { exchange, routingKey, visibleProperties, body } = message;
  return {
    id: '', message: undefined, position: 0, redelivered: false, delivery_count: 0,
    expires_at: null, due_at: null, held_by: null,
    exchange, routing_key: routingKey, properties: visibleProperties,
    payload_bytes: body.length, payload: body.slice(0, payloadBytes),
  };
}
