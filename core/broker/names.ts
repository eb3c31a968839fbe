import type { Random } from '../ports.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** 22 letters of 64 hold the 128 bits that RabbitMQ gives a name. QUE-01. */
const LETTERS = 22;

/** A name that nothing else has: `amq.gen-obCPgwQwRcnqujCxIvJmZg`. */
export function generatedName(prefix: string, random: Random): string {
  let name = prefix;
  for (let i = 0; i < LETTERS; i++) name += ALPHABET[Math.floor(random() * ALPHABET.length)];
  return name;
}

/** Declared names lose carriage returns and line feeds. EXC-01. */
export function stripNewlines(name: string): string {
  return name.replaceAll(/[\r\n]/g, '');
}
