import { BehaviorSubject, Subject } from 'rxjs';
import type { Content } from '../protocol/content.ts';
import { methods } from '../protocol/spec.ts';
import type { From, MethodArgs, MethodName } from '../protocol/types.ts';
import type { Method } from '../session/session.ts';
import { Acks } from './acks.ts';
import { completeArguments } from './arguments.ts';
import { Confirms, type Pending } from './confirms.ts';
import type { ConnectionCore } from './connection-core.ts';
import { ContentReader } from './content-reader.ts';
import type { Consumer } from './consume.ts';
import type { Delivery } from './delivery.ts';
import { CancelledError, ClientError } from './errors.ts';
import type { Outgoing, Route } from './outgoing.ts';
import { PublishWriter } from './publish-writer.ts';
import { Replies, type ReplyObserver } from './replies.ts';
import type { Returned } from './returned.ts';

/** Hears what becomes of a channel: `opened` at most once, `ended` once. */
export interface ChannelObserver {
  opened(): void;
  /** The error is absent, where we closed in order. */
  ended(error: ClientError | undefined): void;
}

/** Deliveries unsettled at once, by default: a full queue must not come into memory whole. */
const PREFETCH_DEFAULT = 250;

/** A channel as the connection sees it; `Channel` is what users hold. */
export class ChannelCore {
  readonly connection: ConnectionCore;
  readonly number: number;
  readonly acks: Acks;
  readonly consumers = new Map<string, Consumer>();
  readonly returned$ = new Subject<Returned>();
  /** Deliveries for consumers that were started by a bare `call`. */
  readonly unclaimed$ = new Subject<Delivery>();
  /** The broker asked for a pause by channel.flow. */
  readonly paused$ = new BehaviorSubject(false);
  /** Our close was asked for. */
  closing = false;
  /** Set once the channel is in confirm mode. */
  confirms: Confirms | undefined;
  transacted = false;
  /** What basic.qos last said about consumers to come. */
  prefetch = 0;
  /** For consumers that do not say. */
  prefetchDefault: number = PREFETCH_DEFAULT;
  readonly #observer: ChannelObserver;
  readonly #replies = new Replies();
  readonly #contents: ContentReader;
  readonly #publisher: PublishWriter;
  #ended = false;
  #error: ClientError | undefined;
  #tagCount = 0;

  constructor(connection: ConnectionCore, number: number, observer: ChannelObserver) {
    const { session } = connection;
    this.connection = connection;
    this.number = number;
    this.#observer = observer;
    this.acks = new Acks(this);
    this.#contents = new ContentReader(this);
    this.#publisher = new PublishWriter(session.writer, number, session.frameBytesMax);
  }

  get open(): boolean {
    const { connection } = this;
    return !this.#ended && !connection.ended && connection.session.isOpen(this.number);
  }

  /** Why nothing more can be done here. */
  get endError(): ClientError {
    return this.#error ?? new ClientError('channel', 'the channel is closed');
  }

  nextConsumerTag(): string {
    return `tabmq-${++this.#tagCount}`;
  }

