import { Observable } from 'rxjs';
import type { Authenticator, Identity, LoginRefusal } from '../../ports.ts';
import type { Access } from './access.ts';

/** The name that may log in from this machine alone, since everybody knows its password. CON-12. */
export const LOOPBACK_USER = 'guest';

/** Knows the users of a broker by their passwords. */
export function passwordLogin(access: Access): Authenticator {
  return {
    authenticate({ user, password }, { loopback }) {
      const answer = check(access, user, password, loopback);
      // Not by `of`, which would bring a seventh of rxjs into every page that has a broker.
      return new Observable((observer) => {
        observer.next(answer);
        observer.complete();
      });
    },
  };
}

function check(
  access: Access, user: string, password: string, loopback: boolean,
): Identity | LoginRefusal | undefined {
  if (access.users.authenticated(user, password) === undefined) return undefined;
  if (!loopback && user === LOOPBACK_USER) {
    return {
      refused: `User '${LOOPBACK_USER}' can only connect from the machine of the broker: make ` +
        'another user for connections from elsewhere',
    };
  }
  return access.identityOf(user);
}
