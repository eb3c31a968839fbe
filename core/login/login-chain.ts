import { Observable, Subscription } from 'rxjs';
import type { Authenticator, Identity, LoginRefusal } from '../ports.ts';

/**
 * Asks one after the other who may log in, until one lets the client in. Where none does, the
 * first that said why is believed.
 */
export function loginChain(authenticators: readonly Authenticator[]): Authenticator {
  return {
    authenticate(credentials, peer) {
      return new Observable<Identity | LoginRefusal | undefined>((observer) => {
        const subscription = new Subscription();
        let refusal: LoginRefusal | undefined;
        const ask = (index: number): void => {
          const next = authenticators[index];
          if (next === undefined) {
            observer.next(refusal);
            observer.complete();
            return;
          }
          subscription.add(next.authenticate(credentials, peer).subscribe((answer) => {
            if (answer !== undefined && !('refused' in answer)) {
              observer.next(answer);
              observer.complete();
              return;
            }
            refusal ??= answer;
            ask(index + 1);
          }));
        };
        ask(0);
        return subscription;
      });
    },
  };
}
