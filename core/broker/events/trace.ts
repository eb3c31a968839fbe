import { Observable, Subject } from 'rxjs';
import { limits } from '../../limits.ts';
import type { FieldTable, Properties } from '../../protocol/types.ts';
import { NOWHERE, type Address } from '../message/address.ts';
import type { Outcome } from '../delivery/delivery.ts';
import type { DeadLetterReason } from '../message/deaths.ts';
import type { MessageStore } from '../message/store.ts';
import type { StoredMessage } from '../message/stored-message.ts';

/** The virtual host of a message. */
export interface TracedHost {
  readonly name: string;
  readMessage(address: Address): StoredMessage;
}

/** The queue that a message is in. */
export interface TracedQueue {
  readonly name: string;
  readonly vhost: { readonly name: string };
  readonly readyCount: number;
}

/** A binding that a message fitted. */
export interface MatchedBinding {
  readonly source: string;
  readonly destination: string;
  readonly destinationKind: 'queue' | 'exchange';
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

/** What every event of a message tells. */
interface OfMessage {
  /**
   * Numbers messages from 1 while somebody traces; a dead-lettered one is a new message. 0: it
   * comes out of a stream, in which its header x-stream-offset says which one it is.
   */
  readonly message: number;
  readonly vhost: string;
}

interface InQueue extends OfMessage { readonly queue: string }

/** Who got a delivery, and under which tag. */
export interface Receiver {
  /** `connection-1/3`, or '' in process. */
  readonly owner: string;
  /** Empty where basic.get fetched it. */
  readonly consumerTag: string;
  readonly deliveryTag: number;
  readonly redelivered: boolean;
  readonly noAck: boolean;
}

/** Why a message is gone that nobody acknowledged; `deleted`: somebody did it by hand. */
export type DropReason = DeadLetterReason | 'purged' | 'deleted' | 'queue-deleted';

/** What happens to messages, in the order in which it happens. */
export type TraceEvent =
  | ({ readonly type: 'message.published'; readonly owner: string; readonly exchange: string;
      readonly routingKey: string; readonly properties: Properties; readonly bodyBytes: number;
      /** At most `limits.tracedBodyBytesMax` octets of it. */
      readonly body: Uint8Array } & OfMessage)
  | ({ readonly type: 'message.routed'; readonly exchange: string; readonly routingKey: string;
      readonly matched: readonly MatchedBinding[];
      readonly destinations: readonly string[] } & OfMessage)
  | ({ readonly type: 'message.unroutable'; readonly exchange: string;
      readonly routingKey: string } & OfMessage)
  | ({ readonly type: 'message.returned'; readonly owner: string;
      readonly reason: 'NO_ROUTE' | 'NO_CONSUMERS' } & OfMessage)
  | ({ readonly type: 'message.enqueued'; readonly ready: number; readonly priority: number;
      /** Clock time at which it expires; Infinity: never. */
      readonly expiresAt: number } & InQueue)
  | ({ readonly type: 'message.refused' } & InQueue)
  | ({ readonly type: 'message.delivered' } & Receiver & InQueue)
  | ({ readonly type: 'message.settled'; readonly outcome: Outcome; readonly deliveryTag: number;
      readonly consumerTag: string; readonly owner: string } & InQueue)
  | ({ readonly type: 'message.requeued' } & InQueue)
  | ({ readonly type: 'message.expired' } & InQueue)
  | ({ readonly type: 'message.dead-lettered'; readonly reason: DeadLetterReason;
      readonly exchange: string; readonly routingKey: string;
      /** Number of the message that goes on in its place; 0 where no queue takes it. */
      readonly becomes: number } & InQueue)
  | ({ readonly type: 'message.moved'; readonly to: string;
      /** Number of the message that it is in the other queue. */
      readonly becomes: number } & InQueue)
  | ({ readonly type: 'message.dropped'; readonly reason: DropReason } & InQueue)
  | { readonly type: 'publish.confirmed'; readonly owner: string; readonly deliveryTag: number;
      readonly multiple: boolean; readonly kind: 'ack' | 'nack' };

/** Tells what happens to each message; nothing is made, and nothing kept, while nobody looks. */
export class Trace {
  readonly trace$: Observable<TraceEvent>;
  /** Whether somebody looks: ask before calling anything else. */
  active = false;
  readonly #events = new Subject<TraceEvent>();
  readonly #store: MessageStore;
  readonly #numbers = new Map<Address, number>();
  #last = 0;

