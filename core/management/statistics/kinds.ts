import { Broker } from '../../broker/broker.ts';
import { ServerChannel } from '../../broker/connection/server-channel.ts';
import { ServerConnection } from '../../broker/connection/server-connection.ts';
import {
  Counters, DeliveryCounters, Traffic, type PublishCounters,
} from '../../broker/counters.ts';
import { Exchange } from '../../broker/exchange/exchange.ts';
import type { Queue } from '../../broker/queue/abstract-queue.ts';
import { deliveriesOf } from '../../broker/stats.ts';
import { VirtualHost } from '../../broker/virtual-host.ts';

/** What has statistics. */
export type Subject = Broker | VirtualHost | Exchange | Queue | ServerConnection | ServerChannel;

/** How long samples are kept, and how far apart they are, in seconds. */
export interface Retention {
  readonly spanSeconds: number;
  readonly everySeconds: number;
}

/** RabbitMQ's default of `collect_statistics_interval` and `sample_retention_policies`. */
const detailed: readonly Retention[] = [{ spanSeconds: 605, everySeconds: 5 }];
const basic: readonly Retention[] = [...detailed, { spanSeconds: 3660, everySeconds: 60 }];
const global: readonly Retention[] = [
  ...basic, { spanSeconds: 29_400, everySeconds: 600 }, { spanSeconds: 86_400, everySeconds: 1800 },
];

/** What is sampled of one kind of thing. */
export interface Kind<T> {
  /** By RabbitMQ's names. */
  readonly names: readonly string[];
  readonly retentions: readonly Retention[];
  /** Writes the present value of each. */
  read(subject: T, into: Float64Array): void;
}

const deliveryNames = [
  'deliver', 'deliver_no_ack', 'get', 'get_no_ack', 'get_empty', 'deliver_get', 'ack', 'redeliver',
] as const;
const publishNames = ['publish', 'confirm', 'return_unroutable', 'drop_unroutable'] as const;
const lengthNames = ['messages', 'messages_ready', 'messages_unacknowledged'] as const;
const trafficNames = ['recv_oct', 'send_oct'] as const;
const churnNames = [
  'connection_created', 'connection_closed', 'channel_created', 'channel_closed',
  'queue_declared', 'queue_created', 'queue_deleted',
] as const;

/** What stands in `message_stats`, each only once it has happened. */
export const messageNames: ReadonlySet<string> = new Set<string>([
  ...deliveryNames, ...publishNames, 'publish_in', 'publish_out',
]);
/** What stands in `churn_rates`. */
export const churnRateNames: ReadonlySet<string> = new Set<string>(churnNames);

function writeDeliveries(from: DeliveryCounters, into: Float64Array, at: number): number {
  const { delivered, deliveredNoAck, got, gotNoAck, gotNothing } = from;
  into[at] = delivered - deliveredNoAck;
  into[at + 1] = deliveredNoAck;
  into[at + 2] = got - gotNoAck;
  into[at + 3] = gotNoAck;
  into[at + 4] = gotNothing;
  into[at + 5] = delivered + got;
  into[at + 6] = from.acknowledged;
  into[at + 7] = from.redelivered;
  return at + 8;
}

function writePublishes(
  { published, confirmed, returned, dropped }: Counters | PublishCounters,
  into: Float64Array, at: number,
): number {
  into.set([published, confirmed, returned, dropped], at);
  return at + 4;
}

function writeLengths(queues: Iterable<Queue>, into: Float64Array): number {
  let ready = 0;
  let unacked = 0;
  for (const queue of queues) {
    ready += queue.readyCount;
    unacked += queue.unackedCount;
  }
  into.set([ready + unacked, ready, unacked], 0);
  return lengthNames.length;
}

/** One for all queues that are read: it is read before the next one comes. */
const scratch = new DeliveryCounters();

