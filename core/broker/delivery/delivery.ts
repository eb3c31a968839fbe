import type { Address } from '../message/address.ts';
import type { Tail } from '../message/content-frames.ts';
import type { StoredMessage } from '../message/stored-message.ts';
import type { CountedQueue } from './delivery-tallies.ts';

/** Who holds a delivery: a consumer, as far as what it holds needs it. */
export interface Holder {
  readonly options: {
    readonly consumerTag: string;
    readonly timeout: number | undefined;
    readonly owner: string;
  };
  /** One of its deliveries was settled or requeued. */
  settled(): void;
}

/** What becomes of a delivery. */
export type Outcome = 'ack' | 'reject' | 'requeue' | 'return';

/** The queue that a delivery came out of, as far as its receiver needs it. */
export interface Settler extends CountedQueue {
  readonly settings: { readonly consumerTimeout: number | undefined };
  /** Refuses an outcome that deliveries of this queue cannot have, before any is settled. */
  checkOutcome(outcome: Outcome): void;
  /** Lets nothing out, as messages are on their way back (1), until they are there (-1). */
  holdBack(change: 1 | -1): void;
  /** Settles a delivery that went out with acknowledgement. */
  settle(delivery: Delivery, outcome: Outcome): void;
  /** The message as receivers see it, until something else is asked of the queue. */
  tailOf(delivery: Delivery): Tail;
  /** The message of a delivery; undefined where it is not in memory, or is there no more. */
  messageOf(delivery: Delivery): StoredMessage | undefined;
}

/**
 * One message on its way from a queue to one receiver, and after that, until it is settled, the
 * entry that stands for it. When it is requeued, the same object goes back to the queue.
 */
export class Delivery {
  readonly queue: Settler;
  readonly address: Address;
  /** Place in the queue: what is requeued goes back to it. BAS-21. */
  readonly position: number;
  readonly priority: number;
  /** Clock time at which it expires; Infinity: never. Fixed at enqueue, kept over requeue. */
  readonly expiresAt: number;
  redelivered = false;
  /** How often it came back unacknowledged; counts towards the delivery limit. QUE-30. */
  deliveryCount = 0;
  /** Who holds it; undefined where basic.get fetched it. */
  consumer: Holder | undefined;
  /** Tag on the channel that it went out on. */
  deliveryTag = 0;
  /** Bytes of the body of the message, once it was taken out of its queue. */
  bodyBytes = 0;
  /** Clock time at which it went out, for the consumer timeout. */
  deliveredAt = 0;

  constructor(
    queue: Settler, address: Address, position: number, priority: number, expiresAt: number,
  ) {
    this.queue = queue;
    this.address = address;
    this.position = position;
    this.priority = priority;
    this.expiresAt = expiresAt;
  }

  /** Names the message among those of its queue, whether it waits there or somebody holds it. */
  get id(): string {
    return `${this.priority}-${this.position}`;
  }
}
