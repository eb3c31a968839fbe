import type { Counters, DeliveryCounters, PublishCounters } from '../../broker/counters.ts';
import type { ServerChannel } from '../../broker/connection/server-channel.ts';
import type { Exchange } from '../../broker/exchange/exchange.ts';
import type { Queue } from '../../broker/queue/abstract-queue.ts';
import { deliveriesOf } from '../../broker/stats.ts';
import type { VirtualHost } from '../../broker/virtual-host.ts';

/** What happened to messages, by the names that RabbitMQ has for it. */
export type MessageCounts = Readonly<Record<string, number>>;

function deliveryCounts(counters: DeliveryCounters): MessageCounts {
  const { delivered, deliveredNoAck, got, gotNoAck, gotNothing } = counters;
  return {
    ack: counters.acknowledged, deliver: delivered - deliveredNoAck,
    deliver_no_ack: deliveredNoAck, deliver_get: delivered + got, get: got - gotNoAck,
    get_no_ack: gotNoAck, get_empty: gotNothing, redeliver: counters.redelivered,
  };
}

function publishCounts(
  { published, confirmed, returned, dropped }: PublishCounters | Counters,
): MessageCounts {
  return {
    publish: published, confirm: confirmed, return_unroutable: returned,
    drop_unroutable: dropped,
  };
}

export function queueCounts(queue: Queue): MessageCounts {
  return { publish: queue.arrivedCount, ...deliveryCounts(queue.counters) };
}

/** What came to an exchange, and how many copies of it to queues; once publishers added it up. */
export function exchangeCounts({ pastCounters }: Exchange): MessageCounts {
  return { publish_in: pastCounters.published, publish_out: pastCounters.routed };
}

export function channelCounts({ publisher, tallies }: ServerChannel): MessageCounts {
  return { ...publishCounts(publisher.tallies.total), ...deliveryCounts(tallies.total) };
}

/** Of all that is and was in a virtual host. */
export function vhostCounts(vhost: VirtualHost): MessageCounts {
  return { ...publishCounts(vhost.counters), ...deliveryCounts(deliveriesOf(vhost)) };
}

/** The counts of several places in one. */
export function addCounts(all: readonly MessageCounts[]): MessageCounts {
  const sum: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

/** Each count with how fast it grows. */
export function messageStats(counts: MessageCounts): object {
  return Object.fromEntries(Object.entries(counts).flatMap(([name, count]) => (
    [[name, count], [`${name}_details`, { rate: 0 }]])));
}
