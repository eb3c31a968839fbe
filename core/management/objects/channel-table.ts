import type { ServerChannel } from '../../broker/connection/server-channel.ts';
import { arrays, flags, numbers, objects, texts } from '../lists/columns.ts';
import { Table } from '../lists/table.ts';
import { consumerTable } from './consumer-table.ts';
import { channelName, connectionDetails } from './endpoints.ts';
import { nested } from './nested.ts';
import { messageStats } from './rates.ts';
import { processColumns } from './runtime.ts';

/** A channel as RabbitMQ's API shows it. */
export const channelTable = new Table<ServerChannel>('channel', {
  name: texts(channelName),
  number: numbers(({ number }) => number),
  node: texts((_channel, { broker }) => broker.options.node),
  vhost: texts(({ vhost }) => vhost.name),
  user: texts(({ connection }) => connection.info.user),
  user_who_performed_action: texts(({ connection }) => connection.info.user),
  connection_details: objects(({ connection }) => connectionDetails(connection)),
  state: texts(({ gate }) => (gate.flow ? 'running' : 'flow')),
  consumer_count: numbers(({ consumers }) => consumers.size),
  prefetch_count: numbers(({ consumerPrefetch }) => consumerPrefetch),
  global_prefetch_count: numbers(({ gate }) => gate.prefetch),
  confirm: flags(({ publisher }) => publisher.confirms !== undefined),
  transactional: flags(({ publisher }) => publisher.transaction !== undefined),
  messages_unacknowledged: numbers(({ unacked }) => unacked.count),
  messages_unconfirmed: numbers(({ publisher: { confirms } }) => (
    confirms === undefined ? 0 : confirms.published - confirms.confirmed)),
  messages_uncommitted: numbers(({ publisher }) => publisher.transaction?.publishes.length ?? 0),
  acks_uncommitted: numbers(({ publisher }) => publisher.transaction?.unsettled.length ?? 0),
  ...messageStats(),
  pending_raft_commands: numbers(() => 0),
  ...processColumns(),
});

/** One channel alone, with its consumers. */
export const wholeChannelTable = channelTable.with({
  consumer_details: arrays((channel, view) => {
    const consumers = [...channel.gate.consumers];
    return nested(consumerTable, consumers.map((consumer) => ({ consumer, channel })), view);
  }),
  deliveries: arrays(() => []),
  publishes: arrays(() => []),
});
