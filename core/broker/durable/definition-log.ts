import type { BoundBinding, Exchange } from '../exchange/exchange.ts';
import type { Queue } from '../queue/abstract-queue.ts';
import type { Persistence } from './persistence.ts';
import type { RecordArgs } from './records.ts';

/**
 * Writes what is declared, bound and deleted in one virtual host to the journal, as far as it is
 * durable. EXC-08.
 */
export class DefinitionLog {
  readonly #vhost: string;
  readonly #persistence: Persistence;

  constructor(vhost: string, persistence: Persistence) {
    this.#vhost = vhost;
    this.#persistence = persistence;
  }

  exchangeDeclared(exchange: Exchange): void {
    const { name, options } = exchange;
    if (!isRecorded(exchange)) return;
    this.#persistence.define(exchange, 'exchange.declared', {
      destination: this.#persistence.numberOf(exchange),
      vhost: this.#vhost,
      exchange: name,
      type: options.type,
      autoDelete: options.autoDelete,
      internal: options.internal,
      arguments: options.arguments,
    });
  }

  exchangeDeleted(exchange: Exchange): void {
    if (!isRecorded(exchange)) return;
    const names = { vhost: this.#vhost, exchange: exchange.name };
    this.#persistence.define(exchange, 'exchange.deleted', names);
    this.#persistence.forget(exchange);
  }

  queueDeclared(queue: Queue): void {
    const { name, options } = queue;
    if (!options.durable) return;
    this.#persistence.define(queue, 'queue.declared', {
      destination: this.#persistence.numberOf(queue),
      vhost: this.#vhost,
      queue: name,
      autoDelete: options.autoDelete,
      arguments: options.arguments,
    });
  }

  queueDeleted(queue: Queue): void {
    if (!queue.options.durable) return;
    const names = { vhost: this.#vhost, queue: queue.name };
    this.#persistence.define(queue, 'queue.deleted', names);
    this.#persistence.forget(queue);
  }

  bindingAdded(bound: BoundBinding): void {
    if (!isDurable(bound)) return;
    this.#persistence.define(bound, 'binding.added', this.#argsOf(bound));
  }

  bindingRemoved(bound: BoundBinding): void {
    if (!isDurable(bound)) return;
    this.#persistence.define(bound, 'binding.removed', this.#argsOf(bound));
  }

  #argsOf(bound: BoundBinding): RecordArgs<'binding.added' | 'binding.removed'> {
    const { source, destination, routingKey, arguments: table } = bound;
    return {
      vhost: this.#vhost,
      source: source.name,
      destinationKind: destination.kind,
      destination: destination.name,
      routingKey,
      arguments: table,
    };
  }
}

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
