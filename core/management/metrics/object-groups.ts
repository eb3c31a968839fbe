import type { ServerChannel } from '../../broker/connection/server-channel.ts';
import type { ServerConnection } from '../../broker/connection/server-connection.ts';
import type { DeliveryCounters, PublishCounters } from '../../broker/counters.ts';
import type { CountedQueue } from '../../broker/delivery/delivery-tallies.ts';
import type { Exchange } from '../../broker/exchange/exchange.ts';
import type { Queue } from '../../broker/queue/abstract-queue.ts';
import {
  counter, gauge, type Labels, type Metric, type MetricGroup, type MetricView,
} from './family.ts';

// RabbitMQ's metrics of single things, by its names, and in its words.

const sumOf = ({ readyCount, unackedCount }: Queue): number => readyCount + unackedCount;
const bytesOf = ({ readyBytes, unackedBytes }: Queue): number => readyBytes + unackedBytes;
const capacityOf = ({ consumers }: Queue): number => (consumers.anyReady ? 1 : 0);
/** Objects of a queue and, for each message that waits, its place. */
const memoryOf = ({ readyCount }: Queue): number => 2600 + readyCount * 24;

function unconfirmedOf({ publisher: { confirms } }: ServerChannel): number {
  return confirms === undefined ? 0 : confirms.published - confirms.confirmed;
}

/** When the oldest message was made, as its publisher says, in seconds; NaN: it says nothing. */
function headTimestamp(queue: Queue): number {
  let found = NaN;
  if (queue.settings.type === 'stream') return found;
  queue.forEachWaiting((delivery) => {
    const timestamp = queue.messageOf(delivery)?.properties.timestamp;
    found = timestamp === undefined ? NaN : Number(timestamp);
    return false;
  });
  return found;
}

const queueLabels = ({ name, vhost }: CountedQueue): Labels => ({ vhost: vhost.name, queue: name });
const vhostOfQueue = ({ vhost }: CountedQueue): string => vhost.name;

function queuesOf({ broker }: MetricView): Queue[] {
  return [...broker.vhosts.values()].flatMap(({ queues }) => [...queues.values()]);
}

function connectionsOf({ broker }: MetricView): ServerConnection[] {
  return [...broker.connections];
}

function channelsOf(view: MetricView): ServerChannel[] {
  return connectionsOf(view).flatMap(({ channels }) => [...channels]);
}

/** What one channel did with one exchange. */
interface InExchange {
  readonly channel: ServerChannel;
  readonly exchange: Exchange;
  readonly counters: PublishCounters;
}

/** What one channel got out of one queue. */
interface OutOfQueue {
  readonly channel: ServerChannel;
  readonly queue: CountedQueue;
  readonly counters: DeliveryCounters;
}

/** What one channel published to one queue by one exchange. */
interface IntoQueue {
  readonly channel: ServerChannel;
  readonly exchange: Exchange;
  readonly queue: string;
  readonly count: number;
}

function inExchanges(view: MetricView): InExchange[] {
  return channelsOf(view).flatMap((channel) => (
    [...channel.publisher.tallies.all].map(([exchange, { counters }]) => (
      { channel, exchange, counters }))));
}

function outOfQueues(view: MetricView): OutOfQueue[] {
  return channelsOf(view).flatMap((channel) => (
    [...channel.tallies.all].map(([queue, counters]) => ({ channel, queue, counters }))));
}

function intoQueues(view: MetricView): IntoQueue[] {
  return channelsOf(view).flatMap((channel) => (
    [...channel.publisher.tallies.all].flatMap(([exchange, { byQueue }]) => (
      [...byQueue].map(([{ label: queue }, count]) => ({ channel, exchange, queue, count }))))));
}

const channelLabels = ({ owner }: ServerChannel): Labels => ({ channel: owner });
const connectionLabels = ({ info }: ServerConnection): Labels => ({ channel: info.id });

const queueCoarseMetrics: readonly Metric<Queue>[] = [
  gauge('queue_messages_ready', 'Messages ready to be delivered to consumers',
    ({ readyCount }) => readyCount),
  gauge('queue_messages_unacked', 'Messages delivered to consumers but not yet acknowledged',
    ({ unackedCount }) => unackedCount),
  gauge('queue_messages', 'Sum of ready and unacknowledged messages - total queue depth', sumOf),
];

