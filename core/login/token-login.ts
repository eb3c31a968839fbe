import { Observable } from 'rxjs';
import { limits } from '../limits.ts';
import type { Authenticator, Clock } from '../ports.ts';
import { readClaims, type ClaimRules } from './token-claims.ts';
import { TokenIdentity, type ReadToken } from './token-identity.ts';
import type { TokenKeys } from './token-keys.ts';

/** Three parts in base64url: whatever else stands for a password is none. [RFC 7519 7.2] */
const tokenForm = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Lets in who has a token of OAuth 2, a JWT, as RabbitMQ's plugin does: it stands where the
 * password would, and the name beside it says nothing.
 */
export function tokenLogin(
  keys: Pick<TokenKeys, 'verify'>, rules: ClaimRules, clock: Clock,
): Authenticator {
  const read: ReadToken = async (text) => {
    if (text.length > limits.tokenBytesMax || !tokenForm.test(text)) return undefined;
    return readClaims(await keys.verify(text), rules);
  };
  return {
    authenticate({ mechanism, password }) {
      return new Observable((observer) => {
        const answer = (identity: TokenIdentity | undefined): void => {
          observer.next(identity);
          observer.complete();
        };
        if (mechanism === 'EXTERNAL' || !tokenForm.test(password)) return answer(undefined);
        read(password).then(
          (token) => answer(token && new TokenIdentity(token, clock, read)),
          () => answer(undefined),
        );
        return undefined;
      });
    },
  };
}
