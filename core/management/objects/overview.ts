import type { Broker } from '../../broker/broker.ts';
import type { VirtualHost } from '../../broker/virtual-host.ts';
import { exchangeTypeNames } from '../../broker/exchange/types.ts';
import type { Call } from '../call.ts';
import type { Details } from '../statistics/statistics.ts';
import { RABBITMQ_VERSION } from '../versions.ts';

/** Samples that RabbitMQ keeps, by seconds; ours are kept as long. */
const retention = { global: [600, 3600, 28_800, 86_400], basic: [600, 3600], detailed: [600] };

/** What there is, in all that the caller may see. */
export function overviewOf(call: Call): object {
  const { broker, caller, statistics, view: { samples } } = call;
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
    message_stats: messageStats(call),
    churn_rates: statistics.churnRates(samples.messageRates),
    queue_totals: queueTotals(call),
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

const lengthNames = ['messages', 'messages_ready', 'messages_unacknowledged'] as const;

type Numbers = Readonly<Record<string, number | Details>>;

/** Of the broker where the caller sees all of it, else of the virtual hosts that are seen. */
function subjectsOf({ broker, caller, vhosts }: Call): readonly (Broker | VirtualHost)[] {
  return caller.isAdministrator ? [broker] : vhosts;
}

function messageStats(call: Call): Numbers {
  const { statistics, view: { samples } } = call;
  return summed(subjectsOf(call).map((subject) => (
    statistics.messageStats(subject, samples.messageRates))));
}

function queueTotals(call: Call): Numbers {
  const { statistics, view: { samples }, vhosts } = call;
  const counts = { messages: 0, messages_ready: 0, messages_unacknowledged: 0 };
  for (const { queues } of vhosts) {
    for (const { readyCount, unackedCount } of queues.values()) {
      counts.messages_ready += readyCount;
      counts.messages_unacknowledged += unackedCount;
    }
  }
  counts.messages = counts.messages_ready + counts.messages_unacknowledged;
  const details = summed(subjectsOf(call).map((subject) => (
    Object.fromEntries(lengthNames.map((name) => (
      [`${name}_details`, statistics.details(subject, name, samples.lengths)]))))));
  return { ...counts, ...details };
}

/** Numbers of several places in one; of several, rates alone can be added. */
function summed(parts: readonly Numbers[]): Numbers {
  if (parts.length === 1) return parts[0]!;
  const sum: Record<string, number | Details> = {};
  for (const part of parts) {
    for (const [name, value] of Object.entries(part)) {
      const before = sum[name];
      sum[name] = typeof value === 'number'
        ? value + ((before as number | undefined) ?? 0)
        : { rate: value.rate + ((before as Details | undefined)?.rate ?? 0) };
    }
  }
  return sum;
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
