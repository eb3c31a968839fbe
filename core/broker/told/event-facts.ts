import type { FieldTable } from '../../protocol/types.ts';
import type { ServerConnection } from '../connection/server-connection.ts';
import type { BrokerEvent, ConnectionInfo } from '../events/events.ts';
import { tableTerms } from '../reply-text.ts';
import type { VirtualHost } from '../virtual-host.ts';
import { TRACE_EXCHANGE, type ToldEvent } from './told-message.ts';

/** Where the facts of an event are found. */
export interface FactHost {
  readonly vhosts: ReadonlyMap<string, VirtualHost>;
  readonly connections: Iterable<ServerConnection>;
  /** Name of the broker. */
  readonly node: string;
}

/** How RabbitMQ names a process of its runtime: here, a connection or one of its channels. */
const processOf = (id: string): string => (id === '' ? '' : `<${id}>`);

/** What RabbitMQ tells of an event; empty: nothing. */
export function eventFacts(host: FactHost, event: BrokerEvent): readonly ToldEvent[] {
  switch (event.type) {
    case 'connection.opened': return opened(host, event.connection);
    case 'connection.refused': return [refused(event.connection, event.text)];
    case 'connection.closed': return [closed(host, event.connection)];
    case 'channel.opened': return [channelOpened(event.connection, event.channel)];
    case 'channel.closed': {
      const pid = processOf(`${event.connection.id}/${event.channel}`);
      return [told('channel.closed', { pid })];
    }
    case 'exchange.declared': return exchangeCreated(host, event);
    case 'exchange.deleted': {
      return [told('exchange.deleted', { name: event.exchange, vhost: event.vhost })];
    }
    case 'queue.declared': return queueCreated(host, event);
    case 'queue.deleted':
    case 'queue.paused':
    case 'queue.resumed': return [told(event.type, { name: event.queue, vhost: event.vhost })];
    case 'binding.added': return [told('binding.created', bindingFacts(event))];
    case 'binding.removed': return [told('binding.deleted', bindingFacts(event))];
    case 'consumer.added': return consumerCreated(host, event);
    case 'consumer.removed': return [told('consumer.deleted', consumerFacts(event))];
    case 'alarm.set':
    case 'alarm.cleared': return [told(event.type, { node: host.node, source: event.alarm })];
    default: return [];
  }
}

function told(key: string, facts: FieldTable): ToldEvent {
  return { key, facts };
}

type EventOf<T extends BrokerEvent['type']> = Extract<BrokerEvent, { readonly type: T }>;

/** Both ends as RabbitMQ tells them; in process there are none. */
function ends({ link: { address, port, local } }: ConnectionInfo): {
  readonly host: string; readonly port: number | string;
  readonly peer_host: string; readonly peer_port: number | string;
} {
  const unknown = { host: 'unknown', port: 'unknown' };
  const here = local === undefined ? unknown : { host: local.address, port: local.port };
  return address === ''
    ? { ...here, peer_host: 'unknown', peer_port: 'unknown' }
    : { ...here, peer_host: address, peer_port: port };
}

/** In process there is nothing to encrypt. */
function isSecure({ link }: ConnectionInfo): boolean {
  return link.secure && link.transport !== 'memory';
}

/** The name that a client gave itself. */
function givenName({ clientProperties }: ConnectionInfo): FieldTable {
  const name = clientProperties['connection_name'];
  return typeof name === 'string' ? { user_provided_name: name } : {};
}

function loginFacts(info: ConnectionInfo): FieldTable {
  const { host, peer_host: peerHost, peer_port: peerPort } = ends(info);
  return {
    ssl: isSecure(info), auth_mechanism: info.mechanism, protocol: '{0,9,1}',
    peer_port: peerPort, peer_host: peerHost, connection_name: info.name, host, name: info.user,
    connection_type: 'network',
  };
}

