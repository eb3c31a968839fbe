import { Observable } from 'rxjs';
import type { Authenticator, Identity, LoginRefusal } from '../../ports.ts';
import type { Access } from './access.ts';

/** The name that may log in from this machine alone, since everybody knows its password. CON-12. */
export const LOOPBACK_USER = 'guest';

/** Knows the users of a broker by their passwords, or by the certificates of clients. */
export function passwordLogin(access: Access): Authenticator {
  return {
    authenticate({ mechanism, user, password }, { loopback, certificateName }) {
      const isRight = mechanism === 'EXTERNAL'
        ? user === certificateName
        : access.users.authenticated(user, password) !== undefined;
      const answer = isRight ? identityOf(access, user, loopback) : undefined;
      // Not by `of`, which would bring a seventh of rxjs into every page that has a broker.
      return new Observable((observer) => {
        observer.next(answer);
        observer.complete();
      });
    },
  };
}

function identityOf(
  access: Access, user: string, loopback: boolean,
): Identity | LoginRefusal | undefined {
  if (!loopback && user === LOOPBACK_USER) {
    return {
      refused: `User '${LOOPBACK_USER}' can only connect from the machine of the broker: make ` +
        'another user for connections from elsewhere',
    };
  }
  return access.identityOf(user);
}
