import type { Broker } from '../broker/broker.ts';
import type { BindingDestination } from '../broker/exchange/exchange.ts';
import type { VirtualHost } from '../broker/virtual-host.ts';
import type { FieldTable } from '../protocol/types.ts';
import { argumentsOf, flagOf, textOf, type Item } from './fields.ts';
import {
  applyGlobalParameter, applyParameter, applyPermission, applyPolicy, applyTopicPermission,
  applyUser, applyVhost, parameterDefinitions, vhostDefinition,
} from './setting-definitions.ts';

/** A part of definitions: how an item of it is called, found and declared. */
export interface DefinedPart {
  readonly kind: string;
  /** Whether its items are in a virtual host. */
  readonly isInVhost: boolean;
  readonly nameOf: (item: Item) => string;
  /** What there is under the name of an item; undefined: nothing. */
  readonly find: (broker: Broker, item: Item) => unknown;
  readonly apply: (broker: Broker, item: Item) => void;
}

const named = (item: Item): string => textOf(item, 'name');
const user = (item: Item): string => textOf(item, 'user');

/** The parts of a file that are taken, in the order in which they are. */
export const definedParts: Readonly<Record<string, DefinedPart>> = {
  users: {
    kind: 'user', isInVhost: false, nameOf: named, apply: applyUser,
    find: ({ access }, item) => access.users.get(named(item)),
  },
  vhosts: {
    kind: 'vhost', isInVhost: false, nameOf: named, apply: applyVhost,
    find: ({ vhosts }, item) => {
      const vhost = vhosts.get(named(item));
      return vhost && { ...vhostDefinition(vhost), limits: vhost.limits.all };
    },
  },
  permissions: {
    kind: 'permission', isInVhost: false, nameOf: user, apply: applyPermission,
    find: ({ access }, item) => access.permissions.get(user(item), textOf(item, 'vhost', '/')),
  },
  topic_permissions: {
    kind: 'topic permission', isInVhost: false, nameOf: user, apply: applyTopicPermission,
    find: ({ access }, item) => access.permissions
      .getTopic(user(item), textOf(item, 'vhost', '/'), textOf(item, 'exchange')),
  },
  parameters: {
    kind: 'parameter', isInVhost: true, nameOf: named, apply: applyParameter,
    find: (broker, item) => parameterDefinitions(broker).find((each) => (
      each.component === item['component'] && each.vhost === textOf(item, 'vhost', '/') &&
      each.name === item['name'])),
  },
  global_parameters: {
    kind: 'global parameter', isInVhost: false, nameOf: named, apply: applyGlobalParameter,
    find: ({ parameters }, item) => parameters.getGlobal(named(item)),
  },
  policies: {
    kind: 'policy', isInVhost: true, nameOf: named,
    find: (broker, item) => vhostOf(broker, item).policies.get(named(item)),
    apply: (broker, item) => applyPolicy(vhostOf(broker, item).policies, named(item), item),
  },
  exchanges: {
    kind: 'exchange', isInVhost: true, nameOf: named,
    find: (broker, item) => vhostOf(broker, item).exchanges.get(named(item))?.name,
    apply: (broker, item) => void vhostOf(broker, item).declareExchange({
      exchange: named(item), type: textOf(item, 'type'),
      durable: flagOf(item, 'durable', true), autoDelete: flagOf(item, 'auto_delete'),
      internal: flagOf(item, 'internal'), arguments: argumentsOf(item),
    }),
  },
  queues: {
    kind: 'queue', isInVhost: true, nameOf: named,
    find: (broker, item) => vhostOf(broker, item).queues.get(named(item))?.name,
    apply: (broker, item) => void vhostOf(broker, item).ensureQueue({
      queue: named(item), durable: flagOf(item, 'durable', true),
      autoDelete: flagOf(item, 'auto_delete'), arguments: queueArgumentsOf(item),
    }),
  },
  bindings: {
    kind: 'binding', isInVhost: true,
    nameOf: (item) => `${textOf(item, 'source')} -> ${textOf(item, 'destination')}`,
    find: (broker, item) => {
      const { source, ...binding } = bindingOf(broker, item);
      if (source === '') return binding.routingKey;
      const found = vhostOf(broker, item).exchanges.get(source)?.find(binding);
      return found?.routingKey;
    },
    apply: (broker, item) => {
      const { source, destination, routingKey, arguments: table } = bindingOf(broker, item);
      // Every queue is bound to the default exchange of itself.
      if (source === '') return;
      const vhost = vhostOf(broker, item);
      vhost.bind(vhost.exchange(source), destination, routingKey, table);
    },
  },
};

function bindingOf(broker: Broker, item: Item) {
  return {
    destination: destinationOf(vhostOf(broker, item), item), source: textOf(item, 'source'),
    routingKey: textOf(item, 'routing_key', ''), arguments: argumentsOf(item),
  };
}

/** Of late RabbitMQ says the type beside the arguments. */
function queueArgumentsOf(item: Item): FieldTable {
  const type = item['type'] === undefined ? {} : { 'x-queue-type': textOf(item, 'type') };
  return { ...type, ...argumentsOf(item) };
}

function vhostOf(broker: Broker, item: Item): VirtualHost {
  return broker.vhost(textOf(item, 'vhost', '/'));
}

function destinationOf(vhost: VirtualHost, item: Item): BindingDestination {
  const name = textOf(item, 'destination');
  return item['destination_type'] === 'exchange' ? vhost.exchange(name) : vhost.queue(name);
}
