import type { VirtualHost } from '../../broker/virtual-host.ts';
import { arrays, flags, numbers, objects, texts } from '../lists/columns.ts';
import { Table } from '../lists/table.ts';
import { trafficOf } from '../statistics/kinds.ts';
import { lengthDetails, messageStats, trafficDetails } from './rates.ts';

function sum(vhost: VirtualHost, count: 'readyCount' | 'unackedCount'): number {
  let all = 0;
  for (const queue of vhost.queues.values()) all += queue[count];
  return all;
}

/** A virtual host as RabbitMQ's API shows it. */
export const vhostTable = new Table<VirtualHost>('virtual host', {
  name: texts(({ name }) => name),
  description: texts(({ metadata }) => metadata.description),
  tags: arrays(({ metadata }) => metadata.tags),
  default_queue_type: texts(({ metadata }) => metadata.defaultQueueType ?? 'undefined'),
  metadata: objects(({ metadata: { description, tags, compatibility } }) => (
    { description, tags, ...(compatibility !== undefined && { compatibility }) })),
  tracing: flags(({ metadata }) => metadata.tracing),
  cluster_state: objects((_vhost, { broker }) => ({ [broker.options.node]: 'running' })),
  messages: numbers((vhost) => sum(vhost, 'readyCount') + sum(vhost, 'unackedCount')),
  messages_ready: numbers((vhost) => sum(vhost, 'readyCount')),
  messages_unacknowledged: numbers((vhost) => sum(vhost, 'unackedCount')),
  ...lengthDetails(),
  ...messageStats(),
  ...trafficDetails(),
  recv_oct: numbers((vhost, { broker }) => trafficOf(broker, vhost).receivedBytes),
  send_oct: numbers((vhost, { broker }) => trafficOf(broker, vhost).sentBytes),
});
