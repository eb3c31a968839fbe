import { equalityKey } from '../field-equality.ts';
import type { DefinitionName, RecordArgs } from './records.ts';

/**
 * The records that define what exists now, so that they can be written again when the segment
 * that holds them is dropped. Exchanges and queues come before their bindings.
 */
export class Definitions {
  readonly #objects = new Map<string, Uint8Array>();
  readonly #bindings = new Map<string, Uint8Array>();

  apply<N extends DefinitionName>(name: N, args: RecordArgs<N>, record: Uint8Array): void {
    const kept = record.slice();
    const key = keyOf(name, args as RecordArgs<DefinitionName>);
    switch (name) {
      case 'exchange.declared':
      case 'queue.declared':
        this.#objects.set(key, kept);
        return;
      case 'exchange.deleted':
      case 'queue.deleted':
        this.#objects.delete(key);
        return;
      case 'binding.added':
        this.#bindings.set(key, kept);
        return;
      case 'binding.removed':
        this.#bindings.delete(key);
    }
  }

  get all(): readonly Uint8Array[] {
    return [...this.#objects.values(), ...this.#bindings.values()];
  }
}

/** What a record is about: the same for what makes it and for what ends it. */
function keyOf(name: DefinitionName, args: RecordArgs<DefinitionName>): string {
  const { vhost = '', exchange = '', queue = '' } = args as Record<string, unknown>;
  const [subject] = name.split('.');
  if (subject !== 'binding') return JSON.stringify([subject, vhost, exchange, queue]);
  const { source, destinationKind: kind, destination, routingKey, arguments: table } =
    args as RecordArgs<'binding.added'>;
  return JSON.stringify([vhost, source, kind, destination, routingKey, equalityKey(table)]);
}
