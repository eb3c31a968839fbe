import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Observable, Subscription, of } from 'rxjs';
import type {
  Authenticator, Cancel, Clock, Credentials, Identity, LoginRefusal, PeerInfo,
} from '../core/index.ts';
import { nodeLimits } from './limits.ts';
import type { Log } from './log.ts';
import { networkOf } from './peer-address.ts';

/**
 * Slows down whoever guesses passwords: after some wrong ones from one network, logins from there
 * wait before they are looked at, so that there are no more guesses a minute however many
 * connections make them and hang up early. Other networks notice nothing, nor does a user who
 * logged in from there before and comes back with the same password.
 */
export class LoginDelay implements Authenticator {
  readonly #authenticator: Authenticator;
  readonly #clock: Clock;
  readonly #log: Pick<Log, 'write'>;
  readonly #salt = randomBytes(32);
  /** Whoever was heard of last is last. */
  readonly #networks = new Map<string, Logins>();

  constructor(authenticator: Authenticator, clock: Clock, log: Pick<Log, 'write'>) {
    this.#authenticator = authenticator;
    this.#clock = clock;
    this.#log = log;
  }

  authenticate(
    credentials: Credentials, peer: PeerInfo,
  ): Observable<Identity | LoginRefusal | undefined> {
    const ask = (): Observable<Identity | LoginRefusal | undefined> => {
      return this.#authenticator.authenticate(credentials, peer);
    };
    // In one process nobody guesses.
    if (peer.address === '') return ask();
    return new Observable((login) => {
      const logins = this.#loginsOf(networkOf(peer.address));
      const digest = createHmac('sha256', this.#salt).update(credentials.password).digest();
      const subscription = new Subscription();
      const look = (): void => {
        subscription.add(ask().subscribe({
          next: (identity) => {
            if (identity !== undefined) logins.wasRight(credentials.user, digest);
            login.next(identity);
          },
          error: (error: unknown) => login.error(error),
          complete: () => login.complete(),
        }));
      };
      if (logins.isKnown(credentials.user, digest)) logins.look(look);
      else if (logins.isFull) of(undefined).subscribe(login);
      else subscription.add(logins.lookInTurn(look));
      return subscription;
    });
  }

  #loginsOf(network: string): Logins {
    const known = this.#networks.get(network);
    if (known === undefined) this.#forgetOne();
    const logins = known ?? new Logins(this.#clock, () => {
      this.#log.write('gateway', 'warn', 'wrong passwords are slowed down', { network });
    });
    this.#networks.delete(network);
    this.#networks.set(network, logins);
    return logins;
  }

  #forgetOne(): void {
    if (this.#networks.size < nodeLimits.loginNetworksMax) return;
    for (const [network, logins] of this.#networks) {
      if (logins.waits) continue;
      this.#networks.delete(network);
      return;
    }
  }
}

/** The logins from one network. */
class Logins {
  readonly #clock: Clock;
  readonly #onSlow: () => void;
  /** How many may be wrong now, as of `#at`; one comes back now and then. */
  #free: number = nodeLimits.wrongPasswordsMax;
  #at: number;
  /** Those that wait until one may be wrong, oldest first. */
  readonly #waiting = new Set<() => void>();
  #cancel: Cancel | undefined;
  /** Digests of the passwords that were right last, by user. */
  readonly #right = new Map<string, Buffer>();

  /** `onSlow` is called when logins begin to wait. */
  constructor(clock: Clock, onSlow: () => void) {
    this.#clock = clock;
    this.#onSlow = onSlow;
    this.#at = clock.now();
  }

  get waits(): boolean {
    return this.#waiting.size > 0;
  }

  get isFull(): boolean {
    return this.#waiting.size >= nodeLimits.loginsWaitingMax;
  }

  /** Whether this is the password with which the user logged in from there before. */
  isKnown(user: string, digest: Buffer): boolean {
    const right = this.#right.get(user);
    return right !== undefined && timingSafeEqual(right, digest);
  }

  /** The login that was just looked at did not count as a guess. */
  wasRight(user: string, digest: Buffer): void {
    this.#right.delete(user);
    this.#right.set(user, digest);
    if (this.#right.size > nodeLimits.loginNetworksMax) {
      this.#right.delete(this.#right.keys().next().value!);
    }
    this.#free++;
    this.#lookOn();
  }

  /** Looks at a login at once. It counts as wrong until it was right. */
  look(login: () => void): void {
    this.#free--;
    login();
  }

  /** Looks at a login once one may be wrong; answers how to have it forgotten. */
  lookInTurn(login: () => void): () => void {
    this.#waiting.add(login);
    this.#lookOn();
    if (this.#waiting.size === 1 && this.#waiting.has(login)) this.#onSlow();
    return () => this.#waiting.delete(login);
  }

  #lookOn(): void {
    const now = this.#clock.now();
    const back = (now - this.#at) / nodeLimits.wrongPasswordMs;
    this.#at = now;
    this.#free = Math.min(this.#free + back, nodeLimits.wrongPasswordsMax);
    for (const login of this.#waiting) {
      if (this.#free < 1) break;
      this.#waiting.delete(login);
      this.look(login);
    }
    if (this.#waiting.size === 0 || this.#cancel !== undefined) return;
    const waitMs = (1 - this.#free) * nodeLimits.wrongPasswordMs;
    this.#cancel = this.#clock.setTimer(Math.max(1, waitMs), () => {
      this.#cancel = undefined;
      this.#lookOn();
    }, 'a login waits after wrong passwords');
  }
}
