import type { Broker } from './broker.ts';
import { Counters } from './counters.ts';

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
  readonly counters: Readonly<Counters>;
}

/** Adds everything up. */
export function sampleStats(broker: Broker): Stats {
  const totals = { exchanges: 0, queues: 0, consumers: 0, messagesReady: 0, messagesUnacked: 0 };
  const counters = new Counters();
  for (const vhost of broker.vhosts.values()) {
    totals.exchanges += vhost.exchanges.size;
    totals.queues += vhost.queues.size;
    for (const queue of vhost.queues.values()) {
      totals.consumers += queue.consumers.count;
      totals.messagesReady += queue.readyCount;
      totals.messagesUnacked += queue.unackedCount;
    }
    for (const name of Object.keys(counters) as (keyof Counters)[]) {
      counters[name] += vhost.counters[name];
    }
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
    counters,
  };
}
