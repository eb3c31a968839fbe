import type { Broker } from './broker.ts';
import { Counters, DeliveryCounters } from './counters.ts';
import type { VirtualHost } from './virtual-host.ts';

/** Counts of a broker since its start. */
export type BrokerCounters = Readonly<Omit<
  Counters & DeliveryCounters, 'add' | 'addConsumer' | 'clear'
>>;

/** Totals of a broker at one moment. */
export interface Stats {
  /** Wall-clock time in milliseconds. */
  readonly at: number;
  readonly connections: number;
  readonly channels: number;
  readonly exchanges: number;
  readonly queues: number;
  readonly consumers: number;
  readonly messagesReady: number;
  readonly messagesUnacked: number;
  /** Bytes of messages in the store, and of the memory that it takes. */
  readonly messageBytes: number;
  readonly storeBytes: number;
  /** Counts since the start. */
  readonly counters: BrokerCounters;
}

/** What went out of the queues of a virtual host, those that are gone included. */
export function deliveriesOf({ queues, totals }: VirtualHost): DeliveryCounters {
  const all = new DeliveryCounters();
  for (const { departed } of Object.values(totals.queues)) all.add(departed);
  for (const queue of queues.values()) queue.countInto(all);
  return all;
}

/** Adds up what came to its exchanges, so that their counts are exact; once for all of them. */
export function settlePublishes({ totals }: VirtualHost): void {
  for (const tallies of totals.publishTallies) tallies.settle();
}

/** Adds everything up. */
export function sampleStats(broker: Broker): Stats {
  const totals = { exchanges: 0, queues: 0, consumers: 0, messagesReady: 0, messagesUnacked: 0 };
  const counters = new Counters();
  const deliveries = new DeliveryCounters();
  counters.add(broker.totals.counters);
  for (const { departed } of Object.values(broker.totals.queues)) deliveries.add(departed);
  for (const vhost of broker.vhosts.values()) {
    totals.exchanges += vhost.exchanges.size;
    totals.queues += vhost.queues.size;
    for (const queue of vhost.queues.values()) {
      totals.consumers += queue.consumers.count;
      totals.messagesReady += queue.readyCount;
      totals.messagesUnacked += queue.unackedCount;
    }
    counters.add(vhost.counters);
    deliveries.add(deliveriesOf(vhost));
  }
  let channels = 0;
  for (const connection of broker.connections) channels += connection.channelCount;
  return {
    at: broker.clock.wall(),
    connections: broker.connectionCount,
    channels,
    ...totals,
    messageBytes: broker.store.liveBytes,
    storeBytes: broker.store.allocatedBytes,
    counters: { ...counters, ...deliveries },
  };
}
