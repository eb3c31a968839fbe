import { DeliveryCounters } from '../../broker/counters.ts';
import type { QueueType } from '../../broker/definition/argument-checks.ts';
import { sampleStats } from '../../broker/stats.ts';
import type { DeadLetterWay, Deaths } from '../../broker/totals.ts';
import type { Labels, MetricPiece, MetricView, MetricWords, Sample } from './family.ts';

// RabbitMQ's metrics of the broker as a whole: those that never fall, and a few of now.

const amqp: Labels = { protocol: 'amqp091' };
const queueTypes: readonly QueueType[] = ['classic', 'quorum', 'stream'];
const typeLabel = (type: QueueType): Labels => (
  { queue_type: type === 'stream' ? 'rabbit_stream_queue' : `rabbit_${type}_queue` });

const deliveries: readonly (readonly [string, string, (of: DeliveryCounters) => number])[] = [
  ['acknowledged', 'Total number of messages acknowledged by consumers', (of) => of.acknowledged],
  ['delivered', 'Total number of messages delivered to consumers', (of) => of.delivered + of.got],
  ['delivered_consume_auto_ack', 'Total number of messages delivered to consumers using ' +
    'basic.consume with automatic acknowledgment', (of) => of.deliveredNoAck],
  ['delivered_consume_manual_ack', 'Total number of messages delivered to consumers using ' +
    'basic.consume with manual acknowledgment', (of) => of.delivered - of.deliveredNoAck],
  ['delivered_get_auto_ack', 'Total number of messages delivered to consumers using ' +
    'basic.get with automatic acknowledgment', (of) => of.gotNoAck],
  ['delivered_get_manual_ack', 'Total number of messages delivered to consumers using ' +
    'basic.get with manual acknowledgment', (of) => of.got - of.gotNoAck],
  ['get_empty', 'Total number of times basic.get operations fetched no message',
    (of) => of.gotNothing],
  ['redelivered', 'Total number of messages redelivered to consumers', (of) => of.redelivered],
];

const deaths: readonly (readonly [string, string, keyof Deaths])[] = [
  ['expired', 'due to message TTL exceeded', 'expired'],
  ['rejected', 'due to basic.reject or basic.nack', 'rejected'],
  ['maxlen', 'due to overflow drop-head or reject-publish-dlx', 'maxlen'],
  ['delivery_limit', 'due to delivery-limit exceeded', 'delivery_limit'],
];

/** What can become of letters of queues of each type. */
const ways: Readonly<Record<QueueType, readonly DeadLetterWay[]>> = {
  classic: ['disabled', 'at-most-once'],
  quorum: ['disabled', 'at-most-once', 'at-least-once'],
  stream: [],
};

/** They stand at `/metrics` and `/metrics/per-object`, alike. */
export function globalMetrics(view: MetricView): MetricPiece[] {
  return [
    ...infoOf(view), ...objectCounts(view), ...publishCounts(view), ...deliveryCounts(view),
    ...deathCounts(view), ...alarmsOf(view), ...loginsOf(view),
  ];
}

function infoOf({ broker: { options }, facts }: MetricView): MetricPiece[] {
  const { version } = facts;
  return [
    untyped('rabbitmq_build_info', 'RabbitMQ & Erlang/OTP version info', 1, {
      rabbitmq_version: version, prometheus_plugin_version: version,
      prometheus_client_version: version, erlang_version: '',
    }),
    untyped('rabbitmq_identity_info', 'RabbitMQ node & cluster identity info', 1, {
      rabbitmq_node: options.node, rabbitmq_cluster: options.node,
      rabbitmq_cluster_permanent_id: facts.permanentId,
    }),
    piece('gauge', 'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.', facts.startedAt),
  ];
}

function objectCounts({ broker }: MetricView): MetricPiece[] {
  const { connections, channels, consumers, queues } = sampleStats(broker);
  const channelList = [...broker.connections].flatMap((each) => [...each.channels]);
  const publishers = channelList.filter(({ publisher }) => publisher.tallies.hasPublished).length;
  return [
    piece('gauge', 'rabbitmq_connections', 'Connections currently open', connections),
    piece('gauge', 'rabbitmq_channels', 'Channels currently open', channels),
    piece('gauge', 'rabbitmq_consumers', 'Consumers currently connected', consumers),
    piece('gauge', 'rabbitmq_queues', 'Queues available', queues),
    piece('gauge', 'rabbitmq_global_consumers', 'Current number of consumers', consumers, amqp),
    piece('gauge', 'rabbitmq_global_publishers', 'Current number of publishers', publishers, amqp),
  ];
}

