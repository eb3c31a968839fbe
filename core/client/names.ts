import { basicProperties } from '../protocol/spec.ts';
import { ArgumentError } from './errors.ts';
import type { Outgoing } from './outgoing.ts';

/** Names of a record, each of them once, so that none can be forgotten. */
export type Names<T> = { readonly [K in keyof Required<T>]: true };

/** Throws, where options have one that there is not: a misspelled one would do nothing. */
export function checkNames<T extends object>(what: string, given: T, known: Names<T>): void {
  for (const name in given) {
    if (name in known) continue;
    const names = Object.keys(known).join(', ');
    throw new ArgumentError(`${what} has no option '${name}', but ${names}`);
  }
}

const fields: Names<Outgoing> = {
  exchange: true, routingKey: true, body: true, properties: true, mandatory: true, immediate: true,
};

/**
 * Throws, where a message has what looks like a field of it and is none. Programs may add fields of
 * their own, by which they know a message again in its confirmation.
 */
export function checkMessage(message: Outgoing): void {
  for (const name in message) {
    if (!(name in fields)) checkField(name);
  }
}

function checkField(name: string): void {
  const plain = plainOf(name);
  const meant = [...Object.keys(fields), ...basicProperties.map(([property]) => property)]
    .find((known) => plainOf(known) === plain);
  if (meant === undefined) return;
  const holder = meant in fields ? '' : 'properties.';
  throw new ArgumentError(`messages have no field '${name}', but ${holder}${meant}`);
}

/** Without capitals, dashes and underscores, in which other clients differ. */
function plainOf(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}
