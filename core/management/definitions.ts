import type { Broker } from '../broker/broker.ts';
import { profileNamed, profiles, type Profile } from '../broker/definition/compatibility.ts';
import type { BindingDestination } from '../broker/exchange/exchange.ts';
import type { VirtualHost } from '../broker/virtual-host.ts';
import { AmqpError } from '../errors.ts';
import type { FieldTable } from '../protocol/types.ts';
import { argumentsOf, flagOf, tableOf, textOf, type Item } from './fields.ts';
import {
  bindingView, exchangeView, queueView, type BindingView, type ExchangeView, type QueueView,
} from './views.ts';

/** Definitions as RabbitMQ exports and imports them, as far as a broker without users has them. */
export interface Definitions {
  readonly rabbit_version: string;
  readonly product_name: string;
  readonly vhosts: readonly DefinedVhost[];
  readonly users: readonly unknown[];
  readonly permissions: readonly unknown[];
  readonly parameters: readonly unknown[];
  readonly policies: readonly unknown[];
  readonly exchanges: readonly ExchangeView[];
  readonly queues: readonly Pick<
    QueueView, 'vhost' | 'name' | 'durable' | 'auto_delete' | 'arguments'
  >[];
  readonly bindings: readonly BindingView[];
}

/** A virtual host; what RabbitMQ does not know of it stands in its metadata. */
export interface DefinedVhost {
  readonly name: string;
  /** Absent where it does as its broker. */
  readonly metadata?: { readonly compatibility: Profile };
}

/** What became of one item of an import. */
export interface ImportedItem {
  /** `vhost`, `exchange`, `queue`, `binding`, or the name of a part that is not taken. */
  readonly kind: string;
  readonly vhost: string;
  readonly name: string;
  readonly outcome: 'applied' | 'refused' | 'unsupported';
  /** Why it was not applied; '' where it was. */
  readonly text: string;
}

/** Items that one import may have: a file with more is refused before anything is done. */
export const IMPORT_ITEMS_MAX = 10_000;

/** RabbitMQ's version whose file this is like; it wants to know one. */
const RABBIT_VERSION = '3.10.8';

/** All exchanges, queues and bindings that a client could have declared and that last. */
export function exportDefinitions(broker: Broker): Definitions {
  const vhosts = [...broker.vhosts.values()];
  const exchanges = vhosts.flatMap((vhost) => [...vhost.exchanges.values()]);
  const queues = vhosts.flatMap((vhost) => [...vhost.queues.values()]);
  return {
    rabbit_version: RABBIT_VERSION,
    product_name: 'TabMQ',
    vhosts: vhosts.map(({ name, profile }) => {
      return profile === undefined ? { name } : { name, metadata: { compatibility: profile } };
    }),
    users: [], permissions: [], parameters: [], policies: [],
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

export function isPredeclared(exchange: string): boolean {
  return exchange === '' || exchange.startsWith('amq.');
}

/**
 * Declares what a definitions file holds, each item on its own: one that is refused does not stop
 * the others. What the broker has no place for is reported as such. Throws a TypeError where the
 * value is no definitions at all.
 */
export function importDefinitions(broker: Broker, value: unknown): ImportedItem[] {
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
  return declareDefinitions(broker, file);
}

/** `importDefinitions` of a file that may have any number of items, also none. */
export function declareDefinitions(broker: Broker, file: Item): ImportedItem[] {
  const others = Object.keys(file).filter((part) => !Object.hasOwn(appliers, part));
  return [...Object.keys(appliers), ...others]
    .flatMap((part) => listOf(file[part]).map((item) => importItem(broker, part, item)));
}

interface Applier {
  readonly kind: string;
  readonly nameOf: (item: Item) => string;
  readonly apply: (broker: Broker, item: Item) => void;
}

/** The parts of a file that are taken, in the order in which they are. */
const appliers: Readonly<Record<string, Applier>> = {
  vhosts: {
    kind: 'vhost',
    nameOf: (item) => textOf(item, 'name'),
    apply: (broker, item) => {
      const profile = profileOf(item);
      const vhost = broker.ensureVhost(textOf(item, 'name'));
      // Nothing said changes nothing: an import adds.
      if (profile !== undefined) broker.setProfile(vhost, profile);
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

/** Which RabbitMQ a virtual host is to do as; undefined where that is not said. */
export function profileOf(item: Item): Profile | undefined {
  const metadata = item['metadata'];
  if (metadata === undefined || metadata === null) return undefined;
  const name = tableOf(metadata, '"metadata"')['compatibility'];
  const profile = profileNamed(name);
  if (name === undefined || profile !== undefined) return profile;
  throw new TypeError(`"compatibility" must be ${profiles.join(' or ')}`);
}

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