  constructor(store: MessageStore) {
    this.#store = store;
    this.trace$ = new Observable((events) => {
      events.add(this.#events.subscribe(events));
      events.add(() => this.#update());
      this.#update();
    });
  }

  published(vhost: TracedHost, address: Address, owner: string): void {
    const { exchange, routingKey, visibleProperties, body } = vhost.readMessage(address);
    this.#events.next({
      type: 'message.published', message: this.#number(address), vhost: vhost.name, owner,
      exchange, routingKey, properties: visibleProperties, bodyBytes: body.length,
      body: body.slice(0, limits.tracedBodyBytesMax),
    });
  }

  /** `matched`: the bindings by which it goes there. */
  routed(
    vhost: TracedHost, address: Address, destinations: readonly { readonly label: string }[],
    matched: readonly MatchedBinding[],
  ): void {
    const { exchange, routingKey } = vhost.readMessage(address);
    const common = { message: this.#number(address), vhost: vhost.name, exchange, routingKey };
    if (destinations.length === 0) {
      this.#events.next({ type: 'message.unroutable', ...common });
      return;
    }
    this.#events.next({
      type: 'message.routed', ...common, matched,
      destinations: destinations.map(({ label }) => label),
    });
  }

  returned(
    vhost: TracedHost, address: Address, owner: string, reason: 'NO_ROUTE' | 'NO_CONSUMERS',
  ): void {
    const message = this.#number(address);
    this.#events.next({ type: 'message.returned', message, vhost: vhost.name, owner, reason });
  }

  enqueued(queue: TracedQueue, address: Address, priority: number, expiresAt: number): void {
    this.#events.next({
      type: 'message.enqueued', ...this.#inQueue(queue, address),
      ready: queue.readyCount, priority, expiresAt,
    });
  }

  refused(queue: TracedQueue, address: Address): void {
    this.#events.next({ type: 'message.refused', ...this.#inQueue(queue, address) });
  }

  delivered(vhost: TracedHost, queue: string, address: Address, receiver: Receiver): void {
    const message = this.#number(address);
    this.#events.next({
      type: 'message.delivered', message, vhost: vhost.name, queue, ...receiver,
    });
  }

  settled(
    queue: TracedQueue, address: Address, outcome: Outcome,
    receiver: Pick<Receiver, 'owner' | 'consumerTag' | 'deliveryTag'>,
  ): void {
    this.#events.next({
      type: 'message.settled', ...this.#inQueue(queue, address), outcome, ...receiver,
    });
  }

  requeued(queue: TracedQueue, address: Address): void {
    this.#events.next({ type: 'message.requeued', ...this.#inQueue(queue, address) });
  }

  expired(queue: TracedQueue, address: Address): void {
    this.#events.next({ type: 'message.expired', ...this.#inQueue(queue, address) });
  }

  /** `becomes`: where the message lies that goes on in its place, if any does. */
  deadLettered(
    queue: TracedQueue, address: Address, reason: DeadLetterReason,
    to: { readonly exchange: string; readonly routingKey: string }, becomes: Address | undefined,
  ): void {
    this.#events.next({
      type: 'message.dead-lettered', ...this.#inQueue(queue, address), reason, ...to,
      becomes: becomes === undefined ? 0 : this.#number(becomes),
    });
  }

  /** Somebody moved it by hand; `becomes`: where its copy in the other queue lies. */
  moved(queue: TracedQueue, address: Address, to: TracedQueue, becomes: Address): void {
    this.#events.next({
      type: 'message.moved', ...this.#inQueue(queue, address), to: to.name,
      becomes: this.#number(becomes),
    });
  }

  dropped(queue: TracedQueue, address: Address, reason: DropReason): void {
    this.#events.next({ type: 'message.dropped', ...this.#inQueue(queue, address), reason });
  }

  confirmed(owner: string, kind: 'ack' | 'nack', deliveryTag: number, multiple: boolean): void {
    this.#events.next({ type: 'publish.confirmed', owner, kind, deliveryTag, multiple });
  }

  /** The number by which events name the message at this address; undefined: nobody traces. */
  numberOf(address: Address): number | undefined {
    return this.active ? this.#number(address) : undefined;
  }

  #inQueue(
    queue: TracedQueue, address: Address,
  ): { message: number; vhost: string; queue: string } {
    return { message: this.#number(address), vhost: queue.vhost.name, queue: queue.name };
  }

  #number(address: Address): number {
    if (address === NOWHERE) return 0;
    const known = this.#numbers.get(address);
    if (known !== undefined) return known;
    this.#numbers.set(address, ++this.#last);
    return this.#last;
  }

  #update(): void {
    this.active = this.#events.observed;
    if (!this.active) this.#numbers.clear();
    // Addresses are used again, so a number goes with its message.
    this.#store.onFreed = this.active ? (address) => this.#numbers.delete(address) : undefined;
  }
}
