import { AmqpError } from '../errors.ts';
import type { Random } from '../ports.ts';
import { excessOf } from '../protocol/short-string.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** 22 letters of 64 hold the 128 bits that RabbitMQ gives a name. QUE-01. */
const LETTERS = 22;

/** A name that nothing else has: `amq.gen-obCPgwQwRcnqujCxIvJmZg`. */
export function generatedName(prefix: string, random: Random): string {
  let name = prefix;
  for (let i = 0; i < LETTERS; i++) name += ALPHABET[Math.floor(random() * ALPHABET.length)];
  return name;
}

/** Names of queues and exchanges lose carriage returns and line feeds. EXC-01. */
export function stripNewlines(name: string): string {
  return name.replaceAll(/[\r\n]/g, '');
}

/**
 * Refuses what would be cut on the wire, and then be the name of something else; it can only come
 * from within the process. Errors: 406.
 */
export function checkLength(what: string, name: string): void {
  const excess = excessOf(what, name);
  if (excess !== undefined) throw new AmqpError('PRECONDITION_FAILED', excess);
}

/** Names in `amq.` are the broker's own: 403. EXC-01, QUE-02. */
export function checkReserved(kind: 'exchange' | 'queue', name: string): void {
  if (!name.startsWith('amq.')) return;
  const text = `${kind} name '${name}' contains reserved prefix 'amq.*'`;
  throw new AmqpError('ACCESS_REFUSED', text);
}

/**
 * Throws a TypeError for a name that means nothing: who wrote it without a compiler would have the
 * default, and not hear of it.
 */
export function checkNames(what: string, given: object, known: readonly string[]): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    throw new TypeError(`${what} has no '${name}', but ${known.join(', ')}`);
  }
}
