import { excessOf } from '../../protocol/short-string.ts';
import { decodeBase64 } from '../../protocol/base64.ts';
import type { Random } from '../../ports.ts';
import { SettingError } from '../definition/setting-error.ts';
import type { SettingTable } from '../definition/setting-table.ts';
import { checkLimits, limitOf, withLimit, withoutLimit, type Limits } from './resource-limits.ts';
import { DEFAULT_HASHING, hashPassword, isPassword, unknownPasswordHash } from './password.ts';

/** What a user may have so many of; absent or negative: without limit. */
export const userLimits = ['max-connections', 'max-channels'] as const;
/** What of a user may be limited. */
export type UserLimit = (typeof userLimits)[number];

/** A user, as definitions have one. */
export interface User {
  readonly name: string;
  /** Base64 of salt and hash; '' where no password lets this user in. */
  readonly passwordHash: string;
  /** One of `hashingAlgorithms`; by another one nobody gets in. */
  readonly hashingAlgorithm: string;
  /** `administrator`, `monitoring`, `policymaker`, `management`, `impersonator`, or any other. */
  readonly tags: readonly string[];
  readonly limits: Limits<UserLimit>;
}

/** What a user is made with or changed to; what is absent stays as it is. */
export interface UserChange {
  /** In the clear; only its hash is kept. */
  readonly password?: string;
  /** As an export has it; `''`: no password lets this user in. Not beside `password`. */
  readonly passwordHash?: string;
  /** That of `passwordHash`. Default: `rabbit_password_hashing_sha256`. */
  readonly hashingAlgorithm?: string;
  readonly tags?: readonly string[];
  readonly limits?: Limits<UserLimit>;
}

/** What is kept of a user under its name. */
export type KeptUser = Omit<User, 'name'>;

/** Who may log in, and who is to be told when somebody no longer may. */
export class Users {
  /** Called when a user is gone. */
  onDeleted: (name: string) => void = () => {};
  readonly #table: SettingTable<KeptUser>;
  readonly #random: Random;

  constructor(table: SettingTable<KeptUser>, random: Random) {
    this.#table = table;
    this.#random = random;
  }

  /** All users, in the order in which they were made. */
  get list(): readonly User[] {
    return this.#table.of('').map(({ name, value }) => ({ name, ...value }));
  }

  /** How many users there are. */
  get count(): number {
    return this.#table.count;
  }

  /** Whether there is a user of this name. */
  has(name: string): boolean {
    return this.#table.get('', name) !== undefined;
  }

  /** The user of this name, if there is one. */
  get(name: string): User | undefined {
    const kept = this.#table.get('', name);
    return kept && { name, ...kept };
  }

  /** The user, or a SettingError `no-such-user`. */
  existing(name: string): User {
    const user = this.get(name);
    if (user === undefined) throw new SettingError('no-such-user', `no user '${name}'`);
    return user;
  }

  /**
   * Makes a user or changes one; whether it was made. One that is made without a password gets one
   * that nobody knows. `lasts`: it is there after a restart; default: true. Errors: SettingError
   * `invalid` where name, hash, tags or limits are none; 541 where the disk failed.
   */
  put(name: string, change: UserChange, lasts = true): boolean {
    checkName(name);
    const now: KeptUser = this.#table.get('', name) ?? {
      passwordHash: '', hashingAlgorithm: DEFAULT_HASHING, tags: [], limits: {},
    };
    const { tags = now.tags, limits = now.limits } = change;
    for (const tag of tags) {
      if (typeof tag !== 'string') throw new SettingError('invalid', 'a tag must be a text');
    }
    checkLimits(userLimits, limits, 'user-limits');
    const secret = this.#secretOf(change, this.has(name) ? now : undefined);
    return this.#table.set('', name, { ...secret, tags: [...tags], limits: { ...limits } }, lasts);
  }

  /** No password lets this user in any more. Errors: `no-such-user`. */
  clearPassword(name: string): void {
    this.existing(name);
    this.put(name, { passwordHash: '' });
  }

  /** Errors: `no-such-user`; `invalid` where there is no such limit or the value is no number. */
  setLimit(name: string, limit: string, value: unknown): void {
    const { limits } = this.existing(name);
    this.put(name, { limits: withLimit(userLimits, limits, limit, value, 'user-limits') });
  }

  /** A limit that is not set is none to be cleared. Errors: `no-such-user`. */
  clearLimit(name: string, limit: string): void {
    const { limits } = this.existing(name);
    if (limit in limits) this.put(name, { limits: withoutLimit(limits, limit) });
  }

  /** The limit as it binds: Infinity where there is no such user, or none is set. */
  limitOf(name: string, limit: UserLimit): number {
    return limitOf(this.#table.get('', name)?.limits ?? {}, limit);
  }

  /** Ends a user, its permissions and its connections. Errors: `no-such-user`. */
  delete(name: string): void {
    this.existing(name);
    this.#table.delete('', name);
    this.onDeleted(name);
  }

  /**
   * The user whose password this is. It takes as long where there is no such user, so that the time
   * does not tell which names exist.
   */
  authenticated(name: string, password: string): User | undefined {
    const user = this.get(name);
    const { passwordHash, hashingAlgorithm } = user ?? NOBODY;
    const matches = isPassword(password, passwordHash, hashingAlgorithm);
    return matches ? user : undefined;
  }

  #secretOf(
    { password, passwordHash, hashingAlgorithm }: UserChange, now: KeptUser | undefined,
  ): Pick<KeptUser, 'passwordHash' | 'hashingAlgorithm'> {
    if (password !== undefined && passwordHash !== undefined) {
      throw new SettingError('invalid', 'both_password_and_password_hash_are_provided');
    }
    if (password !== undefined) {
      const hash = hashPassword(password, this.#random);
      return { passwordHash: hash, hashingAlgorithm: DEFAULT_HASHING };
    }
    if (passwordHash === undefined) {
      return now ?? {
        passwordHash: unknownPasswordHash(this.#random), hashingAlgorithm: DEFAULT_HASHING,
      };
    }
    if (decodeBase64(passwordHash) === undefined) {
      throw new SettingError('invalid', 'the hash of the password must be base64');
    }
    return { passwordHash, hashingAlgorithm: hashingAlgorithm ?? DEFAULT_HASHING };
  }
}

/** Compared with where there is no such user. */
const NOBODY: KeptUser = {
  passwordHash: '', hashingAlgorithm: DEFAULT_HASHING, tags: [], limits: {},
};

function checkName(name: string): void {
  const excess = excessOf('the name of the user', name);
  if (excess !== undefined) throw new SettingError('invalid', excess);
  if (name === '') throw new SettingError('invalid', 'the name of a user must not be empty');
}
