import type { FieldTable } from '../../protocol/types.ts';
import { argumentsKey } from '../../broker/definition/field-equality.ts';
import type { BindingDestination } from '../../broker/exchange/exchange.ts';
import type { VirtualHost } from '../../broker/virtual-host.ts';
import { objects, texts } from '../lists/columns.ts';
import { Table } from '../lists/table.ts';

/** A binding as the API shows it; that of a queue to the default exchange is one as well. */
export interface ShownBinding {
  readonly vhost: string;
  readonly source: string;
  readonly destination: Pick<BindingDestination, 'kind' | 'name'>;
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

export const bindingTable = new Table<ShownBinding>('binding', {
  source: texts(({ source }) => source),
  vhost: texts(({ vhost }) => vhost),
  destination: texts(({ destination }) => destination.name),
  destination_type: texts(({ destination }) => destination.kind),
  routing_key: texts(({ routingKey }) => routingKey),
  arguments: objects((binding) => binding.arguments),
  properties_key: texts(propertiesKey),
}, { nameOf: ({ source, destination, routingKey }) => (
  `${source} ${destination.name} ${routingKey}`) });

/** All bindings of a virtual host. */
export function* bindingsOf(
  { name: vhost, exchanges, queues }: VirtualHost,
): Iterable<ShownBinding> {
  for (const queue of queues.values()) yield defaultBinding(vhost, queue);
  for (const { name: source, bindings } of exchanges.values()) {
    for (const { destination, routingKey, arguments: table } of bindings) {
      yield { vhost, source, destination, routingKey, arguments: table };
    }
  }
}

/** Each queue is bound to the default exchange by its name. */
function defaultBinding(vhost: string, queue: BindingDestination): ShownBinding {
  return {
    vhost, source: '', destination: queue, routingKey: queue.name, arguments: {},
  };
}

/**
 * What names a binding among those between the same two: its routing key, percent-encoded, and a
 * hash of its arguments where it has any. `~` where both are empty.
 */
export function propertiesKey({ routingKey, arguments: table }: ShownBinding): string {
  const isBare = Object.keys(table).length === 0;
  if (routingKey === '' && isBare) return '~';
  const key = quoted(routingKey).replaceAll('~', '%7E');
  return isBare ? key : `${key}~${hashOf(argumentsKey(table))}`;
}

/** Percent-encoded as RabbitMQ does it: a space is a plus, and few signs are left as they are. */
export function quoted(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+').replaceAll(/[!'()*]/g, (sign) => (
    `%${sign.charCodeAt(0).toString(16).toUpperCase()}`));
}

/** Six letters that are likely to differ where two texts do. [FNV-1a, 36 bits of it] */
function hashOf(text: string): string {
  let [low, high] = [0x811c_9dc5, 0x01c9_dc51];
  for (let i = 0; i < text.length; i++) {
    low = Math.imul(low ^ text.charCodeAt(i), 0x0100_0193) >>> 0;
    high = Math.imul(high ^ text.charCodeAt(i), 0x0100_01b3) >>> 0;
  }
  let letters = '';
  for (let i = 0; i < 6; i++) {
    letters += ALPHABET[((i < 3 ? low : high) >>> ((i % 3) * 6)) & 63];
  }
  return letters;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
