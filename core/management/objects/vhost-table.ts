import type { Broker } from '../../broker/broker.ts';
import { Traffic } from '../../broker/counters.ts';
import type { VirtualHost } from '../../broker/virtual-host.ts';
import { arrays, flags, numbers, objects, texts } from '../lists/columns.ts';
import { Table } from '../lists/table.ts';
import { messageStats, vhostCounts } from './message-stats.ts';
import { rates } from './runtime.ts';

function sum(vhost: VirtualHost, count: 'readyCount' | 'unackedCount'): number {
  let all = 0;
  for (const queue of vhost.queues.values()) all += queue[count];
  return all;
}

/** What went over its connections, those that are gone among them. */
function trafficOf({ name, totals }: VirtualHost, { connections }: Broker): Traffic {
  const traffic = new Traffic();
  traffic.add(totals.traffic);
  for (const connection of connections) {
    if (connection.info.vhost === name) traffic.add(connection.traffic);
  }
  return traffic;
}

/** A virtual host as RabbitMQ's API shows it. */
export const vhostTable = new Table<VirtualHost>('virtual host', {
  name: texts(({ name }) => name),
  description: texts(({ metadata }) => metadata.description),
  tags: arrays(({ metadata }) => metadata.tags),
  default_queue_type: texts(({ metadata }) => metadata.defaultQueueType ?? 'undefined'),
  metadata: objects(({ metadata: { description, tags, compatibility } }) => (
    { description, tags, ...(compatibility !== undefined && { compatibility }) })),
  tracing: flags(() => false),
  cluster_state: objects((_vhost, { broker }) => ({ [broker.options.node]: 'running' })),
  messages: numbers((vhost) => sum(vhost, 'readyCount') + sum(vhost, 'unackedCount')),
  messages_details: rates(() => 0),
  messages_ready: numbers((vhost) => sum(vhost, 'readyCount')),
  messages_ready_details: rates(() => 0),
  messages_unacknowledged: numbers((vhost) => sum(vhost, 'unackedCount')),
  messages_unacknowledged_details: rates(() => 0),
  message_stats: objects((vhost) => messageStats(vhostCounts(vhost))),
  recv_oct: numbers((vhost, { broker }) => trafficOf(vhost, broker).receivedBytes),
  recv_oct_details: rates(() => 0),
  send_oct: numbers((vhost, { broker }) => trafficOf(vhost, broker).sentBytes),
  send_oct_details: rates(() => 0),
});
