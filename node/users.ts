import { readFileSync } from 'node:fs';
import type { GivenUser } from '../core/index.ts';
import { codeOf, StartError } from './start-error.ts';

/** Who may log in, and by which password. */
export interface User {
  readonly name: string;
  readonly password: string;
}

/** Who may log in where nobody is configured. CON-12. */
export const defaultUser: User = { name: 'guest', password: 'guest' };

/** How a hash is marked in a file of users, and what RabbitMQ calls it. */
const schemes: Readonly<Record<string, string>> = {
  sha256: 'rabbit_password_hashing_sha256',
  sha512: 'rabbit_password_hashing_sha512',
  md5: 'rabbit_password_hashing_md5',
};

/**
 * Reads a file of users, one a line: `name:password`, or `name:{sha256}HASH` with a hash as
 * RabbitMQ exports it. Empty lines and those that begin with `#` say nothing. Throws a StartError
 * that never repeats a password.
 */
export function readUserFile(path: string): readonly GivenUser[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'there is no such file' : codeOf(error);
    throw new StartError(`Cannot read the file of users ${path}: ${reason}.`);
  }
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const [, name, secret] = /^([^:]+):(.+)$/.exec(line) ?? [];
    if (name !== undefined && secret !== undefined) return [userOf(name, secret)];
    throw new StartError(`Line ${index + 1} of the file of users ${path} is not name:password.`);
  });
}

function userOf(name: string, secret: string): GivenUser {
  const [, scheme = '', passwordHash] = /^\{(\w+)\}(.+)$/.exec(secret) ?? [];
  if (passwordHash === undefined || !Object.hasOwn(schemes, scheme)) {
    return { name, password: secret };
  }
  return { name, passwordHash, hashingAlgorithm: schemes[scheme]! };
}