const queueMetrics: readonly Metric<Queue>[] = [
  gauge('queue_consumers', 'Consumers on a queue', ({ consumers }) => consumers.count),
  gauge('queue_consumer_capacity', 'Consumer capacity', capacityOf),
  gauge('queue_consumer_utilisation', 'Same as consumer capacity', capacityOf),
  gauge('queue_process_memory_bytes', 'Memory in bytes used by the Erlang queue process',
    memoryOf),
  gauge('queue_messages_ram', 'Ready and unacknowledged messages stored in memory', sumOf),
  gauge('queue_messages_ready_ram', 'Ready messages stored in memory',
    ({ readyCount }) => readyCount),
  gauge('queue_messages_unacked_ram', 'Unacknowledged messages stored in memory',
    ({ unackedCount }) => unackedCount),
  gauge('queue_messages_persistent', 'Persistent messages',
    ({ persistent: { messages } }) => messages),
  gauge('queue_messages_paged_out', 'Messages paged out to disk', () => 0),
  gauge('queue_messages_paged_out_bytes', 'Size in bytes of messages paged out to disk', () => 0),
  gauge('queue_messages_bytes', 'Size in bytes of ready and unacknowledged messages', bytesOf),
  gauge('queue_messages_ram_bytes',
    'Size of ready and unacknowledged messages stored in memory', bytesOf),
  gauge('queue_messages_ready_bytes', 'Size in bytes of ready messages',
    ({ readyBytes }) => readyBytes),
  gauge('queue_messages_unacked_bytes', 'Size in bytes of all unacknowledged messages',
    ({ unackedBytes }) => unackedBytes),
  gauge('queue_messages_persistent_bytes', 'Size in bytes of persistent messages',
    ({ persistent: { bytes } }) => bytes),
  gauge('queue_head_message_timestamp', 'Timestamp of the first message in the queue, if any',
    headTimestamp),
];

const connectionCoarseMetrics: readonly Metric<ServerConnection>[] = [
  counter('connection_incoming_bytes_total', 'Total number of bytes received on a connection',
    ({ traffic }) => traffic.receivedBytes),
  counter('connection_outgoing_bytes_total', 'Total number of bytes sent on a connection',
    ({ traffic }) => traffic.sentBytes),
];

const connectionMetrics: readonly Metric<ServerConnection>[] = [
  counter('connection_incoming_packets_total', 'Total number of packets received on a connection',
    ({ traffic }) => traffic.receivedChunks),
  counter('connection_outgoing_packets_total', 'Total number of packets sent on a connection',
    ({ traffic }) => traffic.sentBatches),
  gauge('connection_pending_packets', 'Number of packets waiting to be sent on a connection',
    ({ writable }) => (writable ? 0 : 1)),
  gauge('connection_channels', 'Channels on a connection', ({ channelCount }) => channelCount),
];

const channelMetrics: readonly Metric<ServerChannel>[] = [
  gauge('channel_consumers', 'Consumers on a channel', ({ consumers }) => consumers.size),
  gauge('channel_messages_unacked', 'Delivered but not yet acknowledged messages',
    ({ unacked }) => unacked.count),
  gauge('channel_messages_unconfirmed', 'Published but not yet confirmed messages', unconfirmedOf),
  gauge('channel_messages_uncommitted',
    'Messages received in a transaction but not yet committed',
    ({ publisher }) => publisher.transaction?.publishes.length ?? 0),
  gauge('channel_acks_uncommitted', 'Message acknowledgements in a transaction not yet committed',
    ({ publisher }) => publisher.transaction?.unsettled.length ?? 0),
  gauge('consumer_prefetch', 'Limit of unacknowledged messages for each consumer',
    ({ consumerPrefetch }) => consumerPrefetch),
  gauge('channel_prefetch',
    'Total limit of unacknowledged messages for all consumers on a channel',
    ({ gate }) => gate.prefetch),
];

const channelExchangeMetrics: readonly Metric<InExchange>[] = [
  counter('channel_messages_published_total',
    'Total number of messages published into an exchange on a channel',
    ({ counters }) => counters.published),
  counter('channel_messages_confirmed_total',
    'Total number of messages published into an exchange and confirmed on the channel',
    ({ counters }) => counters.confirmed),
  counter('channel_messages_unroutable_returned_total',
    'Total number of messages published as mandatory into an exchange and returned to the' +
      ' publisher as unroutable',
    ({ counters }) => counters.returned),
  counter('channel_messages_unroutable_dropped_total',
    'Total number of messages published as non-mandatory into an exchange and dropped as ' +
      'unroutable',
    ({ counters }) => counters.dropped),
];

