import { Observable, Subscription, type Subscriber } from 'rxjs';
import type { FieldTable } from '../../protocol/types.ts';
import { DeliveryCounters } from '../counters.ts';
import { Dependents } from '../dependents.ts';
import type { Consumer, ConsumeOptions } from '../delivery/consumer.ts';
import type { Tail } from '../message/content-frames.ts';
import type { Delivery, Outcome } from '../delivery/delivery.ts';
import {
  consumeInProcess, type IncomingMessage, type InProcessOptions,
} from './in-process-consume.ts';
import type { Effective } from '../policy/effective.ts';
import { resourceText } from '../reply-text.ts';
import { Destination } from '../turn/run.ts';
import type { StoredMessage } from '../message/stored-message.ts';
import type { PersistentCount } from './byte-count.ts';
import type { QueueSettings } from './arguments.ts';
import type { HeldLetters } from './held-letters.ts';
import { Consumers } from './consumers.ts';
import type { QueueHost } from './queue-host.ts';
import { checkDeletable } from './refusals.ts';

/**
 * Sees a message that waits, and the delivery that it would be; answers `false` where it has seen
 * enough.
 */
export type VisitMessage = (message: StoredMessage, delivery: Delivery) => unknown;

export interface QueueOptions {
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** The connection that alone may use it; undefined: everybody. QUE-06. */
  readonly owner: object | undefined;
  readonly arguments: FieldTable;
  readonly settings: QueueSettings;
}

/**
 * What queues of every type have in common: an observer of runs on one side, a source of
 * deliveries on the other. What lies between, and what settling does to it, is up to the type.
 */
export abstract class Queue extends Destination {
  override readonly kind = 'queue';
  readonly name: string;
  readonly vhost: QueueHost;
  readonly options: QueueOptions;
  /** What it does by its arguments and by policies; `govern` changes it. */
  settings: QueueSettings;
  /** The policies that apply, and what they make of the arguments; undefined: there are none. */
  effective: Effective | undefined;
  readonly consumers: Consumers;
  /** Its consumers, messages and timers; unsubscribing deletes the queue. */
  readonly subscription = new Subscription();
  /** Bindings that lead to it. */
  readonly dependents = new Dependents(this.subscription);
  /** Deliveries that are out and not settled. */
  unackedCount = 0;
  /** Messages that came in since it was made. */
  arrivedCount = 0;
  /** What went out since then, but for what its present consumers got. */
  readonly pastCounters = new DeliveryCounters();
  #touched = false;
  #heldBack = 0;
  #isPaused = false;

  constructor(vhost: QueueHost, name: string, options: QueueOptions) {
    super();
    this.vhost = vhost;
    this.name = name;
    this.options = options;
    this.settings = options.settings;
    const { singleActiveConsumer: single, type } = options.settings;
    const takesOver = single && type === 'quorum' && vhost.compatibility.priorityTakesOver;
    this.consumers = new Consumers(single, () => this.touch(), takesOver);
    // Deleted: consumers hear of it first.
    this.subscription.add(() => this.consumers.end());
  }

  /** Messages that wait; in a stream, all that it keeps. */
  abstract get readyCount(): number;

  /** Dead letters that it keeps until their targets have them; undefined: it keeps none. QUE-29. */
  letters: HeldLetters | undefined;

  /** Bytes of their bodies; in a stream, of all that it keeps. */
  abstract get readyBytes(): number;

  /** Bytes of the bodies of deliveries that are out and not settled; 0 in a stream. */
  abstract get unackedBytes(): number;

  /** Messages, ready or out, that a restart leaves. */
  abstract get persistent(): PersistentCount;

  /** What went out since it was made. */
  get counters(): DeliveryCounters {
    const counters = new DeliveryCounters();
    this.countInto(counters);
    return counters;
  }

  /** Adds it to others. */
  countInto(counters: DeliveryCounters): void {
    counters.add(this.pastCounters);
    for (const consumer of this.consumers.all) counters.addConsumer(consumer);
  }

  override get gone(): boolean {
    return this.subscription.closed;
  }

  /** `queue 'q' in vhost '/'` */
  get text(): string {
    return resourceText('queue', this.name, this.vhost.name);
  }

  /** How much ends with it: bindings and consumers. */
  get partCount(): number {
    return this.consumers.count + this.dependents.count;
  }

  /** Ends one part of it at each call, consumers first; whether there was one. */
  partStepper(): () => boolean {
    const consumers = this.consumers.stepper();
    const others = this.dependents.stepper();
    return () => consumers() || others();
  }

  override get label(): string {
    return this.name;
  }

