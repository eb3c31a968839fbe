import type { Lsn } from '../../storage/journal.ts';
import { argumentsKey } from '../definition/field-equality.ts';
import type { DefinitionName, RecordArgs } from './records.ts';

/**
 * The records that define what exists now, so that they can be written again when the segment
 * that holds them is dropped. Settings come first, for policies are among them; exchanges and
 * queues come before their bindings.
 */
export class Definitions {
  readonly #settings = new Map<string, Uint8Array>();
  readonly #objects = new Map<string, Uint8Array>();
  readonly #bindings = new Map<string, Uint8Array>();
  /** What was declared and is not on disk yet, and the last record of its turn. */
  #pending: { readonly subject: object; lsn: Lsn }[] = [];

  apply<N extends DefinitionName>(name: N, args: RecordArgs<N>, record: Uint8Array): void {
    const kept = record.slice();
    const key = keyOf(name, args as RecordArgs<DefinitionName>);
    switch (name) {
      case 'setting.changed':
        this.#settings.set(key, kept);
        return;
      case 'setting.removed':
        this.#settings.delete(key);
        return;
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

  /** A declaration of this turn. */
  pending(subject: object): void {
    this.#pending.push({ subject, lsn: Infinity });
  }

  /** What the turn declared is written, up to here. */
  written(lsn: Lsn): void {
    // Those of this turn came last; there may be many that wait for a slow disk.
    for (let i = this.#pending.length - 1; this.#pending[i]?.lsn === Infinity; i--) {
      this.#pending[i]!.lsn = lsn;
    }
  }

  durable(upTo: Lsn): void {
    if (this.#pending.length === 0) return;
    this.#pending = this.#pending.filter(({ lsn }) => lsn > upTo);
  }

  /** Whether it was declared, and is not on disk. */
  isPending(subject: object): boolean {
    return this.#pending.some((each) => each.subject === subject);
  }

  get all(): readonly Uint8Array[] {
    return [...this.#settings.values(), ...this.#objects.values(), ...this.#bindings.values()];
  }
}

/** What a record is about: the same for what makes it and for what ends it. */
function keyOf(name: DefinitionName, args: RecordArgs<DefinitionName>): string {
  const { vhost = '', exchange = '', queue = '' } = args as Record<string, unknown>;
  const [subject] = name.split('.');
  if (subject === 'setting') {
    const { kind, vhost: at, name: called } = args as RecordArgs<'setting.removed'>;
    return JSON.stringify([kind, at, called]);
  }
  if (subject !== 'binding') return JSON.stringify([subject, vhost, exchange, queue]);
  const { source, destinationKind: kind, destination, routingKey, arguments: table } =
    args as RecordArgs<'binding.added'>;
  return JSON.stringify([vhost, source, kind, destination, routingKey, argumentsKey(table)]);
}