const channelQueueMetrics: readonly Metric<OutOfQueue>[] = [
  counter('channel_get_ack_total',
    'Total number of messages fetched with basic.get in manual acknowledgement mode',
    ({ counters: { got, gotNoAck } }) => got - gotNoAck),
  counter('channel_get_total',
    'Total number of messages fetched with basic.get in automatic acknowledgement mode',
    ({ counters }) => counters.gotNoAck),
  counter('channel_messages_delivered_ack_total',
    'Total number of messages delivered to consumers in manual acknowledgement mode',
    ({ counters: { delivered, deliveredNoAck } }) => delivered - deliveredNoAck),
  counter('channel_messages_delivered_total',
    'Total number of messages delivered to consumers in automatic acknowledgement mode',
    ({ counters }) => counters.deliveredNoAck),
  counter('channel_messages_redelivered_total',
    'Total number of messages redelivered to consumers',
    ({ counters }) => counters.redelivered),
  counter('channel_messages_acked_total', 'Total number of messages acknowledged by consumers',
    ({ counters }) => counters.acknowledged),
  counter('channel_get_empty_total',
    'Total number of times basic.get operations fetched no message',
    ({ counters }) => counters.gotNothing),
];

const channelQueueExchangeMetrics: readonly Metric<IntoQueue>[] = [
  counter('queue_messages_published_total', 'Total number of messages published to queues',
    ({ count }) => count),
];

/** What TabMQ tells of a queue beside that, without a series for each channel. */
const ownQueueMetrics: readonly Metric<Queue>[] = [
  own('messages_published_total', 'Messages that came to the queue', (queue) => queue.arrivedCount),
  own('messages_delivered_total', 'Messages that consumers got',
    ({ counters }) => counters.delivered),
  own('messages_got_total', 'Messages that were fetched by basic.get',
    ({ counters }) => counters.got),
  own('messages_acked_total', 'Messages that were acknowledged',
    ({ counters }) => counters.acknowledged),
  own('messages_redelivered_total', 'Messages that were handed out again',
    ({ counters }) => counters.redelivered),
];

function own(name: string, help: string, of: Metric<Queue>['of']): Metric<Queue> {
  return { name: `tabmq_queue_${name}`, type: 'counter', help, of };
}

const ofQueue = { items: queuesOf, labels: queueLabels, vhost: vhostOfQueue };

/** Each of them has a sum at `/metrics`, and a series for each thing elsewhere. */
export const objectGroups = [
  { ...ofQueue, family: 'queue_coarse_metrics', metrics: queueCoarseMetrics },
  { ...ofQueue, family: 'queue_metrics', metrics: queueMetrics },
  { ...ofQueue, family: 'queue_delivery_metrics', metrics: ownQueueMetrics },
  {
    family: 'connection_coarse_metrics', items: connectionsOf, labels: connectionLabels,
    metrics: connectionCoarseMetrics,
  },
  {
    family: 'connection_metrics', items: connectionsOf, labels: connectionLabels,
    metrics: connectionMetrics,
  },
  {
    family: 'channel_metrics', items: channelsOf, labels: channelLabels, metrics: channelMetrics,
  },
  {
    family: 'channel_exchange_metrics',
    items: inExchanges,
    labels: ({ channel, exchange }: InExchange): Labels => ({
      ...channelLabels(channel), vhost: exchange.vhost.name, exchange: exchange.name,
    }),
    vhost: ({ exchange }: InExchange) => exchange.vhost.name,
    metrics: channelExchangeMetrics,
  },
  {
    family: 'channel_queue_metrics',
    items: outOfQueues,
    labels: ({ channel, queue }: OutOfQueue): Labels => ({
      ...channelLabels(channel), ...queueLabels(queue),
    }),
    vhost: ({ queue }: OutOfQueue) => queue.vhost.name,
    metrics: channelQueueMetrics,
  },
  {
    family: 'channel_queue_exchange_metrics',
    items: intoQueues,
    labels: ({ channel, exchange, queue }: IntoQueue): Labels => ({
      ...channelLabels(channel), queue_vhost: channel.vhost.name, queue,
      exchange_vhost: exchange.vhost.name, exchange: exchange.name,
    }),
    vhost: ({ channel }: IntoQueue) => channel.vhost.name,
    metrics: channelQueueExchangeMetrics,
  },
] as unknown as readonly MetricGroup<unknown>[];
