/** What the dashboard RabbitMQ-Overview asks Prometheus, by panel. */

const rates = [
  'global_messages_received_total', 'global_messages_confirmed_total', 'global_messages_routed_total',
  'global_messages_unroutable_dropped_total', 'global_messages_unroutable_returned_total',
  'global_messages_redelivered_total', 'global_messages_delivered_consume_manual_ack_total',
  'global_messages_delivered_consume_auto_ack_total', 'global_messages_acknowledged_total',
  'global_messages_delivered_get_auto_ack_total', 'global_messages_delivered_get_manual_ack_total',
  'global_messages_get_empty_total', 'queues_declared_total', 'queues_created_total', 'queues_deleted_total',
  'channels_opened_total', 'channels_closed_total', 'connections_opened_total', 'connections_closed_total',
];
const gauges = [
  'queue_messages_ready', 'queue_messages_unacked', 'queues', 'channels', 'connections', 'channel_consumers',
  'consumers',
];
const rooms = [
  ['resident_memory_limit_bytes', 'process_resident_memory_bytes'], ['process_max_fds', 'process_open_fds'],
  ['process_max_tcp_sockets', 'process_open_tcp_sockets'],
] as const;

/** Each panel joins what it shows with the identity of the node that tells it. */
export function overviewExpressions(cluster: string): string[] {
  const identity = `rabbitmq_identity_info{rabbitmq_cluster="${cluster}"}`;
  const ofCluster = (what: string): string => `${what} * on(instance) group_left(rabbitmq_cluster) ${identity}`;
  const ofNode = (what: string): string => (
    `${what} * on(instance) group_left(rabbitmq_cluster, rabbitmq_node) ${identity}`);
  const rate = (name: string): string => `rate(rabbitmq_${name}[60s])`;
  const outgoing = [
    'redelivered', 'delivered_consume_auto_ack', 'delivered_consume_manual_ack', 'delivered_get_auto_ack',
    'delivered_get_manual_ack',
  ].map((name) => `sum(${ofCluster(rate(`global_messages_${name}_total`))})`);
  return [
    ...gauges.map((name) => `sum(${ofCluster(`rabbitmq_${name}`)})`),
    ...gauges.map((name) => `sum(${ofNode(`rabbitmq_${name}`)}) by(rabbitmq_node)`),
    ...rates.map((name) => `sum(${ofNode(rate(name))}) by(rabbitmq_node)`),
    ...rooms.map(([most, used]) => `(${ofNode(`rabbitmq_${most}`)}) - (${ofNode(`rabbitmq_${used}`)})`),
    `sum(${ofCluster(rate('global_messages_received_total'))})`,
    outgoing.join(' + '),
    `sum(${ofCluster('rabbitmq_channels')}) - sum(${ofCluster('rabbitmq_channel_consumers')})`,
    `sum(${ofCluster('rabbitmq_build_info')})`,
    ofNode('rabbitmq_build_info'),
    ofNode('rabbitmq_disk_space_available_bytes'),
    `sum(${ofNode(`(${rate('global_messages_received_confirm_total')} - ${
      rate('global_messages_confirmed_total')})`)}) by(rabbitmq_node)`,
    `sum(${ofNode(`(${rate('global_messages_delivered_consume_auto_ack_total')} + ${
      rate('global_messages_delivered_consume_manual_ack_total')})`)}) by(rabbitmq_node)`,
    // Of the newest dashboard.
    `sum(${ofCluster('rabbitmq_global_publishers')})`,
    `sum(${ofCluster('rabbitmq_global_consumers')})`,
    `sum(${ofNode(rate('global_messages_delivered_total'))}) by(rabbitmq_node)`,
    ofNode('rabbitmq_erlang_uptime_seconds'),
    ofNode('rabbitmq_disk_space_available_limit_bytes'),
  ];
}
