import { createHash } from 'node:crypto';
import { of, type Observable } from 'rxjs';
import type { Authenticator, Credentials, Identity } from '../../core/index.ts';
import type { User } from '../users.ts';

/** Rules by which logins are refused whatever the password, by the name of the user. */
export type LoginGuard = Set<(user: string) => boolean>;

/** A user of definitions: RabbitMQ exports the hash of a password, never the password. */
export interface HashedUser {
  readonly name: string;
  /** Base64 of four bytes of salt and the hash. */
  readonly passwordHash: string;
  readonly algorithm: string;
  readonly tags: readonly string[];
}

export interface UserParts {
  readonly users: readonly User[];
  readonly hashedUsers: readonly HashedUser[];
  /** Virtual hosts by user; undefined: everybody may open all. */
  readonly vhostsOf: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  readonly guard: LoginGuard;
}

/** RabbitMQ's names of hashes, and Node's. */
const digests: Readonly<Record<string, string>> = {
  rabbit_password_hashing_sha256: 'sha256',
  rabbit_password_hashing_sha512: 'sha512',
  rabbit_password_hashing_md5: 'md5',
};

/** Whether such hashes can be compared with. */
export function isKnownAlgorithm(algorithm: string): boolean {
  return Object.hasOwn(digests, algorithm);
}

const SALT_BYTES = 4;

/** The users of a test broker: those it was started with, and those of its definitions. */
export class TestUsers implements Authenticator {
  readonly #parts: UserParts;

  constructor(parts: UserParts) {
    this.#parts = parts;
  }

  authenticate({ user, password }: Credentials): Observable<Identity | undefined> {
    // Every rule is asked, for some count how often they were.
    const refusals = [...this.#parts.guard].filter((refuses) => refuses(user));
    if (refusals.length > 0) return of(undefined);
    const plain = this.#parts.users.find(({ name }) => name === user);
    if (plain?.password === password) return of(identityOf(user, ['administrator'], undefined));
    const hashed = this.#parts.hashedUsers.find(({ name }) => name === user);
    if (hashed === undefined || !matches(hashed, password)) return of(undefined);
    const { vhostsOf } = this.#parts;
    const vhosts = vhostsOf === undefined ? undefined : vhostsOf.get(user) ?? new Set<string>();
    return of(identityOf(user, hashed.tags, vhosts));
  }
}

function matches({ passwordHash, algorithm }: HashedUser, password: string): boolean {
  const stored = Buffer.from(passwordHash, 'base64');
  const salt = stored.subarray(0, SALT_BYTES);
  const hash = createHash(digests[algorithm]!).update(salt).update(password).digest();
  return hash.equals(stored.subarray(SALT_BYTES));
}

function identityOf(
  user: string, tags: readonly string[], vhosts: ReadonlySet<string> | undefined,
): Identity {
  return { user, tags, mayOpen: (vhost) => vhosts === undefined || vhosts.has(vhost) };
}
