import type { BrokerTotals } from '../../broker/totals.ts';
import {
  counter, gauge, type IoCounts, type Metric, type MetricGroup, type MetricView, type NodeFacts,
} from './family.ts';

// RabbitMQ's metrics of the node, by its names, and in its words.

const churnMetrics: readonly Metric<BrokerTotals['churn']>[] = [
  counter('connections_opened_total', 'Total number of connections opened',
    ({ connectionsOpened }) => connectionsOpened),
  counter('connections_closed_total', 'Total number of connections closed or terminated',
    ({ connectionsClosed }) => connectionsClosed),
  counter('channels_opened_total', 'Total number of channels opened',
    ({ channelsOpened }) => channelsOpened),
  counter('channels_closed_total', 'Total number of channels closed',
    ({ channelsClosed }) => channelsClosed),
  counter('queues_declared_total', 'Total number of queues declared',
    ({ queuesDeclared }) => queuesDeclared),
  counter('queues_created_total', 'Total number of queues created',
    ({ queuesCreated }) => queuesCreated),
  counter('queues_deleted_total', 'Total number of queues deleted',
    ({ queuesDeleted }) => queuesDeleted),
];

const nodeCoarseMetrics: readonly Metric<NodeFacts>[] = [
  gauge('process_open_fds', 'Open file descriptors', ({ openFiles }) => openFiles),
  gauge('process_open_tcp_sockets', 'Open TCP sockets', ({ openSockets }) => openSockets),
  gauge('process_resident_memory_bytes', 'Memory used in bytes',
    ({ residentBytes }) => residentBytes),
  gauge('disk_space_available_bytes', 'Disk space available in bytes',
    ({ diskFreeBytes }) => diskFreeBytes),
];

const nodeMetrics: readonly Metric<NodeFacts>[] = [
  gauge('process_max_fds', 'Open file descriptors limit', ({ maxFiles }) => maxFiles),
  gauge('process_max_tcp_sockets', 'Open TCP sockets limit', ({ maxSockets }) => maxSockets),
  gauge('resident_memory_limit_bytes', 'Memory high watermark in bytes',
    ({ memoryLimitBytes }) => memoryLimitBytes),
  gauge('disk_space_available_limit_bytes', 'Free disk space low watermark in bytes',
    ({ diskLimitBytes }) => diskLimitBytes),
  gauge('erlang_uptime_seconds', 'Node uptime', ({ uptimeSeconds }) => uptimeSeconds),
];

const ioMetrics: readonly Metric<IoCounts>[] = [
  counter('io_read_bytes_total', 'Total number of I/O bytes read', ({ readBytes }) => readBytes),
  counter('io_read_ops_total', 'Total number of I/O read operations', ({ reads }) => reads),
  counter('io_read_time_seconds_total', 'Total I/O read time', ({ readSeconds }) => readSeconds),
  counter('io_write_bytes_total', 'Total number of I/O bytes written',
    ({ writtenBytes }) => writtenBytes),
  counter('io_write_ops_total', 'Total number of I/O write operations', ({ writes }) => writes),
  counter('io_write_time_seconds_total', 'Total I/O write time',
    ({ writeSeconds }) => writeSeconds),
  counter('io_sync_ops_total', 'Total number of I/O sync operations', ({ syncs }) => syncs),
  counter('io_sync_time_seconds_total', 'Total I/O sync time', ({ syncSeconds }) => syncSeconds),
];

const noLabels = () => ({});

/** Things of which there is one, so that they have no labels. */
export const nodeGroups = [
  {
    family: 'connection_churn_metrics',
    items: ({ broker }: MetricView) => [broker.totals.churn],
    labels: noLabels,
    metrics: churnMetrics,
  },
  {
    family: 'node_coarse_metrics',
    items: ({ facts }: MetricView) => [facts],
    labels: noLabels,
    metrics: nodeCoarseMetrics,
  },
  {
    family: 'node_metrics',
    items: ({ facts }: MetricView) => [facts],
    labels: noLabels,
    metrics: nodeMetrics,
  },
  {
    family: 'node_persister_metrics',
    items: ({ facts }: MetricView) => [facts.io],
    labels: noLabels,
    metrics: ioMetrics,
  },
] as unknown as readonly MetricGroup<unknown>[];
