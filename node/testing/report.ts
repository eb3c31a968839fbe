import type { Broker, Exchange, VirtualHost } from '../../core/index.ts';
import type { Trail } from './trail.ts';

/** Bindings and queues that a failure lists at most. */
const LISTED_MAX = 30;

/** What the broker saw and has, as failures show it; with the bindings of the exchange meant. */
export function reportOf(
  broker: Broker, trail: Trail, seed: number, exchangeName?: string, vhostName = '/',
): string {
  const exchange = broker.vhosts.get(vhostName)?.exchanges.get(exchangeName ?? '');
  const parts = [`What the broker saw (seed ${seed}):`, trail.text];
  if (exchangeName !== undefined && exchange === undefined) {
    parts.push('', `There is no exchange '${exchangeName}' in vhost '${vhostName}'.`);
  } else if (exchange !== undefined && exchange.name !== '') {
    parts.push('', `Bindings of ${exchange.options.type} ${exchange.text}:`, ...bindings(exchange));
  }
  parts.push('', 'Queues:', ...[...broker.vhosts.values()].flatMap((vhost) => queues(vhost)));
  return parts.join('\n');
}

function bindings(exchange: Exchange): string[] {
  return listed([...exchange.bindings].map(({ routingKey, destination, arguments: table }) => {
    const matched = Object.keys(table).length === 0 ? '' : ` ${JSON.stringify(table)}`;
    return `  '${routingKey}'${matched} -> ${destination.kind} ${destination.name}`;
  }));
}

function queues({ name: vhost, queues: found }: VirtualHost): string[] {
  const where = vhost === '/' ? '' : `${vhost}/`;
  return listed([...found.values()].map(({ name, readyCount, unackedCount, consumers }) => {
    return `  ${where}${name}: ${readyCount} ready, ${unackedCount} unacknowledged, `
      + `${consumers.count} consumers`;
  }));
}

function listed(lines: string[]): string[] {
  if (lines.length === 0) return ['  none'];
  if (lines.length <= LISTED_MAX) return lines;
  return [...lines.slice(0, LISTED_MAX), `  and ${lines.length - LISTED_MAX} more`];
}
