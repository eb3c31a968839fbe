import { BehaviorSubject, switchMap, type Observable, type Subscription } from 'rxjs';
import { connect, type Delivery } from '../../../browser/client.ts';
import { connectTarget } from '../../port/connect-target.ts';
import type { BrokerPort } from '../../port/broker-port.ts';

/** What somebody who plays a consumer holds in their hands. */
export interface Hand {
  readonly queue: string;
  readonly held: readonly Delivery[];
  /** Why it ended; '' while it lasts. */
  readonly end: string;
}

export type Verdict = 'ack' | 'requeue' | 'reject';

/** What can be done with a message in one's hands. */
export const verdicts: readonly {
  readonly verdict: Verdict; readonly label: string; readonly title: string;
}[] = [
  { verdict: 'ack', label: 'Ack', title: 'done: the broker forgets it' },
  { verdict: 'requeue', label: 'Give back', title: 'nack with requeue: it returns to its place' },
  { verdict: 'reject', label: 'Reject', title: 'reject: it is dead-lettered, or dropped' },
];

/** Messages that a hand holds at once. */
export const HAND_PREFETCH = 5;

/**
 * A consumer whose code is a person: messages stay unacknowledged until they decide. It is an AMQP
 * client as any other, and lasts until `stop`, whatever screen is shown.
 */
export class ManualConsumer {
  readonly hand$: Observable<Hand | undefined>;
  /** By which its connection is known. */
  readonly name = 'you';
  readonly #hand = new BehaviorSubject<Hand | undefined>(undefined);
  #connection: Subscription | undefined;

  constructor() {
    this.hand$ = this.#hand;
  }

  start(port: BrokerPort, queue: string): void {
    this.stop();
    this.#hand.next({ queue, held: [], end: '' });
    this.#connection = connect({
      ...connectTarget(port), heartbeat: 0, connectionName: this.name,
    }).pipe(
      switchMap((connection) => connection.consume(queue, { prefetch: HAND_PREFETCH })),
    ).subscribe({
      next: (delivery) => this.#update((hand) => ({ ...hand, held: [...hand.held, delivery] })),
      error: (error: Error) => this.#update((hand) => ({ ...hand, held: [], end: error.message })),
      complete: () => this.#update((hand) => ({ ...hand, held: [], end: 'The queue is gone.' })),
    });
  }

  decide(delivery: Delivery, verdict: Verdict): void {
    if (verdict === 'ack') delivery.ack();
    else delivery.nack({ requeue: verdict === 'requeue' });
    this.#update((hand) => ({ ...hand, held: hand.held.filter((each) => each !== delivery) }));
  }

  /** Closes the connection: what is still held goes back to its queue. */
  stop(): void {
    this.#connection?.unsubscribe();
    this.#connection = undefined;
    this.#hand.next(undefined);
  }

  #update(change: (hand: Hand) => Hand): void {
    const { value } = this.#hand;
    if (value !== undefined) this.#hand.next(change(value));
  }
}

/** The one of this page. */
export const manualConsumer = new ManualConsumer();
