import { Observable, Subject, switchMap, type OperatorFunction, type Subscriber } from 'rxjs';
import { wireLimits } from '../protocol/limits.ts';
import type { Channel } from './channel.ts';
import type { Confirmation } from './confirmation.ts';
import type { Connection } from './connection.ts';
import { ClientError, closedError } from './errors.ts';
import { snapshotOf, type Outgoing } from './outgoing.ts';
import type { PublisherOptions } from './publish.ts';

export interface RecoveringPublisherOptions extends PublisherOptions {
  /**
   * Publishes again what was written and not confirmed when the connection was lost; the broker
   * may then have it twice. Default: false, which reports it as `unconfirmed`.
   */
  readonly retryUnconfirmed?: boolean;
  /**
   * Messages that may wait while there is no connection. One more comes out as `unconfirmed`, not
   * written. Default: 65,536; `Infinity` has them wait, whatever memory that takes. An
   * AsyncIterable is not asked for more than `inFlightMax`.
   */
  readonly waitingMax?: number;
}

/** One connection, or one after the other. */
export interface EachConnection {
  each<T>(make: (connection: Connection) => Observable<T>): Observable<T>;
}

/**
 * A message as it was when it was given. It may be written at any later time, and twice, so that
 * it is always a copy.
 */
interface Kept<M extends Outgoing> extends Outgoing {
  readonly [GIVEN]: M;
}

const GIVEN = Symbol('given');

type KeptConfirmation<M extends Outgoing> = Confirmation<Kept<M>>;

/** What becomes of a message for which there is no room to wait. */
export function tooMany<M extends Outgoing>(message: M, waitingMax: number): Confirmation<M> {
  const text = `${waitingMax} messages wait for a connection already`;
  return { kind: 'unconfirmed', message, written: false, error: new ClientError('message', text) };
}

/** Publishes a stream of messages over connections that come and go. */
export class RecoveringPublisher<M extends Outgoing> {
  readonly #over: EachConnection;
  readonly #options: RecoveringPublisherOptions;
  readonly #subscriber: Subscriber<Confirmation<M>>;
  /** Messages that no connection has taken; first those that one gave back. */
  #waiting: Kept<M>[] = [];
  /** Messages go in here, while there is a channel. */
  #feed: Subject<Kept<M>> | undefined;
  /** Set once the source ended: how to end in turn. */
  #finish: (() => void) | undefined;

  constructor(
    over: EachConnection, options: RecoveringPublisherOptions,
    subscriber: Subscriber<Confirmation<M>>,
  ) {
    this.#over = over;
    this.#options = options;
    this.#subscriber = subscriber;
  }

  /** Publishes what comes, on a channel that `open` gives of each connection. */
  run(
    source: Observable<M>, open: (connection: Connection) => Observable<Channel | undefined>,
  ): void {
    const subscriber = this.#subscriber;
    subscriber.add(source.subscribe({
      next: (message) => this.#take({ ...snapshotOf(message), [GIVEN]: message }),
      error: (error: unknown) => this.#end(() => subscriber.error(error)),
      complete: () => this.#end(() => subscriber.complete()),
    }));
    if (subscriber.closed) return;
    const confirmations$ = this.#over.each((connection) => open(connection).pipe(
      switchMap((channel) =>
        channel ? this.#through(channel.publisher<Kept<M>>(this.#options)) : []),
    ));
    subscriber.add(confirmations$.subscribe({
      next: (confirmation) => this.#settle(confirmation),
      error: (error: Error) => this.#fail(error),
      complete: () => this.#fail(closedError()),
    }));
  }

  /** Feeds one channel: what waits, and what comes, until it ends. */
  #through(
    publisher: OperatorFunction<Kept<M>, KeptConfirmation<M>>,
  ): Observable<KeptConfirmation<M>> {
    return new Observable((confirmations) => {
      const feed = new Subject<Kept<M>>();
      confirmations.add(feed.pipe(publisher).subscribe({
        next: (confirmation) => confirmations.next(confirmation),
        error: (error: unknown) => confirmations.error(error),
        complete: () => this.#finish?.(),
      }));
      confirmations.add(() => {
        this.#feed = undefined;
        this.#finishIfDone();
      });
      if (confirmations.closed) return;
      this.#feed = feed;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const message of waiting) this.#take(message);
      if (this.#finish !== undefined) feed.complete();
    });
  }

  #take(message: Kept<M>): void {
    if (this.#feed !== undefined) {
      this.#feed.next(message);
      return;
    }
    const { waitingMax = wireLimits.waitingMessagesMax } = this.#options;
    if (this.#waiting.length < waitingMax) this.#waiting.push(message);
    else this.#subscriber.next(tooMany(message[GIVEN], waitingMax));
  }

  #end(finish: () => void): void {
    this.#finish = finish;
    if (this.#feed !== undefined) this.#feed.complete();
    else this.#finishIfDone();
  }

  /** Nothing is left for a later connection. */
  #finishIfDone(): void {
    if (this.#waiting.length === 0) this.#finish?.();
  }

  #settle(confirmation: KeptConfirmation<M>): void {
    const again = confirmation.kind === 'unconfirmed' &&
      (!confirmation.written || this.#options.retryUnconfirmed === true);
    if (again) this.#waiting.push(confirmation.message);
    else this.#subscriber.next({ ...confirmation, message: confirmation.message[GIVEN] });
  }

  /** No connection will take the rest. */
  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) this.#report(message, error);
    this.#subscriber.error(error);
  }

  /** It was never written. */
  #report({ [GIVEN]: message }: Kept<M>, error: Error): void {
    this.#subscriber.next({ kind: 'unconfirmed', message, written: false, error });
  }
}
