import type { Broker } from '../broker/broker.ts';
import type { Consumer } from '../broker/delivery/consumer.ts';
import type { BoundBinding, Exchange } from '../broker/exchange/exchange.ts';
import type { Queue } from '../broker/queue/abstract-queue.ts';
import type { ServerChannel } from '../broker/connection/server-channel.ts';
import type { ServerConnection } from '../broker/connection/server-connection.ts';
import { sampleStats } from '../broker/stats.ts';
import type { FieldTable } from '../protocol/types.ts';

// What the management API tells of each object, in the words of RabbitMQ's HTTP API.

export interface ExchangeView {
  readonly vhost: string;
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly auto_delete: boolean;
  readonly internal: boolean;
  readonly arguments: FieldTable;
}

export interface QueueView {
  readonly vhost: string;
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly auto_delete: boolean;
  readonly exclusive: boolean;
  readonly arguments: FieldTable;
  readonly messages: number;
  readonly messages_ready: number;
  readonly messages_unacknowledged: number;
  readonly consumers: number;
  /** Of a quorum queue: dead letters that their targets do not have yet, and their body bytes. */
  readonly messages_dlx?: number;
  readonly message_bytes_dlx?: number;
  /** Letters that their targets took over and have on disk. */
  readonly messages_dead_lettered_confirmed?: number;
}

export interface BindingView {
  readonly vhost: string;
  readonly source: string;
  readonly destination: string;
  readonly destination_type: 'queue' | 'exchange';
  readonly routing_key: string;
  readonly arguments: FieldTable;
}

export interface ConsumerView {
  readonly vhost: string;
  readonly queue: string;
  readonly consumer_tag: string;
  /** Connection and channel, `connection-1/3`; '' in process. */
  readonly channel: string;
  readonly ack_required: boolean;
  readonly exclusive: boolean;
  readonly prefetch_count: number;
  readonly priority: number;
  /** Whether a queue with a single active consumer serves it; true on all others. */
  readonly active: boolean;
  readonly unacked: number;
}

export interface ChannelView {
  /** `connection-1/3` */
  readonly name: string;
  readonly connection: string;
  readonly number: number;
  readonly vhost: string;
  readonly consumer_count: number;
  readonly prefetch_count: number;
  readonly messages_unacknowledged: number;
  /** Whether confirm.select was sent, and publishes since then. */
  readonly confirm: boolean;
  readonly published: number;
  readonly transactional: boolean;
}

export interface ConnectionView {
  /** `connection-1` */
  readonly name: string;
  readonly user: string;
  readonly vhost: string;
  readonly peer: string;
  readonly transport: string;
  /** `running`; `flow`: it asks for more work than its share, and is read less often. */
  readonly state: string;
  readonly blocked: boolean;
  readonly channels: number;
  readonly client_properties: FieldTable;
}

export interface OverviewView {
  readonly product_name: 'TabMQ';
  readonly node: string;
  /** Clock time in milliseconds: virtual, where the broker's clock is. */
  readonly now: number;
  readonly object_totals: {
    readonly connections: number; readonly channels: number; readonly exchanges: number;
    readonly queues: number; readonly consumers: number;
  };
  readonly queue_totals: {
    readonly messages: number; readonly messages_ready: number;
    readonly messages_unacknowledged: number;
  };
  readonly message_stats: Readonly<Record<string, number>>;
}

export function exchangeView({ vhost, name, options }: Exchange): ExchangeView {
  const { type, durable, autoDelete, internal, arguments: table } = options;
  return {
    vhost: vhost.name, name, type, durable, auto_delete: autoDelete, internal, arguments: table,
  };
}

export function queueView(queue: Queue): QueueView {
  const { vhost, name, settings, options, readyCount, unackedCount, consumers } = queue;
  return {
    vhost: vhost.name, name, type: settings.type, durable: options.durable,
    auto_delete: options.autoDelete, exclusive: options.owner !== undefined,
    arguments: options.arguments, messages: readyCount + unackedCount,
    messages_ready: readyCount, messages_unacknowledged: unackedCount, consumers: consumers.count,
    ...(settings.type === 'quorum' && {
      messages_dlx: queue.letters?.count ?? 0, message_bytes_dlx: queue.letters?.heldBytes ?? 0,
      messages_dead_lettered_confirmed: queue.letters?.confirmed ?? 0,
    }),
  };
}

export function bindingView(binding: BoundBinding): BindingView {
  const { source, destination, routingKey, arguments: table } = binding;
  return {
    vhost: source.vhost.name, source: source.name, destination: destination.name,
    destination_type: destination.kind, routing_key: routingKey, arguments: table,
  };
}

export function consumerView(consumer: Consumer): ConsumerView {
  const { queue, options, unacked } = consumer;
  const { active } = queue.consumers;
  return {
    vhost: queue.vhost.name, queue: queue.name, consumer_tag: options.consumerTag,
    channel: options.owner, ack_required: !options.noAck, exclusive: options.exclusive,
    prefetch_count: options.prefetch, priority: options.priority,
    active: active === undefined || active === consumer, unacked,
  };
}

export function channelView(channel: ServerChannel): ChannelView {
  const { owner, number, vhost, consumers, unacked, publisher, consumerPrefetch } = channel;
  return {
    name: owner, connection: channel.connection.info.id, number, vhost: vhost.name,
    consumer_count: consumers.size, prefetch_count: consumerPrefetch,
    messages_unacknowledged: unacked.count, confirm: publisher.confirms !== undefined,
    published: publisher.confirms?.published ?? 0,
    transactional: publisher.transaction !== undefined,
  };
}

export function connectionView(
  { info, session, channelCount, blocked, inFlow }: ServerConnection,
): ConnectionView {
  return {
    name: info.id, user: info.user, vhost: info.vhost, peer: info.peer,
    transport: info.transport, state: inFlow ? 'flow' : session.state,
    blocked, channels: channelCount,
    client_properties: info.clientProperties,
  };
}

export function overview(broker: Broker): OverviewView {
  const stats = sampleStats(broker);
  const { connections, channels, exchanges, queues, consumers, messagesReady, messagesUnacked } =
    stats;
  return {
    product_name: 'TabMQ',
    node: broker.options.node,
    now: broker.clock.now(),
    object_totals: { connections, channels, exchanges, queues, consumers },
    queue_totals: {
      messages: messagesReady + messagesUnacked, messages_ready: messagesReady,
      messages_unacknowledged: messagesUnacked,
    },
    message_stats: { ...stats.counters },
  };
}
