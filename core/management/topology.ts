import type { Broker } from '../broker/broker.ts';
import type { VirtualHost } from '../broker/virtual-host.ts';
import type { Queue } from '../broker/queue/abstract-queue.ts';
import { peekResident } from './messages.ts';
import {
  bindingView, channelView, connectionView, consumerView, exchangeView, queueView,
  type BindingView, type ChannelView, type ConnectionView, type ConsumerView, type ExchangeView,
  type QueueView,
} from './views.ts';

/** A waiting message as a picture shows it. */
export interface HeadView {
  /** As the tap numbers it; 0 while nobody taps. */
  readonly message: number;
  readonly redelivered: boolean;
  readonly priority: number;
  /** Clock time in milliseconds; null: never. */
  readonly expires_at: number | null;
  /** Milliseconds that it had when it came, by its own property or its queue's; null: no end. */
  readonly time_to_live: number | null;
}

export interface QueueInTopology extends QueueView {
  /** The first messages that wait, in the order in which they will go out. */
  readonly head: readonly HeadView[];
}

/** All that a picture of a broker shows, at one moment. */
export interface TopologyView {
  /** Clock time in milliseconds. */
  readonly now: number;
  readonly exchanges: readonly ExchangeView[];
  readonly queues: readonly QueueInTopology[];
  readonly bindings: readonly BindingView[];
  readonly consumers: readonly ConsumerView[];
  readonly connections: readonly ConnectionView[];
  readonly channels: readonly ChannelView[];
}

/** Messages at the head of each queue that a picture shows one by one. */
const HEAD_MESSAGES = 8;

/** `shown`: what may be seen; `vhost`: only what is in it. */
export function topologyView(
  broker: Broker, shown: readonly VirtualHost[], vhost?: string,
): TopologyView {
  const vhosts = shown.filter(({ name }) => vhost === undefined || name === vhost);
  const exchanges = vhosts.flatMap((one) => [...one.exchanges.values()]);
  const queues = vhosts.flatMap((one) => [...one.queues.values()]);
  const connections = [...broker.connections];
  return {
    now: broker.clock.now(),
    exchanges: exchanges.map(exchangeView),
    queues: queues.map((queue) => ({ ...queueView(queue), head: headOf(broker, queue) })),
    bindings: exchanges.flatMap(({ bindings }) => [...bindings].map(bindingView)),
    consumers: queues.flatMap(({ consumers }) => consumers.all.map(consumerView)),
    connections: connections.map(connectionView),
    channels: connections.flatMap(({ channels }) => [...channels].map(channelView)),
  };
}

function headOf(broker: Broker, queue: Queue): HeadView[] {
  const shown = peekResident(
    broker, queue, { state: 'ready', count: HEAD_MESSAGES, payloadBytes: 0 },
  );
  const { messageTtl = Infinity } = queue.settings;
  return shown.map(({ message = 0, redelivered, properties, expires_at }) => {
    const { priority = 0, expiration = Infinity } = properties;
    const timeToLive = Math.min(messageTtl, Number(expiration));
    return {
      message, redelivered, priority, expires_at,
      time_to_live: expires_at === null ? null : timeToLive,
    };
  });
}
