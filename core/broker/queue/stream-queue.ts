import type { Subscriber } from 'rxjs';
import { assert } from '../../assert.ts';
import { AmqpError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Cancel } from '../../ports.ts';
import { checkArgument, preconditionFailed } from '../definition/argument-checks.ts';
import type { ConsumeOptions } from '../delivery/consumer.ts';
import type { Tail } from '../message/content-frames.ts';
import { Delivery, type Outcome } from '../delivery/delivery.ts';
import { NOWHERE } from '../message/address.ts';
import type { Run } from '../turn/run.ts';
import { StoredMessage } from '../message/stored-message.ts';
import type { QueueHost, QueueKeeper } from './queue-host.ts';
import { Queue, type QueueOptions } from './abstract-queue.ts';
import type { PersistentCount } from './byte-count.ts';
import type { Effective } from '../policy/effective.ts';
import type { QueueSettings } from './arguments.ts';
import { StreamConsumer } from './stream-consumer.ts';
import type { StreamCursor } from './stream-cursor.ts';
import { StreamLog, type KeptChunk } from './stream-log.ts';
import { streamOffset } from './stream-offset.ts';
import { streamEntry, type StreamRecord } from './stream-record.ts';

/**
 * A stream: a log of messages that many consumers read, each at its own place. Nothing that they
 * do removes a message; an acknowledgement only lets them have more. QUE-31 to QUE-34.
 */
export class StreamQueue extends Queue {
  readonly log: StreamLog;
  /** Keeps the stream, where the broker keeps anything. */
  readonly #persistence: QueueKeeper | undefined;
  /** The delivery that is just going out, and its message. */
  #current: Delivery | undefined;
  #record: StreamRecord | undefined;
  /** Where somebody looks who is no consumer. */
  #looking: StreamCursor | undefined;
  /** When the oldest segment will be too old, and how to wait for that no longer. */
  #agedAt = Infinity;
  #stopAging: Cancel = () => {};

