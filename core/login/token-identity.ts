import { Observable } from 'rxjs';
import type { Clock, Identity, LoginRefusal } from '../ports.ts';
import { matches } from './scopes.ts';
import type { Permission } from './scopes.ts';
import { claimAt, type Token } from './token-claims.ts';

/** Reads a token after its signature was looked at: undefined where it is refused. */
export type ReadToken = (text: string) => Promise<Token | undefined>;

/** What a token allows, until it expires or another one takes its place. */
export class TokenIdentity implements Identity {
  readonly user: string;
  readonly tags: readonly string[];
  readonly changes = { version: 0 };
  #token: Token;
  readonly #clock: Clock;
  readonly #read: ReadToken;

  constructor(token: Token, clock: Clock, read: ReadToken) {
    this.user = token.user;
    this.tags = token.tags;
    this.#token = token;
    this.#clock = clock;
    this.#read = read;
  }

  get expiresAt(): number {
    return (this.#token.expiresAtSeconds ?? Infinity) * 1000;
  }

  get whyNot(): string | undefined {
    if (!this.#hasExpired) return undefined;
    const validated = Math.floor(this.#clock.wall() / 1000);
    return 'backend rabbit_auth_backend_oauth2 returned an error: "Provided JWT token has ' +
      `expired at timestamp ${this.#token.expiresAtSeconds} (validated at ${validated})"`;
  }

  mayOpen(vhost: string): boolean {
    return !this.#hasExpired && this.#token.permissions.some((scope) => {
      return this.#matches(scope.vhost, vhost, vhost);
    });
  }

  may(
    permission: Permission, _kind: 'queue' | 'exchange', name: string, vhost: string,
  ): boolean {
    return this.#allows(permission, name === '' ? 'amq.default' : name, vhost, undefined);
  }

  mayUseTopic(
    permission: 'write' | 'read', exchange: string, vhost: string, routingKey: string,
  ): boolean {
    return this.#allows(permission, exchange, vhost, routingKey);
  }

  renew(secret: string): Observable<LoginRefusal | undefined> {
    return new Observable((observer) => {
      const settle = (token: Token | undefined): void => {
        observer.next(this.#replace(token));
        observer.complete();
      };
      this.#read(secret).then(settle, () => settle(undefined));
    });
  }

  #replace(token: Token | undefined): LoginRefusal | undefined {
    if (token === undefined) return { refused: 'the token is not valid' };
    if (token.subject !== this.#token.subject || token.user !== this.user) {
      return { refused: 'the token is of another subject' };
    }
    this.#token = token;
    this.changes.version++;
    return undefined;
  }

  get #hasExpired(): boolean {
    return this.expiresAt <= this.#clock.wall();
  }

  #allows(
    permission: Permission, name: string, vhost: string, routingKey: string | undefined,
  ): boolean {
    return !this.#hasExpired && this.#token.permissions.some((scope) => (
      scope.permission === permission &&
      this.#matches(scope.vhost, vhost, vhost) &&
      this.#matches(scope.name, name, vhost) &&
      (routingKey === undefined || scope.routingKey === undefined ||
        this.#matches(scope.routingKey, routingKey, vhost))
    ));
  }

  #matches(pattern: string, text: string, vhost: string): boolean {
    return matches(pattern, text, (name) => {
      if (name === 'vhost') return vhost;
      if (name === 'username') return this.user;
      const value = claimAt(this.#token.claims, name);
      return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
    });
  }
}