function publishCounts({ broker }: MetricView): MetricPiece[] {
  const counters = sampleStats(broker).counters;
  const { published, publishedForConfirm, unroutable, dropped, returned, confirmed } = counters;
  const count = (name: string, help: string, value: number): MetricPiece => (
    piece('counter', `rabbitmq_global_messages_${name}_total`, help, value, amqp));
  return [
    count('received', 'Total number of messages received from publishers', published),
    count('received_confirm',
      'Total number of messages received from publishers expecting confirmations',
      publishedForConfirm),
    count('routed', 'Total number of messages routed to queues or streams', published - unroutable),
    count('confirmed', 'Total number of messages confirmed to publishers', confirmed),
    count('unroutable_dropped', 'Total number of messages published as non-mandatory into an ' +
      'exchange and dropped as unroutable', dropped),
    count('unroutable_returned', 'Total number of messages published as mandatory into an ' +
      'exchange and returned to the publisher as unroutable', returned),
  ];
}

function deliveryCounts({ broker }: MetricView): MetricPiece[] {
  const byType = new Map(queueTypes.map((type) => [type, new DeliveryCounters()]));
  for (const { totals } of [broker, ...broker.vhosts.values()]) {
    for (const type of queueTypes) byType.get(type)!.add(totals.queues[type].departed);
  }
  for (const { queues } of broker.vhosts.values()) {
    for (const queue of queues.values()) queue.countInto(byType.get(queue.settings.type)!);
  }
  return deliveries.map(([name, help, of]) => pieceOf(
    { type: 'counter', name: `rabbitmq_global_messages_${name}_total`, help },
    queueTypes.map((type) => (
      { labels: { ...amqp, ...typeLabel(type) }, value: of(byType.get(type)!) })),
  ));
}

function deathCounts({ broker }: MetricView): MetricPiece[] {
  const all = [broker.totals, ...[...broker.vhosts.values()].map(({ totals }) => totals)];
  const labelsOf = (type: QueueType, way: DeadLetterWay): Labels => (
    { ...typeLabel(type), dead_letter_strategy: way.replaceAll('-', '_') });
  const samplesOf = (reason: keyof Deaths): Sample[] => queueTypes.flatMap((type) => (
    ways[type].map((way) => ({
      labels: labelsOf(type, way),
      value: all.reduce((sum, { queues }) => sum + queues[type].deaths[way][reason], 0),
    }))));
  const name = (word: string): string => `rabbitmq_global_messages_dead_lettered_${word}_total`;
  const confirmed = sampleStats(broker).counters.deadLetteredConfirmed;
  return [
    ...deaths.map(([word, help, reason]) => pieceOf({
      type: 'counter', name: name(word), help: `Total number of messages dead-lettered ${help}`,
    }, samplesOf(reason))),
    piece('counter', name('confirmed'),
      'Total number of messages dead-lettered and confirmed by target queues', confirmed,
      labelsOf('quorum', 'at-least-once')),
  ];
}

function alarmsOf({ broker, facts }: MetricView): MetricPiece[] {
  const inEffect = (word: string): number => (broker.alarm?.includes(word) === true ? 1 : 0);
  const files = facts.maxFiles > 0 && facts.openFiles >= facts.maxFiles ? 1 : 0;
  return [
    untyped('rabbitmq_alarms_file_descriptor_limit',
      'is 1 if file descriptor limit alarm is in effect', files),
    untyped('rabbitmq_alarms_free_disk_space_watermark',
      'is 1 if free disk space watermark alarm is in effect', inEffect('disk')),
    untyped('rabbitmq_alarms_memory_used_watermark',
      'is 1 if VM memory watermark alarm is in effect', inEffect('memory')),
  ];
}

export function loginsOf({ facts: { logins: { succeeded, failed } } }: MetricView): MetricPiece[] {
  const name = (word: string): string => `rabbitmq_auth_attempts_${word}total`;
  return [
    piece('counter', name(''), 'Total number of authorization attempts', succeeded + failed, amqp),
    piece('counter', name('succeeded_'),
      'Total number of successful authentication attempts', succeeded, amqp),
    piece('counter', name('failed_'),
      'Total number of failed authentication attempts', failed, amqp),
  ];
}

function pieceOf(words: MetricWords, samples: readonly Sample[]): MetricPiece {
  return { ...words, isFirst: true, samples };
}

function piece(
  type: MetricWords['type'], name: string, help: string, value: number, labels: Labels = {},
): MetricPiece {
  return pieceOf({ type, name, help }, [{ labels, value }]);
}

function untyped(name: string, help: string, value: number, labels: Labels = {}): MetricPiece {
  return piece('untyped', name, help, value, labels);
}
