import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { of, type Observable } from 'rxjs';
import type { Authenticator, Credentials, Identity, PeerInfo } from '../core/index.ts';

/** Who may log in, and by which password. */
export interface User {
  readonly name: string;
  readonly password: string;
}

/** Who may log in where nobody is configured. CON-12. */
export const defaultUser: User = { name: 'guest', password: 'guest' };

/** The name that may log in from this machine alone, since everybody knows its password. CON-12. */
const LOOPBACK_USER = 'guest';

/** Lets the configured users in, each to every virtual host. */
export class UserList implements Authenticator {
  readonly #digests = new Map<string, Buffer>();
  /** Digests have one length and nothing to do with each other's prefix, so neither leaks. */
  readonly #salt = randomBytes(32);
  readonly #nobody = randomBytes(32);

  constructor(users: readonly User[] = [defaultUser]) {
    for (const { name, password } of users) this.#digests.set(name, this.#digest(password));
  }

  authenticate({ user, password }: Credentials, peer: PeerInfo): Observable<Identity | undefined> {
    // A stranger's password is compared too: the time taken must not tell which names exist.
    const expected = this.#digests.get(user) ?? this.#nobody;
    const matches = timingSafeEqual(this.#digest(password), expected);
    const mayComeFrom = peer.loopback || user !== LOOPBACK_USER;
    return of(matches && mayComeFrom ? identityOf(user) : undefined);
  }

  #digest(password: string): Buffer {
    return createHmac('sha256', this.#salt).update(password).digest();
  }
}

function identityOf(user: string): Identity {
  return { user, tags: ['administrator'], mayOpen: () => true };
}
