import type { Broker } from './broker.ts';
import { isPredeclared } from './exchange/predeclared.ts';
import type { VirtualHost } from './virtual-host.ts';

/** What a restart finds of what was durable. */
export type DurableState = 'kept' | 'lost';

/**
 * Leaves of a broker that goes on what the next start of one on its journal would find.
 * Connections must be gone already. What waited keeps its place, its deadlines and its mark of
 * having been delivered before.
 */
export function restartInPlace(broker: Broker, durableState: DurableState): void {
  broker.turn.within(() => {
    for (const vhost of broker.vhosts.values()) {
      for (const queue of vhost.queues.values()) {
        // Whoever consumes in process ends as well.
        queue.consumers.end();
        if (queue.gone) continue;
        if (durableState === 'lost' || !queue.options.durable) vhost.removeQueue(queue);
        else {
          queue.dropTransient();
          // A queue that expires when unused starts to count anew. QUE-13.
          queue.used();
        }
      }
      restartExchanges(vhost, durableState);
    }
  });
}

/** Those that every virtual host has from the start stay. EXC-12. */
function restartExchanges(vhost: VirtualHost, durableState: DurableState): void {
  for (const exchange of vhost.exchanges.values()) {
    if (isPredeclared(exchange.name)) {
      if (durableState === 'lost') removeBindings(exchange.bindings);
    } else if (durableState === 'lost' || !exchange.options.durable) {
      vhost.removeExchange(exchange);
    } else {
      exchange.delayed?.dropTransient();
      // What it remembered was in memory alone. TYP-08.
      exchange.history?.forget();
    }
  }
}

function removeBindings(bindings: Iterable<{ subscription: { unsubscribe(): void } }>): void {
  for (const { subscription } of bindings) subscription.unsubscribe();
}
