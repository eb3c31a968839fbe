import type { Subscriber } from 'rxjs';
import type { FieldTable } from '../../protocol/types.ts';
import type { Delivery } from './delivery.ts';
import type { CountedQueue, DeliveryTallies } from './delivery-tallies.ts';
import type { Gate } from './gate.ts';

export interface ConsumeOptions {
  /** Name of the consumer on its channel. */
  readonly consumerTag: string;
  /** Deliveries count as acknowledged when they go out. */
  readonly noAck: boolean;
  /** No other consumer beside this one; 403 where there is one. BAS-10. */
  readonly exclusive: boolean;
  /** Unacknowledged deliveries at most; 0: no limit. BAS-25. */
  readonly prefetch: number;
  /** Higher ones are served first. BAS-14. */
  readonly priority: number;
  /** Milliseconds a delivery may stay unacknowledged; undefined: as the queue says. BAS-27. */
  readonly timeout: number | undefined;
  readonly arguments: FieldTable;
  readonly gate: Gate<Consumer>;
  /** Counts what goes out to its channel; undefined in process. */
  readonly tallies?: DeliveryTallies;
  /** Who consumes, for events: `connection-1/3`, or '' in process. */
  readonly owner: string;
}

/** The queue that a consumer is of, as far as the consumer needs it. */
export interface ConsumedQueue extends CountedQueue {
  readonly consumers: {
    /** The one that a single-active-consumer queue serves. */
    readonly active: Consumer | undefined;
    unpark(consumer: Consumer): void;
  };
}

/** A subscription to a queue as the queue sees it. */
export class Consumer {
  readonly queue: ConsumedQueue;
  readonly options: ConsumeOptions;
  readonly priority: number;
  readonly noAck: boolean;
  unacked = 0;
  /** What it was given so far, and of that what had been given to somebody before. */
  deliveredCount = 0;
  redeliveredCount = 0;
  /** Taken out of the ring of those that may get a delivery. */
  parked = false;
  /** Its neighbours in that ring. */
  previous: Consumer | undefined;
  next: Consumer | undefined;
  /** Whether it got a delivery since it was parked last. */
  #served = false;
  readonly #prefetch: number;
  readonly #gate: Gate<Consumer>;
  readonly #subscriber: Subscriber<Delivery>;

  constructor(queue: ConsumedQueue, options: ConsumeOptions, subscriber: Subscriber<Delivery>) {
    this.queue = queue;
    this.options = options;
    this.priority = options.priority;
    this.noAck = options.noAck;
    this.#prefetch = options.prefetch;
    this.#gate = options.gate;
    this.#subscriber = subscriber;
  }

  /** Whether it can be sent to now. */
  get ready(): boolean {
    return this.#gate.open && (this.#prefetch === 0 || this.unacked < this.#prefetch);
  }

  /** Whether it was cancelled, or its queue is gone. */
  get ended(): boolean {
    return this.#subscriber.closed;
  }

  /** Leaves the ring of those that may be ready; one that was served lets the others go first. */
  park(): void {
    this.parked = true;
    if (this.#served) this.#gate.moveBack(this);
    this.#served = false;
  }

  /** Hands a delivery over; with noAck it is not held. */
  deliver(delivery: Delivery): void {
    delivery.consumer = this;
    this.deliveredCount++;
    if (delivery.redelivered) this.redeliveredCount++;
    this.#served = true;
    if (!this.noAck) {
      this.unacked++;
      this.#gate.hold(1);
    }
    this.#subscriber.next(delivery);
  }

  /** One of its deliveries was settled or requeued. */
  settled(): void {
    this.unacked--;
    this.#gate.hold(-1);
    this.unpark();
  }

  /** Joins the ring of those that may be ready, where it had left it. */
  unpark(): void {
    this.queue.consumers.unpark(this);
  }

  /** The queue is gone: the subscriber hears of it. BAS-16. */
  end(): void {
    this.#subscriber.complete();
  }
}
