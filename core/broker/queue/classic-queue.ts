import type { Subscriber } from 'rxjs';
import { AmqpError } from '../../errors.ts';
import type { Cancel } from '../../ports.ts';
import { Consumer, type ConsumeOptions } from '../delivery/consumer.ts';
import type { Tail } from '../message/content-frames.ts';
import type { DeadLetterReason } from '../message/deaths.ts';
import { ByteCount, type PersistentCount } from './byte-count.ts';
import { deadLetter } from './dead-letter.ts';
import type { Delivery, Outcome } from '../delivery/delivery.ts';
import { isPersistent, type Address } from '../message/address.ts';
import { MARK_BCC } from '../message/store.ts';
import { survives, withRow } from '../message/survival.ts';
import type { Entry } from '../message/entries.ts';
import type { Run } from '../turn/run.ts';
import type { StoredMessage } from '../message/stored-message.ts';
import type { Keeper } from '../turn/keeper.ts';
import type { QueueHost } from './queue-host.ts';
import { Queue, type QueueOptions } from './abstract-queue.ts';
import { isLimited } from './arguments.ts';
import { ExpiryTimer } from './expiry-timer.ts';
import { HeldLetters } from './held-letters.ts';
import type { Effective } from '../policy/effective.ts';
import { pick, sift } from './pick.ts';
import { PriorityReady } from './priority-ready.ts';
import { forgetAll } from './purged.ts';
import { Ready, type VisitReady } from './ready.ts';
import { checkGettable } from './refusals.ts';
import { Retries } from './retries.ts';
import { retryDelay } from './retry-delay.ts';
import { tailForReceivers } from './tail-for-receivers.ts';
import { traceSettled } from './trace-settled.ts';

/**
 * A queue of messages that each go to one consumer and are gone when that acknowledges them:
 * classic and quorum. Between turns it holds addresses of messages, not the messages themselves.
 */
export class ClassicQueue extends Queue {
  readonly #ready: Ready | PriorityReady;
  /** Of what waits, and of what is out. */
  readonly #waiting = new ByteCount();
  readonly #out = new ByteCount();
  #limited: boolean;
  /** A policy let in fewer messages than it has: they go over turns. */
  #shrinks = false;
  readonly #isQuorum = this.settings.type === 'quorum';
  /** A message with an expiry was enqueued, so that heads must be looked at. */
  #expires = false;
  #hadConsumer = false;
  readonly #expiry = new ExpiryTimer(this.vhost, () => this.touch());
  #stopUnused: Cancel = () => {};
  /** Deliveries that wait before they are ready again. QUE-29. */
  readonly #retries = new Retries(this.vhost, (delivery) => this.#requeue(delivery));
  /** A restart is bringing it back, so that time does nothing to its messages. */
  #suspended = false;
  /** Keeps the messages, where the queue is durable and the broker keeps any. */
  readonly #persistence: Keeper | undefined;
  readonly #trace = this.vhost.events.trace;

