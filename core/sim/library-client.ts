import {
  concat, merge, Observable, of, retry, Subject, Subscription, switchMap, throwError,
} from 'rxjs';
import { createConnect } from '../client/client.ts';
import type { Confirmation } from '../client/confirmation.ts';
import { Delivery } from '../client/delivery.ts';
import { DialError } from '../client/dial.ts';
import { CancelledError, ReplyError } from '../client/errors.ts';
import type { Outgoing } from '../client/outgoing.ts';
import { reconnecting } from '../client/reconnect.ts';
import type { Clock, Serve } from '../ports.ts';
import type { Chance } from './chance.ts';
import type { Model } from './model.ts';
import type { SimLink } from './sim-network.ts';
import { check } from './violation.ts';

/** How long it waits for a queue that is away. */
const AWAY_MS = 20;

/** Its queue was deleted, and is there anew, or is to be. */
function againIfDeleted(error: unknown, clock: Clock): Observable<unknown> {
  if (error instanceof CancelledError) return of(undefined);
  const isAway = error instanceof ReplyError && error.replyName === 'NOT_FOUND';
  if (!isAway) return throwError(() => error);
  return new Observable((again) => clock.setTimer(AWAY_MS, () => again.next(undefined)));
}

interface LibraryWorld {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly model: Model;
  /** Connects to the broker; undefined where that is down. */
  open(serve: Serve): SimLink | undefined;
  /** Takes what a check throws: nothing may be thrown into the client. */
  guard(work: () => void): void;
}

/**
 * The production client, which outlives its connections. What it says became of a message is held
 * against what the broker said, as the wire showed it.
 */
export class LibraryClient {
  /** Messages of which it has not said yet what became of them. */
  readonly pending = new Set<string>();
  link: SimLink | undefined;
  readonly #world: LibraryWorld;
  readonly #messages = new Subject<Outgoing>();
  /** What came before the first connection. */
  readonly #early: Outgoing[] = [];
  readonly #subscription = new Subscription();

  constructor(world: LibraryWorld, queue: string, prefetch: number) {
    this.#world = world;
    const { clock, chance } = world;
    const random = (): number => chance.next();
    const connection$ = createConnect((_endpoint, serve) => this.#dial(serve), { clock, random })()
      .pipe(reconnecting({ clock, random, delayMs: 20, delayMsMax: 200 }));
    const work$ = connection$.pipe(switchMap((connection) => merge(
      concat(of(...this.#early.splice(0)), this.#messages).pipe(connection.publisher()),
      connection.consume(queue, { prefetch }).pipe(
        retry({ delay: (error) => againIfDeleted(error, clock) }),
      ),
    )));
    this.#subscription.add(work$.subscribe({
      next: (each) => each instanceof Delivery ? this.#settle(each) : this.#judge(each),
      error: (error: unknown) => world.guard(() => {
        throw error;
      }),
    }));
  }

  publish(messages: readonly Outgoing[]): void {
    for (const message of messages) {
      this.pending.add(message.properties!.messageId!);
      if (this.#messages.observed) this.#messages.next(message);
      else this.#early.push(message);
    }
  }

  close(): void {
    this.#subscription.unsubscribe();
  }

  /** Settles when some time has passed; the connection may be gone by then. */
  #settle(delivery: Delivery): void {
    const { clock, chance } = this.#world;
    clock.setTimer(chance.below(50), () => {
      if (chance.happens(0.8)) delivery.ack();
      else delivery.nack({ requeue: chance.happens(0.5) });
    });
  }

  #judge(confirmation: Confirmation): void {
    const { kind, message } = confirmation;
    const id = message.properties!.messageId!;
    const said = this.#world.model.messages.get(id)?.fate;
    this.#world.guard(() => {
      check(this.pending.delete(id), 'client', () => `${id} is reported twice`);
      if (kind === 'confirmed' || kind === 'nacked') {
        const wanted = kind === 'confirmed' ? 'confirmed' : 'refused';
        check(said === wanted, 'client', () => `${id} is said to be ${kind}; it is ${said}`);
      }
      const unheard = kind === 'unconfirmed' && !confirmation.written;
      check(!unheard || said === undefined, 'client', () => `${id} was written, and denies it`);
    });
  }

  #dial(serve: Serve): Observable<never> {
    return new Observable((ended) => {
      const link = this.#world.open((inbound, seen) => new Observable((outbound) =>
        serve(inbound, seen).subscribe({
          next: (chunk) => outbound.next(chunk),
          complete: () => {
            outbound.complete();
            ended.complete();
          },
        })));
      this.link = link;
      if (link === undefined) ended.error(new DialError('nobody listens'));
      return () => link?.reset();
    });
  }
}
