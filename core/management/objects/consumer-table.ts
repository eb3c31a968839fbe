import * as v from 'valibot';
import type { ServerChannel } from '../../broker/connection/server-channel.ts';
import type { Consumer } from '../../broker/delivery/consumer.ts';
import type { Broker } from '../../broker/broker.ts';
import { column, flags, numbers, objects, texts } from '../lists/columns.ts';
import { Table } from '../lists/table.ts';
import { channelDetails, channelsByOwner, detailsInProcess } from './endpoints.ts';

/** A consumer, and the channel that it is on; undefined in process. */
export interface ShownConsumer {
  readonly consumer: Consumer;
  readonly channel: ServerChannel | undefined;
}

/** Whether a queue serves this consumer now, or another one alone. */
function isActive({ consumer }: ShownConsumer): boolean {
  const { active } = consumer.queue.consumers;
  return active === undefined || active === consumer;
}

export const consumerTable = new Table<ShownConsumer>('consumer', {
  consumer_tag: texts(({ consumer }) => consumer.options.consumerTag),
  queue: objects(({ consumer: { queue } }) => ({ name: queue.name, vhost: queue.vhost.name })),
  channel_details: objects(({ channel }, { broker }) => (
    channel === undefined ? detailsInProcess(broker) : channelDetails(channel))),
  ack_required: flags(({ consumer }) => !consumer.options.noAck),
  exclusive: flags(({ consumer }) => consumer.options.exclusive),
  prefetch_count: numbers(({ consumer }) => consumer.options.prefetch),
  arguments: objects(({ consumer }) => consumer.options.arguments),
  active: flags(isActive),
  activity_status: texts((shown) => {
    if (!isActive(shown)) return 'waiting';
    return shown.consumer.queue.consumers.active === undefined ? 'up' : 'single_active';
  }),
  consumer_timeout: numbers(({ consumer: { options, queue: { name, vhost } } }, { broker }) => {
    const queue = broker.vhosts.get(vhost.name)?.queues.get(name);
    return options.timeout ?? queue?.settings.consumerTimeout ?? broker.options.consumerTimeoutMs;
  }),
  priority: numbers(({ consumer }) => consumer.priority),
  unacknowledged: column(v.number(), ({ consumer }) => consumer.unacked),
}, { nameOf: ({ consumer }) => consumer.options.consumerTag });

/** Consumers with their channels. */
export function withChannels(
  broker: Broker, consumers: Iterable<Consumer>,
): readonly ShownConsumer[] {
  const channels = channelsByOwner(broker);
  return [...consumers].map((consumer) => (
    { consumer, channel: channels.get(consumer.options.owner) }));
}