  constructor(vhost: QueueHost, name: string, options: QueueOptions) {
    super(vhost, name, options);
    const { settings, settings: { maxPriority } } = options;
    this.#ready = maxPriority === undefined
      ? new Ready(this, 0, vhost.memory.countPlaces)
      : new PriorityReady(this, maxPriority, vhost.memory.countPlaces);
    this.#limited = isLimited(settings);
    this.#persistence = options.durable ? vhost.persistence : undefined;
    if (this.#isQuorum) {
      const forget = (address: Address): void => this.#forget(address);
      this.letters = new HeldLetters({ queue: this, persistence: this.#persistence, forget });
    }
    this.subscription.add(() => this.#release());
    this.used();
  }

  override govern(settings: QueueOptions['settings'], effective?: Effective): void {
    const { expires } = this.settings;
    super.govern(settings, effective);
    this.#limited = isLimited(settings);
    this.#shrinks = this.#limited;
    this.touch();
    if (settings.expires !== expires) this.used();
    this.letters?.rerouted();
  }

  override get readyCount(): number {
    return this.#ready.length;
  }

  override get readyBytes(): number {
    return this.#waiting.bytes;
  }

  override get unackedBytes(): number {
    return this.#out.bytes;
  }

  override get persistent(): PersistentCount {
    return this.#waiting.persistentWith(this.#out);
  }

  /** Messages arrive. */
  override next(run: Run): void {
    this.arrivedCount += run.count;
    for (let i = 0; i < run.count; i++) {
      if (this.#enqueue(run.addresses[i]!, run.timesToLive[i]!)) continue;
      run.rejected[i] = 1;
      if (this.#trace.active) this.#trace.refused(this, run.addresses[i]!);
    }
  }

  override acceptsImmediately(address: Address): boolean {
    if (this.isHeldBack || this.isPaused || this.#ready.length > 0) return false;
    if (!this.consumers.anyReady) return false;
    return this.settings.overflow === 'drop-head' || !this.#isFullFor(address);
  }

  /** A restart is to bring its messages back: until `resume`, time does nothing to them. */
  suspend(): void {
    this.#suspended = true;
    this.#stopUnused();
  }

  /**
   * Puts a message back that the journal kept; those that were out before all others. The queue
   * takes over a reference to it.
   */
  restore(address: Address, entry: Entry, priority: number): void {
    const { until, outCount, readyAt, death } = entry;
    if (death !== 0 && this.letters !== undefined) {
      this.letters.restore(address, death, until);
      return;
    }
    if (until !== Infinity) this.#expires = true;
    const { maxPriority = 0 } = this.settings;
    const level = Math.min(priority, maxPriority);
    const bodyBytes = this.vhost.store.bodyBytesOf(address);
    if (readyAt !== 0) {
      const delivery = this.#ready.restoreLater(address, until, outCount, level);
      delivery.bodyBytes = bodyBytes;
      this.#retries.restore(delivery, readyAt);
      return;
    }
    this.#ready.restore(address, until, outCount, level);
    this.#waiting.add(address, bodyBytes);
  }

  restored(): void {
    this.#retries.sort();
    this.letters?.sort();
  }

  get dueAt(): number {
    const held = this.letters?.restoredAt ?? Infinity;
    return Math.min(this.#ready.expiresAt, this.#retries.restoredAt, held);
  }

  /** Does what is due next. */
  catchUp(): void {
    const { dueAt } = this;
    if (this.letters?.restoredAt === dueAt) this.letters.sendRestored();
    else if (this.#retries.restoredAt === dueAt) this.#retries.readyRestored();
    else this.#drop(this.#take()!, 'expired');
  }

  resume(): void {
    this.#suspended = false;
    this.#retries.resume();
    this.used();
    this.touch();
  }

  override get(
    asker: { readonly closed: boolean }, take: (delivery: Delivery | undefined) => void,
  ): void {
    if (asker.closed) return;
    checkGettable(this);
    this.used();
    this.#dropExpired(this.vhost.turn.now, true);
    if (this.isPaused) return take(undefined);
    const again = (): void => this.vhost.turn.within(() => this.get(asker, take));
    if (!this.#isHeadHere(again)) return;
    const delivery = this.#take();
    if (delivery !== undefined) this.#goesOut(delivery);
    // What is at the head now may be due, and if not, has a time of its own.
    this.#dropExpired(this.vhost.turn.now, true);
    if (this.#expires) this.touch();
    take(delivery);
  }

  override settle(delivery: Delivery, outcome: Outcome): void {
    this.unackedCount--;
    this.#out.remove(delivery.address, delivery.bodyBytes);
    if (this.#trace.active) traceSettled(this, delivery, outcome);
    delivery.consumer?.settled();
    if (outcome === 'ack' || this.gone) this.#forget(delivery.address);
    else if (outcome === 'reject') this.#drop(delivery, 'rejected');
    else this.#return(delivery, outcome);
  }

  override purge(done?: () => void): number {
    const taken = this.#ready.takeAll();
    const count = taken.length;
    this.#waiting.clear();
    forgetAll(this, taken, (address) => this.#forget(address), done);
    return count;
  }

  override get keepsAll(): boolean {
    return this.#isQuorum;
  }

  override get keepsEach(): boolean {
    return this.keepsAll;
  }

  override dropTransient(): void {
    if (this.keepsAll) return;
    const lasts = ({ address }: Delivery): boolean => survives(this.vhost, address);
    const { kept, others } = sift(() => this.#take(), lasts);
    for (const { address } of others) this.#forget(address);
    for (const delivery of kept) this.#requeue(delivery);
  }

  override used(): void {
    this.#stopUnused();
    this.#stopUnused = () => {};
    const { expires } = this.settings;
    if (expires === undefined || this.consumers.count > 0 || this.gone) return;
    this.#stopUnused = this.vhost.setTimer(
      expires, () => this.subscription.unsubscribe(), 'an unused queue expires',
    );
  }

  override forEachWaiting(visit: VisitReady): void {
    this.#ready.forEach(visit);
  }

  override async lend<T>(deliveries: readonly Delivery[], use: () => T): Promise<T> {
    if (this.#persistence === undefined) return use();
    return this.#persistence.paging.lend(deliveries.map(({ address }) => address), use);
  }

  /** Visits the messages that came back and wait to be tried again, with when that will be. */
  forEachRetry(visit: (delivery: Delivery, at: number) => void): void {
    this.#retries.forEach(visit);
  }

  /**
   * Forgets messages that wait, by the ids of their deliveries, wherever among the others they
   * are; those keep their places.
   */
  remove(ids: ReadonlySet<string>): void {
    const take = (): Delivery | undefined => this.#take();
    const { removed, others } = pick(take, ids);
    for (const { address } of removed) this.#forget(address);
    for (const delivery of others) this.#putBack(delivery);
    // Another one may be the next to expire.
    this.touch();
  }

  override tailOf(delivery: Delivery, countFrom = 1): Tail {
    const { store } = this.vhost;
    if (this.#isQuorum) return tailForReceivers(this, delivery, countFrom);
    store.locate(delivery.address);
    // The usual message goes out as it lies there.
    return (store.marks & MARK_BCC) === 0 ? store : tailForReceivers(this, delivery, countFrom);
  }

  override messageOf({ address }: Delivery): StoredMessage | undefined {
    return this.vhost.store.isResident(address) ? this.vhost.readMessage(address) : undefined;
  }

  protected override deliver(): void {
    if (this.#suspended) return;
    if (this.#shrinks) this.#makeRoom();
    this.#deliver(0);
    if (this.#expires) this.#expireHead();
  }

  protected override admit(
    options: ConsumeOptions, subscriber: Subscriber<Delivery>,
  ): Consumer {
    const { consumers } = this;
    const alone = options.exclusive && (consumers.count > 0 || this.settings.singleActiveConsumer);
    if (consumers.exclusive || alone) {
      throw new AmqpError('ACCESS_REFUSED', `${this.text} in exclusive use`);
    }
    this.#hadConsumer = true;
    this.#stopUnused();
    return new Consumer(this, options, subscriber);
  }

  protected override unused(): void {
    // A queue that never had a consumer waits for its first one. QUE-07.
    if (this.options.autoDelete && this.#hadConsumer) this.subscription.unsubscribe();
    else this.used();
  }

  /** Delivers as long as the turn lasts, and at least so many; answers how many. */
  #deliver(least: number): number {
    if (this.#suspended || this.isPaused) return 0;
    const { turn } = this.vhost;
    const ready = this.#ready;
    let count = 0;
    for (; ready.length > 0; count++) {
      if (count >= least && turn.isSpentWith(count)) {
        if (this.consumers.anyReady) this.touch();
        break;
      }
      // What is due exactly now may still be delivered: a TTL of 0 means now or never. QUE-14.
      if (this.#expires && ready.expiresAt < turn.now) {
        this.#drop(this.#take()!, 'expired');
        continue;
      }
      if (ready.headAddress < 0 && !this.#canDeliverHead()) break;
      const consumer = this.consumers.next();
      if (consumer === undefined) break;
      const delivery = this.#take()!;
      if (consumer.noAck) {
        consumer.deliver(delivery);
        this.#forget(delivery.address);
      } else {
        this.#goesOut(delivery);
        delivery.deliveredAt = turn.now;
        consumer.deliver(delivery);
        if (isPersistent(delivery.address)) this.#persistence?.paging.delivered(delivery.address);
      }
    }
    turn.spend(count);
    return count;
  }

  /** Whether the persistent message at the head can go out; if not, it may be on its way. */
  #canDeliverHead(): boolean {
    if (this.vhost.store.isResident(this.#ready.headAddress)) return true;
    if (!this.consumers.anyReady || !this.#isHeadHere(() => this.touch())) return false;
    // Those that cannot be read are gone by now, and were perhaps all.
    return this.#ready.length > 0;
  }

  /** Whether the oldest message can be read; if not, `then` is called when it may be. */
  #isHeadHere(then: () => void): boolean {
    while (this.#ready.length > 0) {
      const { headAddress } = this.#ready;
      const residence = this.#persistence?.paging.load(headAddress, then) ?? 'here';
      if (residence !== 'lost') return residence === 'here';
      // The journal has it, damaged as it is; here it is gone.
      this.vhost.store.release(this.#take()!.address);
    }
    return true;
  }

  /** Whether the message was taken; false where a limit refuses it. QUE-17. */
  #enqueue(address: Address, timeToLive: number): boolean {
    const { store, turn } = this.vhost;
    if (this.#limited && this.#refuses(address)) return false;
    const isCopied = this.#isQuorum && !isPersistent(address) && this.#persistence !== undefined;
    if (isCopied) address = withRow(this.vhost, address);
    const bodyBytes = isCopied ? store.bodyBytesOf(address) : store.retain(address);
    const ttl = Math.min(timeToLive, this.settings.messageTtl ?? Infinity);
    if (ttl !== Infinity) this.#expires = true;
    const until = ttl === Infinity ? Infinity : turn.now + ttl;
    const { maxPriority: max } = this.settings;
    const priority = max === undefined ? 0 : Math.min(this.vhost.priorityOf(address), max);
    this.#ready.push(address, until, priority);
    if (this.#trace.active) this.#trace.enqueued(this, address, priority, until);
    this.#persistence?.arrived(this, address, until, priority);
    this.#waiting.add(address, bodyBytes);
    if (this.#limited) this.#makeRoom();
    this.touch();
    return true;
  }

  #refuses(address: Address): boolean {
    const { overflow } = this.settings;
    if (overflow === 'drop-head') return false;
    // Messages that a consumer can take at once do not wait, so they fill nothing.
    while (this.#isFullFor(address)) if (this.#deliver(1) === 0) break;
    if (!this.#isFullFor(address)) return false;
    if (overflow === 'reject-publish-dlx') {
      const { store } = this.vhost;
      store.retain(address);
      deadLetter(this, address, 'maxlen', () => store.release(address));
    }
    return true;
  }

  /** Whether with this message there would wait more than may. */
  #isFullFor(address: Address): boolean {
    const { maxLength = Infinity, maxLengthBytes = Infinity } = this.settings;
    // Letters that nobody has taken over are its messages as well. QUE-29.
    const { heldCount = 0, heldBytes = 0 } = this.letters ?? {};
    if (this.#ready.length + heldCount >= maxLength) return true;
    if (maxLengthBytes === Infinity) return false;
    return this.readyBytes + heldBytes + this.vhost.store.bodyBytesOf(address) > maxLengthBytes;
  }

  #makeRoom(): void {
    const { maxLength = Infinity, maxLengthBytes = Infinity, overflow } = this.settings;
    if (overflow !== 'drop-head') return;
    const isOver = (): boolean =>
      this.#ready.length > maxLength || this.readyBytes > maxLengthBytes;
    while (isOver()) if (this.#deliver(1) === 0) break;
    for (let dropped = 0; isOver(); dropped++) {
      // Of each that comes one goes besides; the rest when there is time.
      if (this.#shrinks && dropped > 1 && this.vhost.turn.isSpent) return this.touch();
      this.vhost.turn.spend(1);
      this.#drop(this.#take()!, 'maxlen');
    }
    this.#shrinks = false;
  }

  #take(): Delivery | undefined {
    const delivery = this.#ready.shift();
    if (delivery === undefined) return undefined;
    const { address } = delivery;
    delivery.bodyBytes = this.vhost.store.bodyBytesOf(address);
    this.#waiting.remove(address, delivery.bodyBytes);
    return delivery;
  }

  #goesOut({ address, bodyBytes }: Delivery): void {
    this.unackedCount++;
    this.#out.add(address, bodyBytes);
  }

  #drop(delivery: Delivery, reason: DeadLetterReason): void {
    if (this.settings.deadLetterStrategy === 'at-least-once' && this.letters !== undefined) {
      this.letters.add(delivery.address, reason);
      return;
    }
    deadLetter(this, delivery.address, reason, () => this.#forget(delivery.address));
  }

  /** The message is not this queue's any more. */
  #forget(address: Address): void {
    if (this.#persistence !== undefined && !this.gone) this.#persistence.left(this, address);
    this.vhost.store.release(address);
  }

  /** Puts a delivery back where it was, unless it came back too often. QUE-29. */
  #return(delivery: Delivery, outcome: 'requeue' | 'return'): void {
    delivery.redelivered = true;
    delivery.deliveryCount++;
    if (delivery.deliveryCount > (this.settings.deliveryLimit ?? Infinity)) {
      this.#drop(delivery, 'delivery_limit');
      return;
    }
    const { address, deliveryCount } = delivery;
    const delayMs = retryDelay(this.settings, deliveryCount, outcome);
    if (delayMs === undefined) {
      this.#persistence?.returned(this, address, deliveryCount);
      this.#requeue(delivery);
      return;
    }
    const readyAt = this.vhost.turn.now + delayMs;
    this.#persistence?.returned(this, address, deliveryCount, readyAt);
    this.#retries.wait(delivery, readyAt);
  }

  #requeue(delivery: Delivery): void {
    delivery.consumer = undefined;
    this.#putBack(delivery);
    if (this.#trace.active) this.#trace.requeued(this, delivery.address);
    if (this.#limited) this.#makeRoom();
    this.touch();
  }

  #putBack(delivery: Delivery): void {
    this.#ready.requeue(delivery);
    this.#waiting.add(delivery.address, delivery.bodyBytes);
  }

  /** Drops what expired, as far as the turn goes, or all of it. */
  #dropExpired(until: number, all = false): void {
    if (!this.#expires) return;
    const { turn } = this.vhost;
    while (this.#ready.length > 0 && this.#ready.expiresAt <= until) {
      if (!all && turn.isSpent) return this.touch();
      turn.spend(1);
      this.#drop(this.#take()!, 'expired');
    }
  }

  /** Drops what is due at the head, and waits for what is due next. QUE-14. */
  #expireHead(): void {
    const { now } = this.vhost.turn;
    this.#dropExpired(now);
    const { expiresAt } = this.#ready;
    if (expiresAt > now) this.#expiry.wait(expiresAt);
  }

  #release(): void {
    this.#expiry.stop();
    this.#stopUnused();
    for (const { address } of this.#retries.clear()) this.#forget(address);
    this.letters?.clear();
    this.purge();
  }
}
