import type { Broker, Queue, VirtualHost } from '../../core/index.ts';

/** What a restart finds of what was durable. */
export type DurableState = 'kept' | 'lost';

/**
 * Leaves of a broker what its next start would find. Connections must be gone already. What
 * waited keeps its place, its time to live and its mark of having been delivered before.
 */
export function restart(broker: Broker, durableState: DurableState): void {
  broker.turn.within(() => {
    for (const vhost of broker.vhosts.values()) {
      for (const queue of vhost.queues.values()) {
        // Whoever consumes in process ends as well.
        queue.consumers.end();
        if (queue.gone) continue;
        if (durableState === 'lost' || !queue.options.durable) vhost.removeQueue(queue);
        else keepPersistent(queue);
      }
      removeExchanges(vhost, durableState);
    }
  });
}

function keepPersistent(queue: Queue): void {
  queue.dropTransient();
  // A queue that expires when unused starts to count anew. QUE-13.
  queue.used();
}

/** Those that every virtual host has from the start stay. EXC-12. */
function removeExchanges(vhost: VirtualHost, durableState: DurableState): void {
  for (const exchange of vhost.exchanges.values()) {
    if (exchange.name === '' || exchange.name.startsWith('amq.')) {
      if (durableState === 'lost') removeBindings(exchange.bindings);
      continue;
    }
    if (durableState === 'lost' || !exchange.options.durable) vhost.removeExchange(exchange);
  }
}

function removeBindings(bindings: Iterable<{ subscription: { unsubscribe(): void } }>): void {
  for (const { subscription } of bindings) subscription.unsubscribe();
}
