import type { Observable, Subscriber, Subscription } from 'rxjs';
import type { ChannelCore } from './channel-core.ts';
import { confirmationOf, selectConfirms, type Confirmation } from './confirmation.ts';
import { Pending, type ConfirmListener } from './confirms.ts';
import { handOver, snapshotOf, type Handed, type Outgoing, type Route } from './outgoing.ts';

/** Taken slots at the front before the rest is moved up. */
const FREE_SLOTS_MAX = 1024;

/** Messages that wait for their confirm at once, by default. */
export const IN_FLIGHT_MAX = 1000;

export interface WindowSettings {
  /** Messages that may wait for their confirm at once; more wait in the client. Default: 1000. */
  readonly inFlightMax: number;
  /** Whether the broker is to confirm. Default: true. */
  readonly confirm: boolean;
}

/**
 * Publishes a stream of messages, so many at a time, and none while the broker is blocked or the
 * transport is full. Each comes out again as what became of it, even where the channel ends.
 */
export class PublishWindow<M extends Outgoing> implements ConfirmListener {
  readonly #channel: ChannelCore;
  readonly route: Route;
  readonly #settings: WindowSettings;
  readonly #subscriber: Subscriber<Confirmation<M>>;
  #queue: Handed<M>[] = [];
  #head = 0;
  #inFlight = 0;
  #held = 0;
  /** Set once the source ended: how to end in turn. */
  #finish: (() => void) | undefined;

  constructor(
    channel: ChannelCore, route: Route, settings: WindowSettings,
    subscriber: Subscriber<Confirmation<M>>,
  ) {
    this.#channel = channel;
    this.route = route;
    this.#settings = settings;
    this.#subscriber = subscriber;
  }

  run(source: Observable<M>): void {
    const subscriber = this.#subscriber;
    const { connection, paused$ } = this.#channel;
    if (this.#settings.confirm) selectConfirms(this.#channel);
    subscriber.add(this.#hold(paused$, (paused) => paused, () => this.#fail()));
    if (subscriber.closed) return;
    subscriber.add(this.#hold(connection.blocked$, (reason) => reason !== undefined));
    subscriber.add(this.#hold(connection.writable$, (writable) => !writable));
    subscriber.add(source.subscribe({
      next: (message) => this.#take(message),
      error: (error: unknown) => this.#end(() => subscriber.error(error)),
      complete: () => this.#end(() => subscriber.complete()),
    }));
  }

  onConfirm(pending: Pending, nacked: boolean): void {
    this.#inFlight--;
    this.#subscriber.next(confirmationOf(pending, nacked) as Confirmation<M>);
    this.#pump();
  }

  onUnconfirmed({ given }: Pending, error: Error): void {
    this.#inFlight--;
    this.#report(given as M, true, error);
  }

  /** Counts the reasons to wait. */
  #hold<T>(
    state$: Observable<T>, holds: (state: T) => boolean, complete: () => void = () => {},
  ): Subscription {
    let held = false;
    const next = (state: T): void => {
      if (holds(state) === held) return;
      held = !held;
      this.#held += held ? 1 : -1;
      this.#pump();
    };
    return state$.subscribe({ next, complete });
  }

  #take(message: M): void {
    if (!this.#channel.open) this.#report(message, false, this.#channel.endError);
    else if (this.#mayWrite && this.#head === this.#queue.length) this.#send(message, message);
    else this.#queue.push(handOver(message));
    this.#pump();
  }

  get #mayWrite(): boolean {
    return this.#held === 0 && this.#inFlight < this.#settings.inFlightMax;
  }

  #end(finish: () => void): void {
    this.#finish = finish;
    this.#pump();
  }

  #pump(): void {
    while (this.#mayWrite && this.#head < this.#queue.length) {
      if (this.#subscriber.closed || !this.#channel.open) return;
      const { given, sent } = this.#next();
      this.#send(given, sent);
    }
    if (this.#inFlight === 0 && this.#head === this.#queue.length) this.#finish?.();
  }

  #next(): Handed<M> {
    const handed = this.#queue[this.#head++]!;
    if (this.#head === this.#queue.length) {
      this.#queue.length = 0;
      this.#head = 0;
    } else if (this.#head > FREE_SLOTS_MAX && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return handed;
  }

  #send(given: M, sent: Outgoing): void {
    try {
      if (this.#settings.confirm) {
        const written = this.#mayReturn(sent) && sent === given ? snapshotOf(sent) : sent;
        this.#channel.publish(written, this.route, new Pending(written, this, given));
        this.#inFlight++;
      } else {
        this.#channel.publish(sent, this.route, undefined);
        this.#subscriber.next({ kind: 'sent', message: given });
      }
    } catch (error) {
      this.#subscriber.error(error);
    }
  }

  /** It is known again by its content, which must not change meanwhile. */
  #mayReturn({ mandatory = this.route.mandatory, immediate }: Outgoing): boolean {
    return mandatory === true || immediate === true;
  }

  /**
   * The channel ended. What was never written is told of like what was: neither may be taken for
   * delivered.
   */
  #fail(): void {
    const error = this.#channel.endError;
    const rest = this.#queue.slice(this.#head);
    this.#queue = [];
    this.#head = 0;
    for (const { given } of rest) this.#report(given, false, error);
    this.#subscriber.error(error);
  }

  #report(message: M, written: boolean, error: Error): void {
    this.#subscriber.next({ kind: 'unconfirmed', message, written, error });
  }
}
