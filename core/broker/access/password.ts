import { md5 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { Random } from '../../ports.ts';
import { decodeBase64, encodeBase64 } from '../../protocol/base64.ts';

/**
 * Passwords as RabbitMQ keeps them: base64 of four octets of salt and the hash of the salt and the
 * password. So users of its export log in here, and ours there.
 */

/** RabbitMQ's name of what it writes, and we do. */
export const DEFAULT_HASHING = 'rabbit_password_hashing_sha256';

const hashes: Readonly<Record<string, (octets: Uint8Array) => Uint8Array>> = {
  [DEFAULT_HASHING]: sha256,
  rabbit_password_hashing_sha512: sha512,
  rabbit_password_hashing_md5: md5,
};

/** How passwords may be hashed, by RabbitMQ's names. */
export const hashingAlgorithms: readonly string[] = Object.keys(hashes);

const SALT_BYTES = 4;
/** Of a hash that no password is known to have. */
const NOBODY_BYTES = 32;

const utf8 = new TextEncoder();

/** The hash of a password, by SHA-256. The salt keeps equal passwords apart; it is no secret. */
export function hashPassword(password: string, random: Random): string {
  const salt = randomOctets(SALT_BYTES, random);
  return encodeBase64(joined(salt, sha256(joined(salt, utf8.encode(password)))));
}

/** A hash that no password has, for a user who is to have none that anybody knows. */
export function unknownPasswordHash(random: Random): string {
  return encodeBase64(randomOctets(SALT_BYTES + NOBODY_BYTES, random));
}

/**
 * Whether a password has this hash. An empty hash, or one that is made by no algorithm that is
 * known, is that of none. The time taken says nothing of how much of the hash was right.
 */
export function isPassword(password: string, passwordHash: string, algorithm: string): boolean {
  const hash = Object.hasOwn(hashes, algorithm) ? hashes[algorithm]! : sha256;
  const kept = decodeBase64(passwordHash) ?? new Uint8Array(0);
  const salt = kept.subarray(0, SALT_BYTES);
  const expected = kept.subarray(SALT_BYTES);
  const actual = hash(joined(salt, utf8.encode(password)));
  let differing = Object.hasOwn(hashes, algorithm) ? expected.length ^ actual.length : 1;
  for (let i = 0; i < actual.length; i++) differing |= actual[i]! ^ (expected[i] ?? 0);
  return differing === 0;
}

function randomOctets(count: number, random: Random): Uint8Array {
  return Uint8Array.from({ length: count }, () => Math.floor(random() * 256));
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
