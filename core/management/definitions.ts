import type { Broker } from '../broker/broker.ts';
import type { TopicPermissions, UserPermissions } from '../broker/access/permissions.ts';
import type { BindingDestination } from '../broker/exchange/exchange.ts';
import { isPredeclared } from '../broker/exchange/predeclared.ts';
import {
  globalParameterDefinitions, parameterDefinitions, policyDefinition, userDefinitions,
  vhostDefinition,
  type DefinedVhost, type ParameterDefinition, type PolicyDefinitionView, type UserDefinition,
} from './setting-definitions.ts';
import { RABBITMQ_VERSION } from './versions.ts';
import {
  bindingView, exchangeView, queueView, type BindingView, type ExchangeView, type QueueView,
} from './views.ts';

/** Definitions as RabbitMQ exports and imports them. */
export interface Definitions {
  readonly rabbit_version: string;
  readonly rabbitmq_version: string;
  readonly product_name: string;
  readonly product_version: string;
  readonly users: readonly UserDefinition[];
  readonly vhosts: readonly DefinedVhost[];
  readonly permissions: readonly UserPermissions[];
  readonly topic_permissions: readonly TopicPermissions[];
  readonly parameters: readonly ParameterDefinition[];
  readonly global_parameters: readonly { readonly name: string; readonly value: unknown }[];
  readonly policies: readonly PolicyDefinitionView[];
  readonly exchanges: readonly ExchangeView[];
  readonly queues: readonly Pick<
    QueueView, 'vhost' | 'name' | 'durable' | 'auto_delete' | 'arguments'
  >[];
  readonly bindings: readonly BindingView[];
}

/** All that somebody set, and the exchanges, queues and bindings of clients that last. */
export function exportDefinitions(broker: Broker): Definitions {
  const vhosts = [...broker.vhosts.values()];
  const exchanges = vhosts.flatMap((vhost) => [...vhost.exchanges.values()]);
  const queues = vhosts.flatMap((vhost) => [...vhost.queues.values()]);
  return {
    rabbit_version: RABBITMQ_VERSION,
    rabbitmq_version: RABBITMQ_VERSION,
    product_name: 'TabMQ',
    product_version: broker.options.version,
    users: userDefinitions(broker),
    vhosts: vhosts.map(vhostDefinition),
    permissions: broker.access.permissions.list(),
    topic_permissions: broker.access.permissions.listTopics(),
    parameters: parameterDefinitions(broker),
    global_parameters: globalParameterDefinitions(broker),
    policies: vhosts.flatMap(({ policies }) => policies.list).map(policyDefinition),
    exchanges: exchanges.filter(({ name }) => !isPredeclared(name)).map(exchangeView),
    queues: queues.filter(lasts).map((queue) => {
      const { vhost, name, durable, auto_delete, arguments: table } = queueView(queue);
      return { vhost, name, durable, auto_delete, arguments: table };
    }),
    bindings: exchanges.flatMap(({ bindings }) => [...bindings]
      .filter(({ destination }) => lasts(destination)).map(bindingView)),
  };
}

/** The same of one virtual host, to be taken into another one: its name stands nowhere. */
export function exportVhost(broker: Broker, vhost: string): object {
  const all = exportDefinitions(broker);
  const isHere = (item: { readonly vhost: string }): boolean => item.vhost === vhost;
  const nameless = (items: readonly { readonly vhost: string }[]): readonly object[] => (
    items.filter(isHere).map(({ vhost: _vhost, ...rest }) => rest));
  return {
    rabbit_version: all.rabbit_version,
    parameters: all.parameters.filter(isHere),
    policies: all.policies.filter(isHere),
    queues: nameless(all.queues),
    exchanges: nameless(all.exchanges),
    bindings: nameless(all.bindings),
  };
}

/** An exclusive queue goes with its connection, and its bindings with it. DEF-04. */
function lasts(destination: BindingDestination): boolean {
  return destination.kind === 'exchange' || destination.options.owner === undefined;
}