  /**
   * Deliveries, from subscribe (basic.consume) to unsubscribe (basic.cancel). The subscriber
   * settles each one, unless noAck: then its bytes are there during `next` only. Completes when
   * the queue is deleted. Errors: 403 where it or another consumer is exclusive, BAS-10; for
   * streams see QUE-32.
   */
  deliveries(options: ConsumeOptions): Observable<Delivery> {
    return new Observable<Delivery>((subscriber) => this.#consume(options, subscriber));
  }

  /**
   * Messages for use in process: subscribe to consume, unsubscribe to cancel. What is not settled
   * by then goes back to the queue.
   */
  consume(options: Partial<InProcessOptions> = {}): Observable<IncomingMessage> {
    return consumeInProcess(this, options);
  }

  /**
   * Takes the oldest message out for basic.get, at once or when its bytes are here, unless whoever
   * asked is gone by then; the caller settles it. undefined: there is none. QUE-25, QUE-32.
   */
  abstract get(
    asker: { readonly closed: boolean }, take: (delivery: Delivery | undefined) => void,
  ): void;

  /** Refuses an outcome that deliveries of this queue cannot have, before any is settled. */
  checkOutcome(_outcome: Outcome): void {}

  /** Settles a delivery that went out with acknowledgement. */
  abstract settle(delivery: Delivery, outcome: Outcome): void;

  /**
   * Drops everything that waits and answers how much that was. It is out of the queue at once;
   * `done` is called when it is gone, in this turn or a later one. QUE-10.
   */
  abstract purge(done?: () => void): number;

  /** Drops what no restart leaves: messages that are not persistent. BAS-07. */
  abstract dropTransient(): void;

  /** Visits what the messages that wait would go out as, in that order, in memory or not. */
  abstract forEachWaiting(visit: (delivery: Delivery) => unknown): void;

  /**
   * Visits the messages that wait, in the order in which they go out, and leaves them there. Those
   * whose bytes the journal alone has are passed over; `lend` brings them.
   */
  forEachReady(visit: VisitMessage): void {
    this.forEachWaiting((delivery) => {
      const message = this.messageOf(delivery);
      return message === undefined ? undefined : visit(message, delivery);
    });
  }

  /**
   * Runs `use` while the messages of these deliveries can be read, from the first one on as many
   * as `limits.lentBytesMax` lets: what the journal alone has is brought back for that long.
   */
  abstract lend<T>(deliveries: readonly Delivery[], use: () => T): Promise<T>;

  /** Refuses a deletion under conditions that are not met. QUE-11. */
  checkDeletable(ifUnused: boolean, ifEmpty: boolean): void {
    checkDeletable(this, this.consumers.count, ifUnused, ifEmpty);
  }

  /** Policies changed: from now on it does as these settings say. Called in a turn. */
  govern(settings: QueueSettings, effective: Effective | undefined): void {
    this.settings = settings;
    this.effective = effective;
  }

  /** It was declared or fetched from: x-expires counts anew. QUE-13. */
  used(): void {}

  /**
   * The message of a delivery as receivers see it, until something else is asked of the queue.
   * From a quorum queue with the count of deliveries that failed, from `countFrom` on. QUE-30.
   */
  abstract tailOf(delivery: Delivery, countFrom?: number): Tail;

  /** The message of a delivery; undefined where it is not in memory, or is there no more. */
  abstract messageOf(delivery: Delivery): StoredMessage | undefined;

  /** Delivers what waits to the consumers that can take it. Called by the turn. */
  override pump(): void {
    this.#touched = false;
    if (!this.gone && !this.isHeldBack) this.deliver();
  }

  /** Whether somebody stopped it: it takes messages, and lets none out to receivers. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Stops it, or lets it go on. */
  pause(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (!isPaused) this.touch();
  }

  /** Lets nothing out, as messages are on their way back (1), until they are there (-1). */
  holdBack(change: 1 | -1): void {
    this.#heldBack += change;
    if (!this.isHeldBack) this.touch();
  }

  /** Whether messages are on their way back that come before those that wait. */
  protected get isHeldBack(): boolean {
    return this.#heldBack > 0;
  }

  protected abstract deliver(): void;

  /** Has the queue pumped at the end of the turn. */
  protected touch(): void {
    if (this.#touched) return;
    this.#touched = true;
    this.vhost.turn.touch(this);
  }

  /** Makes a consumer, or refuses it. */
  protected abstract admit(options: ConsumeOptions, subscriber: Subscriber<Delivery>): Consumer;

  /** The last consumer went. */
  protected unused(): void {}

  #consume(options: ConsumeOptions, subscriber: Subscriber<Delivery>): () => void {
    const consumer = this.admit(options, subscriber);
    this.consumers.add(consumer);
    this.vhost.memory.countConsumer(1);
    options.gate.join(consumer);
    options.tallies?.join(consumer);
    this.vhost.events.emit({ type: 'consumer.added', ...this.#consumerEvent(consumer) });
    this.touch();
    return () => this.vhost.turn.within(() => this.#removeConsumer(consumer));
  }

  #removeConsumer(consumer: Consumer): void {
    this.consumers.remove(consumer);
    this.pastCounters.addConsumer(consumer);
    consumer.options.tallies?.leave(consumer);
    this.vhost.memory.countConsumer(-1);
    consumer.options.gate.leave(consumer);
    this.vhost.events.emit({ type: 'consumer.removed', ...this.#consumerEvent(consumer) });
    // Another one may be the active one now.
    if (this.gone || this.consumers.count > 0) this.touch();
    else this.unused();
  }

  #consumerEvent({ options }: Consumer): {
    vhost: string; queue: string; consumerTag: string; owner: string;
  } {
    const { consumerTag, owner } = options;
    return { vhost: this.vhost.name, queue: this.name, consumerTag, owner };
  }
}