  constructor(vhost: QueueHost, name: string, options: QueueOptions) {
    super(vhost, name, options);
    const persistence = (this.#persistence = vhost.persistence);
    persistence?.streams.add(this);
    this.log = new StreamLog(
      options.settings.retention!, (segment) => persistence?.streams.full(segment),
    );
    this.subscription.add(() => this.#stopAging());
  }

  override govern(settings: QueueSettings, effective: Effective | undefined): void {
    super.govern(settings, effective);
    this.log.retention = settings.retention!;
    this.#trim();
  }

  override get readyCount(): number {
    return this.log.next - this.log.first;
  }

  override get readyBytes(): number {
    return this.log.bytes;
  }

  override get unackedBytes(): number {
    return 0;
  }

  override get persistent(): PersistentCount {
    if (this.#persistence === undefined) return { messages: 0, bytes: 0 };
    return { messages: this.readyCount, bytes: this.readyBytes };
  }

  override next(run: Run): void {
    const { store, clock, events } = this.vhost;
    this.arrivedCount += run.count;
    const now = clock.wall();
    const { trace } = events;
    for (let i = 0; i < run.count; i++) {
      const address = run.addresses[i]!;
      if (trace.active) trace.enqueued(this, address, 0, Infinity);
      store.locate(address);
      this.log.append(streamEntry(store, store.marks), now);
    }
    this.#trim();
    if (this.#persistence === undefined) this.show(this.log.next);
    else this.#persistence.grown(this);
  }

  /**
   * Lets consumers have what lies before this offset. Where there is a journal that is what a crash
   * leaves: another message could get an offset that somebody saw.
   */
  show(end: number): void {
    this.log.readable = end;
    this.consumers.unparkAll();
  }

  /** Takes back what the journal kept, in the order of offsets. */
  restore(chunks: readonly KeptChunk[]): void {
    for (const chunk of chunks) this.log.adopt(chunk);
    this.#trim();
    this.show(this.log.next);
  }

  /** What is not persistent is kept as well, so its confirm waits for the disk. */
  override get keepsAll(): boolean {
    return true;
  }

  override get(): never {
    throw this.#unsupported('basic.get');
  }

  override purge(): never {
    throw this.#unsupported('queue.purge');
  }

  override checkOutcome(outcome: Outcome): void {
    if (outcome === 'requeue' || outcome === 'reject') {
      throw this.#unsupported('basic.nack and basic.reject');
    }
  }

  /** The message stays; the consumer may have another one. */
  override settle(delivery: Delivery): void {
    this.unackedCount--;
    delivery.consumer?.settled();
  }

  /** Its messages are all there after a restart. */
  override dropTransient(): void {}

  override forEachWaiting(visit: (delivery: Delivery) => unknown): void {
    for (const { first, end } of this.log.segments) {
      for (let offset = first; offset < end; offset++) {
        if (visit(this.#deliveryOf(offset)) === false) return;
      }
    }
  }

  override async lend<T>(deliveries: readonly Delivery[], use: () => T): Promise<T> {
    let bytes = 0;
    const segments = deliveries.map(({ position }) => this.log.segmentOf(position));
    for (const segment of new Set(segments)) {
      if (segment.isResident) continue;
      if (bytes > limits.lentBytesMax) break;
      bytes += segment.used;
      await new Promise<void>((resolve) => {
        this.#persistence!.streams.load(this, segment, resolve);
      });
    }
    return use();
  }

  /** The conditions of a deletion mean nothing to a stream. QUE-11. */
  override checkDeletable(): void {}

  override tailOf(delivery: Delivery): Tail {
    assert(delivery === this.#current, 'the bytes of a delivery are there while it goes out');
    return this.#record!;
  }

  override messageOf(delivery: Delivery): StoredMessage | undefined {
    if (delivery === this.#current) return new StoredMessage(this.#record!, 0);
    const record = this.#recordAt(delivery.position);
    return record === undefined ? undefined : new StoredMessage(record, 0);
  }

  /** What is looked at lies mostly behind what was looked at before. */
  #recordAt(offset: number): StreamRecord | undefined {
    if (this.#looking?.offset !== offset) this.#looking = this.log.open({ number: offset }, 0);
    const record = this.#looking.read();
    if (record === undefined || this.#looking.offset !== offset) return undefined;
    this.#looking.advance();
    return record;
  }

  protected override admit(
    options: ConsumeOptions, subscriber: Subscriber<Delivery>,
  ): StreamConsumer {
    const { arguments: table, prefetch, noAck, gate } = options;
    const offset = checkArgument('x-stream-offset', streamOffset, table, this.text) ?? 'next';
    if (prefetch === 0) {
      throw preconditionFailed(`consumer prefetch count is not set for '${this.text}'`);
    }
    if (noAck) throw this.#unsupported('automatic acknowledgement');
    if (gate.hasPrefetch) {
      throw new AmqpError('NOT_IMPLEMENTED', `${this.text} does not support global qos`);
    }
    const cursor = this.log.open(offset, this.vhost.clock.wall());
    return new StreamConsumer(this, options, subscriber, cursor);
  }

  protected override deliver(): void {
    if (this.isPaused) return;
    const { turn } = this.vhost;
    do {
      const consumer = this.consumers.next();
      if (consumer === undefined) return;
      turn.spend(this.#deliverTo(consumer as StreamConsumer));
    } while (!turn.isSpent);
    this.touch();
  }

  /** Delivers some of what is next for a consumer; answers how many messages were looked at. */
  #deliverTo(consumer: StreamConsumer): number {
    const { cursor } = consumer;
    let count = 0;
    for (; count < limits.streamRunMessagesMax && consumer.ready && !consumer.ended; count++) {
      const record = cursor.read();
      if (record === undefined) {
        this.#await(consumer);
        break;
      }
      const { offset } = cursor;
      cursor.advance();
      if (consumer.wants(record)) this.#send(consumer, record, offset);
    }
    return count;
  }

  /** Where the journal alone has what comes next, the consumer waits for it. */
  #await(consumer: StreamConsumer): void {
    const { segment, atEnd } = consumer.cursor;
    if (atEnd) return;
    consumer.loading = true;
    this.#persistence!.streams.load(this, segment, () => this.vhost.turn.within(() => {
      consumer.loading = false;
      this.consumers.unpark(consumer);
    }));
  }

  #send(consumer: StreamConsumer, record: StreamRecord, offset: number): void {
    const delivery = this.#deliveryOf(offset);
    delivery.deliveredAt = this.vhost.turn.now;
    this.#current = delivery;
    this.#record = record;
    this.unackedCount++;
    consumer.deliver(delivery);
    this.#current = undefined;
  }

  #deliveryOf(offset: number): Delivery {
    return new Delivery(this, NOWHERE, offset, 0, Infinity);
  }

  /** Keeps what it may keep, and looks again when that is less. */
  #trim(): void {
    const now = this.vhost.clock.wall();
    const agedAt = this.log.trim(now);
    if (agedAt === this.#agedAt) return;
    this.#agedAt = agedAt;
    this.#stopAging();
    this.#stopAging = agedAt === Infinity
      ? () => {}
      : this.vhost.setTimer(agedAt - now + 1, () => this.#trim());
  }

  #unsupported(what: string): AmqpError {
    const text = `${what} not supported by stream queues ${this.text}`;
    return new AmqpError('NOT_IMPLEMENTED', text);
  }
}
