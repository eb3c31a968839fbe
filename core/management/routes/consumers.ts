import type { Consumer } from '../../broker/delivery/consumer.ts';
import type { VirtualHost } from '../../broker/virtual-host.ts';
import { objectNotFound } from '../api-error.ts';
import type { Call } from '../call.ts';
import { consumerTable, withChannels, type ShownConsumer } from '../objects/consumer-table.ts';
import { list, type Route } from '../route.ts';

function shownOf(
  { broker, caller }: Call, vhosts: Iterable<VirtualHost>,
): readonly ShownConsumer[] {
  const consumers: Consumer[] = [];
  for (const { queues } of vhosts) {
    for (const queue of queues.values()) {
      if (queue.consumers.count > 0) consumers.push(...queue.consumers.all);
    }
  }
  const shown = withChannels(broker, consumers);
  if (caller.isMonitor) return shown;
  return shown.filter(({ channel }) => channel?.connection.identity.user === caller.user);
}

/** Consumers. */
export const consumerRoutes: readonly Route[] = [
  list('/api/consumers', 'management', 'Consumers: all of them, or those of the user',
    consumerTable, (call) => shownOf(call, call.broker.vhosts.values())),
  list('/api/consumers/:vhost', 'management', 'The same in a virtual host', consumerTable,
    (call) => {
      const vhost = call.broker.vhosts.get(call.names['vhost']!);
      if (vhost === undefined) throw objectNotFound();
      return shownOf(call, [vhost]);
    }),
];
