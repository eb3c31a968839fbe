import type { Broker } from '../../broker/broker.ts';
import type { VirtualHost } from '../../broker/virtual-host.ts';
import { exchangeTypeNames } from '../../broker/exchange/types.ts';
import type { Call } from '../call.ts';
import { RABBITMQ_VERSION } from '../versions.ts';
import { addCounts, messageStats, vhostCounts, type MessageCounts } from './message-stats.ts';

/** Samples that RabbitMQ keeps, by seconds; ours are kept as long. */
const retention = { global: [600, 3600, 28_800, 86_400], basic: [600, 3600], detailed: [600] };

/** What there is, in all that the caller may see. */
export function overviewOf(call: Call): object {
  const { broker, caller, vhosts } = call;
  const withoutStatistics = call.wants('disable_stats');
  return {
    ...versionsOf(broker),
    rates_mode: 'basic',
    sample_retention_policies: retention,
    exchange_types: exchangeTypeViews(),
    cluster_name: clusterName(broker),
    disable_stats: withoutStatistics,
    enable_queue_totals: call.wants('enable_queue_totals'),
    now: broker.clock.now(),
    message_stats: messageStats(addCounts(vhosts.map(vhostCounts))),
    churn_rates: messageStats(churnOf(broker)),
    queue_totals: queueTotals(vhosts),
    object_totals: objectTotals(call),
    statistics_db_event_queue: 0,
    ...(caller.isMonitor && {
      node: broker.options.node, listeners: listenersOf(call), contexts: contextsOf(call),
    }),
  };
}

function versionsOf({ options }: Broker): object {
  const { version, platform } = options;
  return {
    product_name: 'TabMQ', product_version: version, management_version: RABBITMQ_VERSION,
    rabbitmq_version: RABBITMQ_VERSION, erlang_version: 'none', erlang_full_version: platform,
    release_series_support_status: 'supported',
  };
}

/** The name that somebody gave, or that of the node. */
export function clusterName({ parameters, options }: Broker): string {
  const value = parameters.getGlobal('cluster_name')?.value;
  return typeof value === 'string' ? value : options.node;
}

export function exchangeTypeViews(): readonly object[] {
  return exchangeTypeNames.map((name) => ({
    name, enabled: true, description: `exchange of type ${name}`,
  }));
}

function queueTotals(vhosts: readonly VirtualHost[]): object {
  let [ready, unacked] = [0, 0];
  for (const { queues } of vhosts) {
    for (const { readyCount, unackedCount } of queues.values()) {
      ready += readyCount;
      unacked += unackedCount;
    }
  }
  const still = { rate: 0 };
  return {
    messages: ready + unacked, messages_details: still,
    messages_ready: ready, messages_ready_details: still,
    messages_unacknowledged: unacked, messages_unacknowledged_details: still,
  };
}

function objectTotals({ broker, caller, vhosts }: Call): object {
  const totals = { exchanges: 0, queues: 0, consumers: 0 };
  for (const { exchanges, queues } of vhosts) {
    totals.exchanges += exchanges.size;
    totals.queues += queues.size;
    for (const { consumers } of queues.values()) totals.consumers += consumers.count;
  }
  let [connections, channels] = [0, 0];
  for (const { info, channelCount } of broker.connections) {
    if (!caller.sees(info.vhost)) continue;
    connections++;
    channels += channelCount;
  }
  return { ...totals, connections, channels };
}

/** What came and went. */
export function churnOf({ totals: { churn } }: Broker): MessageCounts {
  return {
    connection_created: churn.connectionsOpened, connection_closed: churn.connectionsClosed,
    channel_created: churn.channelsOpened, channel_closed: churn.channelsClosed,
    queue_declared: churn.queuesDeclared, queue_created: churn.queuesCreated,
    queue_deleted: churn.queuesDeleted,
  };
}

/** Where clients come in, as the node tells it. */
export function listenersOf({ broker, world }: Pick<Call, 'broker' | 'world'>): readonly object[] {
  return world.listeners().map(({ protocol, address, port }) => ({
    node: broker.options.node, protocol, ip_address: address, port, socket_opts: {},
  }));
}

/** Where the API itself is served. */
export function contextsOf({ broker, world }: Pick<Call, 'broker' | 'world'>): readonly object[] {
  return world.listeners().filter(({ protocol }) => protocol.startsWith('http')).map((each) => ({
    node: broker.options.node, description: 'TabMQ Management', path: '/', ip: each.address,
    port: String(each.port), protocol: each.protocol, ssl_opts: [], cowboy_opts: '[]',
  }));
}