const queueKind: Kind<Queue> = {
  names: [...lengthNames, 'publish', ...deliveryNames],
  retentions: basic,
  read(queue, into) {
    const { readyCount, unackedCount } = queue;
    into[0] = readyCount + unackedCount;
    into[1] = readyCount;
    into[2] = unackedCount;
    into[3] = queue.arrivedCount;
    scratch.clear();
    queue.countInto(scratch);
    writeDeliveries(scratch, into, 4);
  },
};

/** As of the last time that its virtual host added up what came to its exchanges. */
const exchangeKind: Kind<Exchange> = {
  names: ['publish_in', 'publish_out'],
  retentions: basic,
  read({ pastCounters: { published, routed } }, into) {
    into[0] = published;
    into[1] = routed;
  },
};

const channelKind: Kind<ServerChannel> = {
  names: [...publishNames, ...deliveryNames],
  retentions: detailed,
  read({ publisher, tallies }, into) {
    writeDeliveries(tallies.total, into, writePublishes(publisher.tallies.total, into, 0));
  },
};

const connectionKind: Kind<ServerConnection> = {
  names: trafficNames,
  retentions: detailed,
  read({ traffic: { receivedBytes, sentBytes } }, into) {
    into[0] = receivedBytes;
    into[1] = sentBytes;
  },
};

/** What went over the connections of a virtual host, those that are gone included. */
export function trafficOf(broker: Broker, vhost: VirtualHost): Traffic {
  const traffic = new Traffic();
  traffic.add(vhost.totals.traffic);
  for (const connection of broker.connections) {
    if (connection.vhost === vhost) traffic.add(connection.traffic);
  }
  return traffic;
}

function vhostKind(broker: Broker): Kind<VirtualHost> {
  return {
    names: [...lengthNames, ...publishNames, ...deliveryNames, ...trafficNames],
    retentions: basic,
    read(vhost, into) {
      let at = writeLengths(vhost.queues.values(), into);
      at = writePublishes(vhost.counters, into, at);
      at = writeDeliveries(deliveriesOf(vhost), into, at);
      const { receivedBytes, sentBytes } = trafficOf(broker, vhost);
      into.set([receivedBytes, sentBytes], at);
    },
  };
}

function* queuesOf(vhosts: Iterable<VirtualHost>): Generator<Queue> {
  for (const { queues } of vhosts) yield* queues.values();
}

const brokerKind: Kind<Broker> = {
  names: [...lengthNames, ...publishNames, ...deliveryNames, ...churnNames],
  retentions: global,
  read({ vhosts, totals }, into) {
    const counters = new Counters();
    const deliveries = new DeliveryCounters();
    counters.add(totals.counters);
    for (const { departed } of Object.values(totals.queues)) deliveries.add(departed);
    for (const vhost of vhosts.values()) {
      counters.add(vhost.counters);
      deliveries.add(deliveriesOf(vhost));
    }
    let at = writeLengths(queuesOf(vhosts.values()), into);
    at = writePublishes(counters, into, at);
    at = writeDeliveries(deliveries, into, at);
    const { churn } = totals;
    into.set([
      churn.connectionsOpened, churn.connectionsClosed, churn.channelsOpened, churn.channelsClosed,
      churn.queuesDeclared, churn.queuesCreated, churn.queuesDeleted,
    ], at);
  },
};

/** Finds the kind of a thing. */
export function kindsOf(broker: Broker): (subject: Subject) => Kind<Subject> {
  const ofVhost = vhostKind(broker);
  return (subject) => {
    if (subject instanceof ServerChannel) return channelKind as Kind<Subject>;
    if (subject instanceof ServerConnection) return connectionKind as Kind<Subject>;
    if (subject instanceof Exchange) return exchangeKind as Kind<Subject>;
    if (subject instanceof VirtualHost) return ofVhost as Kind<Subject>;
    if (subject instanceof Broker) return brokerKind as Kind<Subject>;
    return queueKind as Kind<Subject>;
  };
}
