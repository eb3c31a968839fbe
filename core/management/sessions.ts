import type { Broker } from '../broker/broker.ts';
import { limits } from '../limits.ts';
import type { Identity } from '../ports.ts';
import { ApiError } from './api-error.ts';

const COOKIE = 'tabmq_session';

interface Session {
  readonly identity: Identity;
  /** The password's hash as it was at the login; undefined: somebody else knows the user. */
  readonly passwordHash: string | undefined;
  /** By the clock: when it was used last. */
  usedAt: number;
}

/**
 * Logins of pages. A page gets a cookie that no script reads and that no other site sends, and
 * what changes something is only taken from a page of the broker itself. A session ends when its
 * user is deleted or has another password, when its token expires, and when nobody used it for a
 * while.
 */
export class Sessions {
  readonly #broker: Broker;
  readonly #secret: (() => string) | undefined;
  /** By what stands in the cookie; whoever was heard of last is last. */
  readonly #sessions = new Map<string, Session>();

  /** `secret` makes texts that nobody can guess; undefined: there are no sessions. */
  constructor(broker: Broker, secret: (() => string) | undefined) {
    this.#broker = broker;
    this.#secret = secret;
  }

  /** Begins a session; the cookie, or undefined where there are none. */
  begin(identity: Identity, request: Request): string | undefined {
    if (this.#secret === undefined) return undefined;
    if (this.#sessions.size >= limits.apiSessionsMax) {
      this.#sessions.delete(this.#sessions.keys().next().value!);
    }
    const key = this.#secret();
    this.#sessions.set(key, {
      identity, passwordHash: this.#hashOf(identity.user), usedAt: this.#broker.clock.now(),
    });
    return cookie(key, request, limits.apiSessionMs / 1000);
  }

  /** Ends the session of a request; the cookie that has the browser forget it. */
  end(request: Request): string {
    this.#sessions.delete(keyOf(request) ?? '');
    return cookie('', request, 0);
  }

  /**
   * Who asks by a cookie; undefined: nobody. Errors: 403 where a page of another origin has the
   * browser ask for a change.
   */
  identityOf(request: Request): Identity | undefined {
    const key = keyOf(request);
    const session = key === undefined ? undefined : this.#sessions.get(key);
    if (key === undefined || session === undefined) return undefined;
    const { access, clock } = this.#broker;
    const { identity: { user, expiresAt = Infinity }, passwordHash } = session;
    const isOver = clock.now() - session.usedAt > limits.apiSessionMs
      || this.#hashOf(user) !== passwordHash || clock.wall() >= expiresAt;
    if (isOver) {
      this.#sessions.delete(key);
      return undefined;
    }
    requireOwnPage(request);
    session.usedAt = clock.now();
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    return passwordHash === undefined ? session.identity : access.identityOf(user);
  }

  #hashOf(user: string): string | undefined {
    return this.#broker.access.users.get(user)?.passwordHash;
  }
}

function keyOf(request: Request): string | undefined {
  const cookies = (request.headers.get('cookie') ?? '').split(';').map((each) => each.trim());
  const found = cookies.find((each) => each.startsWith(`${COOKIE}=`));
  return found?.slice(COOKIE.length + 1);
}

function cookie(key: string, { url }: Request, seconds: number): string {
  const secure = url.startsWith('https:') ? '; Secure' : '';
  return `${COOKIE}=${key}; Path=/api; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
}

/** A cookie comes with what any page of the same site asks for, so that is looked at as well. */
function requireOwnPage({ method, headers, url }: Request): void {
  if (method === 'GET' || method === 'HEAD') return;
  const site = headers.get('sec-fetch-site');
  if (site === 'same-origin') return;
  if (site === null && headers.get('origin') === new URL(url).origin) return;
  throw new ApiError(403, 'forbidden', 'a session only changes something for a page of its own');
}