  /** Closes in order; where it is still opening, as soon as it is open. */
  close(): void {
    if (this.#ended) return;
    this.closing = true;
    if (!this.open) return;
    this.acks.write();
    this.connection.session.closeChannel(this.number);
    this.connection.flushLater();
  }

  /** Sends a method after everything that waits; its arguments must be whole. */
  send<N extends From<'client'>>(name: N, args: MethodArgs<N>): void {
    if (name !== 'basic.ack') this.acks.write();
    this.connection.session.send(this.number, name, args);
    this.connection.flushLater();
  }

  /** Sends a synchronous method and lets the observer have its reply. */
  request<N extends From<'client'>>(
    name: N, given: Partial<MethodArgs<N>>, observer: ReplyObserver,
  ): void {
    if (!this.open) {
      observer.error(this.endError);
      return;
    }
    let args: MethodArgs<N>;
    try {
      args = completeArguments(name, given, this.connection.session.frameBytesMax);
    } catch (error) {
      observer.error(error);
      return;
    }
    this.#notice(name, args);
    this.send(name, args);
    if ((given as { noWait?: boolean }).noWait === true) observer.complete();
    else this.#replies.expect(name, args, observer);
  }

  /** Sends a method that has no reply; throws, where it cannot. */
  sendBare<N extends From<'client'>>(name: N, given: Partial<MethodArgs<N>>): void {
    if (!this.open) throw this.endError;
    // Also before a bare basic.ack, whose `multiple` may mean those that wait: once is enough.
    this.acks.write();
    this.send(name, completeArguments(name, given, this.connection.session.frameBytesMax));
  }

  /** Writes a message; `pending` hears of its confirm, where the channel has confirms. */
  publish(message: Outgoing, route: Route, pending: Pending | undefined): void {
    if (this.transacted) this.acks.write();
    this.#publisher.write(message, route);
    this.confirms?.add(pending);
    this.connection.flushLater();
  }

  writeAcksLater(): void {
    this.connection.flushChannel(this);
  }

  // What comes from the broker.

  onMethod({ name, args }: Method): void {
    switch (name) {
      case 'channel.open-ok':
        if (this.closing) this.close();
        else this.#observer.opened();
        return;
      case 'basic.ack':
      case 'basic.nack':
        this.confirms?.settle(args, name === 'basic.nack');
        return;
      case 'basic.cancel':
        this.#cancelled(args);
        return;
      case 'channel.flow':
        this.paused$.next(!args.active);
        this.send('channel.flow-ok', args);
        return;
      case 'basic.get-empty':
        this.#replies.settle(name);
        return;
      default:
        this.#replies.settle(name, args);
    }
  }

  onContent(content: Content): void {
    const method = content.method[1];
    if (method === methods['basic.deliver'].id[1]) this.#contents.deliver(content);
    else if (method === methods['basic.return'].id[1]) this.#onReturn(content);
    else this.#onGet(content);
  }

  /** Ends everything that is on the channel: with an error, or because we closed it. */
  end(error: ClientError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    const { endError } = this;
    this.confirms?.fail(endError);
    this.#replies.fail(endError);
    for (const consumer of this.consumers.values()) consumer.end(error);
    this.consumers.clear();
    this.returned$.complete();
    this.unclaimed$.complete();
    this.paused$.complete();
    this.#observer.ended(error);
  }

  /** Modes that change what other methods do here. */
  #notice(name: MethodName, args: object): void {
    if (name === 'confirm.select') this.confirms ??= new Confirms();
    else if (name === 'tx.select') this.transacted = true;
    else if (name === 'basic.qos') this.#noticeQos(args as MethodArgs<'basic.qos'>);
  }

  #noticeQos({ prefetchCount, global }: MethodArgs<'basic.qos'>): void {
    if (!global) this.prefetch = prefetchCount;
  }

  #cancelled({ consumerTag, noWait }: MethodArgs<'basic.cancel'>): void {
    if (!noWait) this.send('basic.cancel-ok', { consumerTag });
    const consumer = this.consumers.get(consumerTag);
    this.consumers.delete(consumerTag);
    consumer?.end(new CancelledError(consumerTag, consumer.queue));
  }

  #onReturn(content: Content): void {
    const returned = this.#contents.returned(content);
    const pending = this.confirms?.findReturned(returned);
    if (pending !== undefined) pending.returned = returned;
    this.returned$.next(returned);
  }

  #onGet(content: Content): void {
    const { observer, args } = this.#replies.take('basic.get-ok');
    const delivery = this.#contents.got(content, (args as MethodArgs<'basic.get'>).noAck);
    if (observer.closed === true) {
      // Nobody wants it any more, and no queue may miss it.
      if (!delivery.settled) delivery.nack();
      return;
    }
    observer.next(delivery);
    observer.complete();
  }
}
