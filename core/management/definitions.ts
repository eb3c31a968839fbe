import type { Broker } from '../broker/broker.ts';
import type { TopicPermissions, UserPermissions } from '../broker/access/permissions.ts';
import type { BindingDestination } from '../broker/exchange/exchange.ts';
import { isPredeclared } from '../broker/exchange/predeclared.ts';
import type { VirtualHost } from '../broker/virtual-host.ts';
import { work } from '../broker/turn/work.ts';
import { AmqpError } from '../errors.ts';
import type { FieldTable } from '../protocol/types.ts';
import { argumentsOf, flagOf, tableOf, textOf, type Item } from './fields.ts';
import {
  applyGlobalParameter, applyParameter, applyPermission, applyPolicy, applyTopicPermission,
  applyUser, applyVhost, globalParameterDefinitions, parameterDefinitions, policyDefinition,
  userDefinitions, vhostDefinition,
  type DefinedVhost, type ParameterDefinition, type PolicyDefinitionView, type UserDefinition,
} from './setting-definitions.ts';
import {
  bindingView, exchangeView, queueView, type BindingView, type ExchangeView, type QueueView,
} from './views.ts';

/** Definitions as RabbitMQ exports and imports them. */
export interface Definitions {
  readonly rabbit_version: string;
  readonly product_name: string;
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

/** What became of one item of an import. */
export interface ImportedItem {
  /** `user`, `vhost`, `queue` and the like, or the name of a part that is not taken. */
  readonly kind: string;
  readonly vhost: string;
  readonly name: string;
  readonly outcome: 'applied' | 'refused' | 'unsupported';
  /** Why it was not applied; '' where it was. */
  readonly text: string;
}

/** Items that one import may have: a file with more is refused before anything is done. */
export const IMPORT_ITEMS_MAX = 100_000;

/** RabbitMQ's version whose file this is like; it wants to know one. */
const RABBIT_VERSION = '3.10.8';

/** All that somebody set, and the exchanges, queues and bindings of clients that last. */
export function exportDefinitions(broker: Broker): Definitions {
  const vhosts = [...broker.vhosts.values()];
  const exchanges = vhosts.flatMap((vhost) => [...vhost.exchanges.values()]);
  const queues = vhosts.flatMap((vhost) => [...vhost.queues.values()]);
  return {
    rabbit_version: RABBIT_VERSION,
    product_name: 'TabMQ',
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

/** An exclusive queue goes with its connection, and its bindings with it. DEF-04. */
function lasts(destination: BindingDestination): boolean {
  return destination.kind === 'exchange' || destination.options.owner === undefined;
}

/**
 * Declares what a definitions file holds, each item on its own: one that is refused does not stop
 * the others. What the broker has no place for is reported as such. Throws a TypeError where the
 * value is no definitions at all.
 */
export function importDefinitions(broker: Broker, value: unknown): ImportedItem[] {
  return declareDefinitions(broker, checkedDefinitions(value));
}

/** The same over as many turns as it takes, so that nobody waits for a long file. */
export function importInTurns(broker: Broker, value: unknown): Promise<ImportedItem[]> {
  const items = itemsOf(checkedDefinitions(value)).values();
  const report: ImportedItem[] = [];
  return new Promise((resolve) => broker.turn.stepwise(() => {
    const { value: item } = items.next();
    if (item === undefined) return false;
    broker.turn.spend(work.definition);
    report.push(importItem(broker, ...item));
    return true;
  }, () => resolve(report)));
}

/** The definitions, where they are any; else throws a TypeError. */
function checkedDefinitions(value: unknown): Item {
  const file = tableOf(value, 'the definitions');
  const parts = Object.entries(file).filter(([, part]) => Array.isArray(part));
  const count = parts.reduce((sum, [, part]) => sum + (part as unknown[]).length, 0);
  if (count > IMPORT_ITEMS_MAX) {
    throw new TypeError(`the definitions have ${count} items, and ${IMPORT_ITEMS_MAX} may be`);
  }
  if (!Object.keys(appliers).some((part) => part in file)) {
    throw new TypeError(`the definitions have none of ${Object.keys(appliers).join(', ')}`);
  }
  // A part that is none is told of before anything is declared.
  const wrong = Object.keys(appliers).find((part) => !Array.isArray(file[part] ?? []));
  if (wrong !== undefined) throw new TypeError(`"${wrong}" must be a list`);
  return file;
}

/** `importDefinitions` of a file that may have any number of items, also none. */
export function declareDefinitions(broker: Broker, file: Item): ImportedItem[] {
  return itemsOf(file).map((item) => importItem(broker, ...item));
}

/** All items of a file with the part that each is of, in the order in which they are declared. */
function itemsOf(file: Item): [part: string, item: unknown][] {
  const others = Object.keys(file).filter((part) => !Object.hasOwn(appliers, part));
  return [...Object.keys(appliers), ...others]
    .flatMap((part) => listOf(file[part]).map((item): [string, unknown] => [part, item]));
}

interface Applier {
  readonly kind: string;
  readonly nameOf: (item: Item) => string;
  readonly apply: (broker: Broker, item: Item) => void;
}

/** The parts of a file that are taken, in the order in which they are. */
const appliers: Readonly<Record<string, Applier>> = {
  users: { kind: 'user', nameOf: (item) => textOf(item, 'name'), apply: applyUser },
  vhosts: { kind: 'vhost', nameOf: (item) => textOf(item, 'name'), apply: applyVhost },
  permissions: {
    kind: 'permission', nameOf: (item) => textOf(item, 'user'), apply: applyPermission,
  },
  topic_permissions: {
    kind: 'topic permission', nameOf: (item) => textOf(item, 'user'), apply: applyTopicPermission,
  },
  parameters: {
    kind: 'parameter', nameOf: (item) => textOf(item, 'name'), apply: applyParameter,
  },
  global_parameters: {
    kind: 'global parameter', nameOf: (item) => textOf(item, 'name'), apply: applyGlobalParameter,
  },
  policies: {
    kind: 'policy',
    nameOf: (item) => textOf(item, 'name'),
    apply: (broker, item) => {
      applyPolicy(vhostOf(broker, item).policies, textOf(item, 'name'), item);
    },
  },
  exchanges: {
    kind: 'exchange',
    nameOf: (item) => textOf(item, 'name'),
    apply: (broker, item) => void vhostOf(broker, item).declareExchange({
      exchange: textOf(item, 'name'), type: textOf(item, 'type'),
      durable: flagOf(item, 'durable', true), autoDelete: flagOf(item, 'auto_delete'),
      internal: flagOf(item, 'internal'), arguments: argumentsOf(item),
    }),
  },
  queues: {
    kind: 'queue',
    nameOf: (item) => textOf(item, 'name'),
    apply: (broker, item) => void vhostOf(broker, item).ensureQueue({
      queue: textOf(item, 'name'), durable: flagOf(item, 'durable', true),
      autoDelete: flagOf(item, 'auto_delete'), arguments: queueArgumentsOf(item),
    }),
  },
  bindings: {
    kind: 'binding',
    nameOf: (item) => `${textOf(item, 'source')} -> ${textOf(item, 'destination')}`,
    apply: (broker, item) => {
      const vhost = vhostOf(broker, item);
      const destination = destinationOf(vhost, item);
      const source = textOf(item, 'source');
      // Every queue is bound to the default exchange of itself.
      if (source === '') return;
      const key = textOf(item, 'routing_key', '');
      vhost.bind(vhost.exchange(source), destination, key, argumentsOf(item));
    },
  },
};

function importItem(broker: Broker, part: string, value: unknown): ImportedItem {
  const applier = appliers[part];
  const at = { kind: applier?.kind ?? part, vhost: '', name: '' };
  try {
    const item = tableOf(value, `an item of ${part}`);
    at.vhost = typeof item['vhost'] === 'string' ? item['vhost'] : '';
    if (applier === undefined) {
      at.name = String(item['name'] ?? item['user'] ?? item['pattern'] ?? '');
      return { ...at, outcome: 'unsupported', text: `${part} are not kept here` };
    }
    at.name = applier.nameOf(item);
    broker.turn.within(() => applier.apply(broker, item));
    return { ...at, outcome: 'applied', text: '' };
  } catch (error) {
    const text = error instanceof AmqpError ? error.replyText : (error as Error).message;
    return { ...at, outcome: 'refused', text };
  }
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

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
