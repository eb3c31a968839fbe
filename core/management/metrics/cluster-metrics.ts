import type { Exchange } from '../../broker/exchange/exchange.ts';
import type { MetricPiece, MetricView, Sample } from './family.ts';

/** What RabbitMQ tells of the cluster as a whole, by families that have no prefix of their own. */
export function clusterMetrics(
  { broker }: MetricView, families: ReadonlySet<string>, isWanted: (vhost: string) => boolean,
): MetricPiece[] {
  const vhosts = [...broker.vhosts.values()].filter(({ name }) => isWanted(name));
  const exchanges = vhosts.flatMap((vhost) => [...vhost.exchanges.values()]);
  const ofExchange = (value: (exchange: Exchange) => number): Sample[] => (
    exchanges.map((exchange) => ({
      labels: { vhost: exchange.vhost.name, exchange: exchange.name, type: exchange.options.type },
      value: value(exchange),
    })));
  const all: Readonly<Record<string, MetricPiece>> = {
    vhost_status: {
      name: 'rabbitmq_cluster_vhost_status', type: 'gauge',
      help: 'Whether a given vhost is running', isFirst: true,
      samples: vhosts.map(({ name }) => ({ labels: { vhost: name }, value: 1 })),
    },
    exchange_bindings: {
      name: 'rabbitmq_cluster_exchange_bindings', type: 'gauge',
      help: 'Number of bindings for an exchange. This value is cluster-wide.', isFirst: true,
      samples: ofExchange(({ bindingCount }) => bindingCount),
    },
    exchange_names: {
      name: 'rabbitmq_cluster_exchange_name', type: 'gauge',
      help: 'Enumerates exchanges without any additional info. This value is cluster-wide. ' +
        'A cheaper alternative to `exchange_bindings`',
      isFirst: true,
      samples: ofExchange(() => 1),
    },
  };
  return Object.entries(all).filter(([name]) => families.has(name)).map(([, piece]) => piece);
}
