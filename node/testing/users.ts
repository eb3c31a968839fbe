import { of } from 'rxjs';
import type { Authenticator } from '../../core/index.ts';

/** Rules by which logins are refused whatever the password, by the name of the user. */
export type LoginGuard = Set<(user: string) => boolean>;

/** The logins of a broker, as far as no rule refuses them. */
export function guardedLogin(own: Authenticator, guard: LoginGuard): Authenticator {
  return {
    authenticate(credentials, peer) {
      // Every rule is asked, for some count how often they were.
      const refusals = [...guard].filter((refuses) => refuses(credentials.user));
      return refusals.length > 0 ? of(undefined) : own.authenticate(credentials, peer);
    },
  };
}
