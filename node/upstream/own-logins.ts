import { tap } from 'rxjs';
import type { Authenticator, Identity, LoginRefusal } from '../../core/index.ts';

/**
 * Remembers who was let in as a user of the broker: what such a user may do is said for virtual
 * hosts of this broker, and nothing of those of an upstream.
 */
export class OwnLogins {
  readonly #identities = new WeakSet<Identity>();

  /** The same authenticator, whose answers are remembered. */
  of(own: Authenticator): Authenticator {
    const remembered = tap((answer: Identity | LoginRefusal | undefined) => {
      if (answer !== undefined && 'user' in answer) this.#identities.add(answer);
    });
    return {
      authenticate: (credentials, peer) => own.authenticate(credentials, peer).pipe(remembered),
    };
  }

  has(identity: Identity): boolean {
    return this.#identities.has(identity);
  }
}
