import { Observable, Subscription, type Subscriber } from 'rxjs';
import { hostClock, hostRandom } from '../clock/host-clock.ts';
import type { Cancel, Clock, Random } from '../ports.ts';
import { wireLimits } from '../protocol/limits.ts';
import { backOff, DELAY_MS_MAX, type BackOffOptions } from './back-off.ts';
import { Connection } from './connection.ts';
import { endsConnection, messageOf, ReplyError } from './errors.ts';
import { Recovery, type RecoveryState } from './recovery.ts';

/** How to connect again. */
export interface ReconnectOptions extends BackOffOptions {
  /** Attempts in a row that may fail; then the last error comes through. Default: no limit. */
  readonly attemptsMax?: number;
  /**
   * Connections in a row that may end with the same reply code and text within `delayMsMax` of
   * being open, as for a message that cannot be taken; then that error comes through. Default: 5.
   */
  readonly sameEndsMax?: number;
  /**
   * Whether it is worth another attempt. Default: where the connection ended or what was declared
   * is not to be had yet (404, 405), but not where the broker refused the login (403), the virtual
   * host (530), or what was declared (406 and others).
   */
  readonly retryIf?: (error: unknown) => boolean;
  /** Hears how it stands, from the first attempt on. */
  readonly onState?: (state: RecoveryState) => void;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * An operator on `connect(...)` that outlives the loss of connections. It emits once, when the
 * first connection is open: a connection that is `recovering`, on which what is declared comes back
 * and what consumes and publishes goes on after each loss. It fails where an attempt is not worth
 * repeating. `connect(target, { reconnect: true })` is the same.
 */
export function reconnecting(
  options: ReconnectOptions = {},
): (source: Observable<Connection>) => Observable<Connection> {
  return (source) => new Observable((subscriber) => {
    const reconnector = new Reconnector(source, options, subscriber);
    subscriber.add(() => reconnector.stop());
    reconnector.connect();
  });
}

/** One subscription of `reconnecting`: attempts, one after the other. */
class Reconnector {
  readonly #source: Observable<Connection>;
  readonly #options: ReconnectOptions;
  readonly #subscriber: Subscriber<Connection>;
  readonly #clock: Clock;
  readonly #recovery = new Recovery(() => this.#subscriber.complete());
  #attempt = Subscription.EMPTY;
  #stopTimer: Cancel = () => {};
  #failures = 0;
  /** When the present connection opened; undefined, where none is open. */
  #openedAt: number | undefined;
  /** Why the last connections ended soon, and how many in a row did. */
  #endReason = '';
  #sameEnds = 0;
  #emitted = false;
  #stopped = false;

  constructor(
    source: Observable<Connection>, options: ReconnectOptions,
    subscriber: Subscriber<Connection>,
  ) {
    this.#source = source;
    this.#options = options;
    this.#subscriber = subscriber;
    this.#clock = options.clock ?? hostClock();
  }

  connect(): void {
    this.#enter({ kind: 'connecting', attempt: this.#failures + 1 });
    this.#attempt = new Subscription();
    this.#attempt.add(this.#source.subscribe({
      next: (connection) => this.#recover(connection),
      error: (error: unknown) => this.#lost(error),
      complete: () => this.#subscriber.complete(),
    }));
  }

  stop(): void {
    this.#stopped = true;
    this.#stopTimer();
    // Ends what is on the connection first, so that publishers can tell what was not confirmed.
    this.#attempt.unsubscribe();
    this.#recovery.state$.complete();
  }

  #enter(state: RecoveryState): void {
    this.#recovery.state$.next(state);
    this.#options.onState?.(state);
  }

  /** Nobody may use the connection before all is there that was. */
  #recover(connection: Connection): void {
    this.#attempt.add(this.#recovery.recover(connection).subscribe({
      next: () => this.#recovered(connection),
      error: (error: unknown) => {
        if (!connection.open) return;
        // The topology could not be made: this connection is of no use.
        this.#attempt.unsubscribe();
        this.#lost(error);
      },
    }));
  }

  #recovered(connection: Connection): void {
    this.#failures = 0;
    this.#openedAt = this.#clock.now();
    this.#enter({ kind: 'connected', connection });
    if (this.#emitted) return;
    this.#emitted = true;
    this.#subscriber.next(new Connection(this.#recovery));
  }

  #lost(error: unknown): void {
    if (this.#stopped) return;
    const { attemptsMax = Infinity, retryIf = isPassing, random = hostRandom } = this.#options;
    const { sameEndsMax = wireLimits.sameEndsMax } = this.#options;
    this.#failures++;
    this.#countEnd(error);
    // A link that is lost often may hold the next time; what a reply refuses stays refused.
    const refusals = error instanceof ReplyError ? this.#sameEnds : 0;
    if (refusals >= sameEndsMax || this.#failures >= attemptsMax || !retryIf(error)) {
      this.#recovery.state$.error(error);
      this.#subscriber.error(error);
      return;
    }
    const delayMs = backOff(Math.max(this.#failures, refusals), random, this.#options);
    this.#stopTimer = this.#clock.setTimer(delayMs, () => this.connect());
    this.#enter({ kind: 'waiting', delayMs, error, sameEnds: this.#sameEnds });
  }

  /** Notes why an open connection ended; an attempt that failed leaves the count as it is. */
  #countEnd(error: unknown): void {
    const openedAt = this.#openedAt;
    if (openedAt === undefined) return;
    this.#openedAt = undefined;
    const { delayMsMax = DELAY_MS_MAX } = this.#options;
    const reason = messageOf(error);
    if (reason !== this.#endReason) this.#sameEnds = 0;
    if (this.#clock.now() - openedAt <= delayMsMax) this.#sameEnds++;
    else this.#sameEnds = 0;
    this.#endReason = reason;
  }
}

/**
 * Another attempt may help: the connection ended; an exclusive queue is still held by the
 * connection before, of whose loss the broker has not heard; or something is not there yet that
 * another client declares, who comes back as well.
 */
function isPassing(error: unknown): boolean {
  if (!(error instanceof ReplyError)) return endsConnection(error);
  const { replyName } = error;
  if (error.scope === 'channel') {
    return replyName === 'RESOURCE_LOCKED' || replyName === 'NOT_FOUND';
  }
  return replyName !== 'ACCESS_REFUSED' && replyName !== 'NOT_ALLOWED';
}
