import type { FieldTable, FieldValue, Properties } from '../../protocol/types.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Address } from '../message/address.ts';
import type { StoredMessage } from '../message/stored-message.ts';
import type { Destination } from '../turn/run.ts';
import { isHeard, tell, TRACE_EXCHANGE, type TellingHost } from './told-message.ts';

/** The virtual host that a firehose is of. */
export interface FirehoseHost extends TellingHost {
  readonly name: string;
  readMessage(address: Address): StoredMessage;
}

/** Who published a message, or gets it. */
export interface FirehoseParty {
  /** `connection-1/3`, or '' in process. */
  readonly owner: string;
  readonly connectionName: string;
  readonly user: string;
}

/** RabbitMQ's names of the properties. */
const propertyNames: Readonly<Record<keyof Properties, string>> = {
  contentType: 'content_type', contentEncoding: 'content_encoding', headers: 'headers',
  deliveryMode: 'delivery_mode', priority: 'priority', correlationId: 'correlation_id',
  replyTo: 'reply_to', expiration: 'expiration', messageId: 'message_id', timestamp: 'timestamp',
  type: 'type', userId: 'user_id', appId: 'app_id', clusterId: 'cluster_id',
};

/**
 * Publishes a copy of each message that is published or delivered in its virtual host to
 * `amq.rabbitmq.trace` there. A virtual host has one while its tracing is on.
 */
export class Firehose {
  readonly #host: FirehoseHost;
  readonly #node: string;

  constructor(host: FirehoseHost, node: string) {
    this.#host = host;
    this.#node = node;
  }

  /** A message goes to these destinations, or to none. */
  published(address: Address, destinations: readonly Destination[], party: FirehoseParty): void {
    if (!isHeard(this.#host, TRACE_EXCHANGE)) return;
    const message = this.#host.readMessage(address);
    const routed = destinations.filter(({ kind }) => kind === 'queue').map(({ label }) => label);
    this.#tell(`publish.${message.exchange}`, message, party, { routed_queues: routed });
  }

  /** Somebody gets a message, for the first time or again. */
  delivered(delivery: Delivery, party: FirehoseParty): void {
    if (!isHeard(this.#host, TRACE_EXCHANGE)) return;
    const { queue, redelivered } = delivery;
    const message = queue.messageOf(delivery);
    // What tells of messages is not told of.
    if (message === undefined || message.exchange === TRACE_EXCHANGE) return;
    this.#tell(`deliver.${queue.name}`, message, party, { redelivered: redelivered ? 1 : 0 });
  }

  #tell(key: string, message: StoredMessage, party: FirehoseParty, facts: FieldTable): void {
    const [, channel = '0'] = party.owner.split('/');
    const headers: FieldTable = {
      exchange_name: message.exchange,
      routing_keys: [...message.routingKeys, ...message.hiddenKeys],
      properties: propertyTable(message.visibleProperties),
      node: this.#node, vhost: this.#host.name, connection: party.connectionName,
      channel: Number(channel), user: party.user || 'none', ...facts,
    };
    tell(this.#host, TRACE_EXCHANGE, key, { headers }, message.body);
  }
}

/** The properties that a message has, under RabbitMQ's names. */
function propertyTable(properties: Properties): FieldTable {
  const table: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries(properties)) {
    table[propertyNames[name as keyof Properties]] = value as FieldValue;
  }
  return table;
}
