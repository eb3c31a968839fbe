import type { AmqpError } from '../../errors.ts';
import { tagOf } from '../../protocol/field-tags.ts';
import type { FieldTable } from '../../protocol/types.ts';
import { preconditionFailed } from './argument-checks.ts';
import { equalityKey } from './field-equality.ts';
import { typeName, valueText } from '../reply-text.ts';

/**
 * Whether something that exists is what a client declares again; else 406. QUE-05, EXC-04.
 * A `resource` is as `resourceText` writes it.
 */

/** Compares a field of the method, such as `durable`, by the name that it has in the reply. */
export function assertSameField(
  name: string, received: string | boolean, current: string | boolean, resource: string,
): void {
  if (received !== current) {
    throw inequivalent(name, resource, `'${received}'`, `'${current}'`);
  }
}

/** Compares one argument; one that is absent differs from one that is present. */
export function assertSameArgument(
  name: string, received: FieldTable, current: FieldTable, resource: string,
): void {
  const ours = current[name];
  const theirs = received[name];
  if (ours === undefined && theirs === undefined) return;
  if (ours === undefined || theirs === undefined) {
    throw inequivalent(name, resource, presence(name, received), presence(name, current));
  }
  if (equalityKey(theirs) !== equalityKey(ours)) {
    throw inequivalent(name, resource, `'${valueText(theirs)}'`, `'${valueText(ours)}'`);
  }
}

function presence(name: string, table: FieldTable): string {
  const value = table[name];
  if (value === undefined) return 'none';
  return `the value '${valueText(value)}' of type '${typeName(value, tagOf(table, name))}'`;
}

function inequivalent(
  name: string, resource: string, received: string, current: string,
): AmqpError {
  return preconditionFailed(
    `inequivalent arg '${name}' for ${resource}: received ${received} but current is ${current}`,
  );
}
