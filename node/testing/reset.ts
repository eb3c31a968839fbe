import type { Broker, VirtualHost } from '../../core/index.ts';

/**
 * Empties a broker that goes on: queues with their messages, exchanges, bindings and policies go,
 * and who consumed hears that its consumer is cancelled. Users and virtual hosts stay, and so do
 * connections.
 */
export function emptyBroker(broker: Broker): void {
  broker.turn.within(() => {
    for (const vhost of broker.vhosts.values()) emptyVirtualHost(vhost);
  });
}

function emptyVirtualHost(vhost: VirtualHost): void {
  vhost.policies.clear();
  vhost.operatorPolicies.clear();
  for (const queue of [...vhost.queues.values()]) if (!queue.gone) vhost.removeQueue(queue);
  for (const exchange of [...vhost.exchanges.values()]) {
    // Those that every virtual host has from the start stay. EXC-12.
    if (exchange.name !== '' && !exchange.name.startsWith('amq.')) vhost.removeExchange(exchange);
    else for (const { subscription } of [...exchange.bindings]) subscription.unsubscribe();
  }
}