function opened({ node, connections }: FactHost, info: ConnectionInfo): ToldEvent[] {
  const connection = [...connections].find((each) => each.info.id === info.id);
  const { channelMax = 0, frameBytesMax = 0 } = connection?.session ?? {};
  return [
    told('user.authentication.success', loginFacts(info)),
    told('connection.created', {
      user_who_performed_action: info.user, node,
      connected_at: BigInt(Math.round(info.connectedAt)), type: 'network',
      client_properties: tableTerms(info.clientProperties), vhost: info.vhost, user: info.user,
      ...ends(info), name: info.name, protocol: '{0,9,1}', pid: processOf(info.id),
      channel_max: channelMax, frame_max: frameBytesMax, ssl: isSecure(info),
      auth_mechanism: info.mechanism, ...givenName(info),
    }),
  ];
}

/** The reason comes as RabbitMQ has it: as a list of characters. */
function refused(info: ConnectionInfo, text: string): ToldEvent {
  const error = [...text].map((character) => character.codePointAt(0)!);
  return told('user.authentication.failure', { error, ...loginFacts(info) });
}

function closed({ node }: FactHost, info: ConnectionInfo): ToldEvent {
  return told('connection.closed', {
    name: info.name, node, pid: processOf(info.id),
    client_properties: tableTerms(info.clientProperties), ...givenName(info),
  });
}

function channelOpened(info: ConnectionInfo, number: number): ToldEvent {
  return told('channel.created', {
    user_who_performed_action: info.user, vhost: info.vhost, user: info.user, number,
    connection: processOf(info.id), name: `${info.name} (${number})`,
    pid: processOf(`${info.id}/${number}`),
  });
}

function exchangeCreated(
  { vhosts }: FactHost,
  { vhost, exchange: name, exchangeType: type }: EventOf<'exchange.declared'>,
): ToldEvent[] {
  const exchange = vhosts.get(vhost)?.exchanges.get(name);
  // A virtual host that is just made has those that all of them have.
  const options = exchange?.options ?? {
    durable: true, autoDelete: false, internal: name === TRACE_EXCHANGE, arguments: {},
  };
  return [told('exchange.created', {
    policy: exchange?.effective?.policy?.name ?? '', arguments: tableTerms(options.arguments),
    internal: options.internal, auto_delete: options.autoDelete, durable: options.durable, type,
    name, vhost,
  })];
}

function queueCreated(
  { vhosts }: FactHost, { vhost, queue: name }: EventOf<'queue.declared'>,
): ToldEvent[] {
  const queue = vhosts.get(vhost)?.queues.get(name);
  if (queue === undefined) return [];
  const { owner, autoDelete, durable, arguments: table } = queue.options;
  const info = (owner as { info?: ConnectionInfo } | undefined)?.info;
  return [told('queue.created', {
    exclusive: owner !== undefined, owner_pid: processOf(info?.id ?? ''),
    arguments: tableTerms(table), auto_delete: autoDelete, durable, name, vhost,
  })];
}

function bindingFacts(event: EventOf<'binding.added' | 'binding.removed'>): FieldTable {
  const { vhost, source, destination, destinationKind, routingKey, arguments: table } = event;
  return {
    vhost, arguments: tableTerms(table), routing_key: routingKey, destination_kind: destinationKind,
    destination_name: destination, source_kind: 'exchange', source_name: source,
  };
}

function consumerFacts(event: EventOf<'consumer.added' | 'consumer.removed'>): FieldTable {
  const { vhost, queue, consumerTag, owner } = event;
  return { queue, vhost, channel: processOf(owner), consumer_tag: consumerTag };
}

function consumerCreated(
  { vhosts }: FactHost, event: EventOf<'consumer.added' | 'consumer.removed'>,
): ToldEvent[] {
  const { vhost, queue, consumerTag, owner } = event;
  const consumer = vhosts.get(vhost)?.queues.get(queue)?.consumers.all
    .find(({ options }) => options.consumerTag === consumerTag && options.owner === owner);
  if (consumer === undefined) return [];
  const { prefetch, noAck, exclusive, arguments: table } = consumer.options;
  return [told('consumer.created', {
    arguments: tableTerms(table), prefetch_count: prefetch, ...consumerFacts(event),
    ack_required: !noAck, exclusive,
  })];
}

