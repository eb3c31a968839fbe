import type { BoundBinding, Exchange } from '../exchange/exchange.ts';
import type { Queue } from '../queue/abstract-queue.ts';
import type { Persistence } from './persistence.ts';
import type { RecordArgs } from './records.ts';

/** Writes what is declared, bound and deleted to the journal, as far as it is durable. EXC-08. */
export const definitionLog = {
  exchangeDeclared(exchange: Exchange): void {
    const { vhost, name, options } = exchange;
    if (!isRecorded(exchange)) return;
    vhost.persistence?.define(exchange, 'exchange.declared', {
      destination: vhost.persistence.numberOf(exchange),
      vhost: vhost.name,
      exchange: name,
      type: options.type,
      autoDelete: options.autoDelete,
      internal: options.internal,
      arguments: options.arguments,
    });
  },

  exchangeDeleted(exchange: Exchange): void {
    const { vhost, name } = exchange;
    if (!isRecorded(exchange)) return;
    vhost.persistence?.define(exchange, 'exchange.deleted', { vhost: vhost.name, exchange: name });
    vhost.persistence?.forget(exchange);
  },

  queueDeclared(queue: Queue): void {
    const { vhost, name, options } = queue;
    if (!options.durable) return;
    vhost.persistence?.define(queue, 'queue.declared', {
      destination: vhost.persistence.numberOf(queue),
      vhost: vhost.name,
      queue: name,
      autoDelete: options.autoDelete,
      arguments: options.arguments,
    });
  },

  queueDeleted(queue: Queue): void {
    const { vhost, name, options } = queue;
    if (!options.durable) return;
    vhost.persistence?.define(queue, 'queue.deleted', { vhost: vhost.name, queue: name });
    vhost.persistence?.forget(queue);
  },

  bindingAdded(bound: BoundBinding): void {
    if (isDurable(bound)) persistenceOf(bound)?.define(bound, 'binding.added', argsOf(bound));
  },

  bindingRemoved(bound: BoundBinding): void {
    if (isDurable(bound)) persistenceOf(bound)?.define(bound, 'binding.removed', argsOf(bound));
  },
};

/** Exchanges that are always there need no record. EXC-12. */
function isRecorded({ name, options }: Exchange): boolean {
  return options.durable && name !== '' && !name.startsWith('amq.');
}

/** A binding survives if both its ends do. */
export function isDurable(
  { source, destination }: Pick<BoundBinding, 'source' | 'destination'>,
): boolean {
  return source.options.durable && destination.options.durable;
}

function persistenceOf({ source }: BoundBinding): Persistence | undefined {
  return source.vhost.persistence;
}

function argsOf(bound: BoundBinding): RecordArgs<'binding.added' | 'binding.removed'> {
  const { source, destination, routingKey, arguments: table } = bound;
  return {
    vhost: source.vhost.name,
    source: source.name,
    destinationKind: destination.kind,
    destination: destination.name,
    routingKey,
    arguments: table,
  };
}
