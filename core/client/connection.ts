import {
  BehaviorSubject, combineLatest, defer, distinctUntilChanged, filter, map, Observable, of,
  switchMap, take, throwIfEmpty,
} from 'rxjs';
import { wireLimits } from '../protocol/limits.ts';
import type { FieldTable, MethodArgs } from '../protocol/types.ts';
import type { Tuning } from '../session/tune.ts';
import {
  Channel, type CallName, type CallReply, type ExchangeOptions, type QueueOptions,
} from './channel.ts';
import type { ChannelCore } from './channel-core.ts';
import { failureOf, type Confirmation } from './confirmation.ts';
import { ConnectionCore } from './connection-core.ts';
import type { ConsumeOptions } from './consume.ts';
import type { Delivery } from './delivery.ts';
import { closedError } from './errors.ts';
import { Deliveries, Once } from './faces.ts';
import type { AckAfterOptions, Project } from './operators.ts';
import { snapshotOf, type Outgoing } from './outgoing.ts';
import { pulling, type Publishing } from './pulled.ts';
import {
  RecoveringPublisher, tooMany, type RecoveringPublisherOptions,
} from './recovering-publisher.ts';
import type { Recovery, RecoveryState } from './recovery.ts';
import { resubscribing, type ResubscribeOptions } from './resubscribe.ts';
import type { Reply, RpcOptions } from './rpc.ts';
import { SharedChannels, type SharedUse } from './shared-channels.ts';
import { bindingOf, Topology, type Binding } from './topology.ts';

/** How a connection consumes. */
export interface SubscribeOptions extends ConsumeOptions {
  /**
   * Whether to consume again, after waits that grow from half a second to half a minute, where the
   * queue is deleted or not there (404), is another one's alone or may not be read at present (403,
   * 405), or a delivery was kept longer than the broker waits (406). Default: false, which fails
   * with it; `onEnd` hears of it.
   */
  readonly resubscribe?: boolean | ResubscribeOptions;
}

/** Older runtimes do not have the symbol. */
const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/**
 * An open connection, or one that comes back, which is `recovering`. Both have all of these. What
 * emits once can be awaited, and deliveries can be looped over with `for await`.
 *
 * A plain connection lasts until the Observable that gave it is unsubscribed, or fails. With one
 * that comes back, whatever is asked for waits while there is no connection, and what goes on goes
 * on once there is one again.
 */
export class Connection {
  readonly #core: ConnectionCore | undefined;
  readonly #recovery: Recovery | undefined;
  readonly #topology: Topology;
  readonly #shared = new SharedChannels(() => this.channel());
  /** Messages of `publish` of which it is not known yet what became of them. */
  #unsettled = 0;
  /** How it stands; starts with how it is. A plain connection is connected. */
  readonly state$: Observable<RecoveryState>;
  /** Whether the broker takes no messages at present; starts with how it is. CON-33. */
  readonly blocked$: Observable<boolean>;
  /** Whether a message that is published now is written now; starts with how it is. */
  readonly writable$: Observable<boolean>;

  constructor(over: ConnectionCore | Recovery) {
    if (over instanceof ConnectionCore) {
      this.#core = over;
      this.#topology = new Topology();
      this.blocked$ = over.blocked$.pipe(map((reason) => reason !== undefined));
      this.writable$ = combineLatest([over.writable$, over.blocked$]).pipe(
        map(([writable, reason]) => writable && reason === undefined), distinctUntilChanged(),
      );
      this.state$ = new BehaviorSubject<RecoveryState>({ kind: 'connected', connection: this });
    } else {
      this.#recovery = over;
      this.#topology = over.topology;
      this.blocked$ = over.each((connection) => connection.blocked$);
      this.writable$ = over.state$.pipe(
        switchMap((state) => (state.kind === 'connected' ? state.connection.writable$ : of(false))),
        distinctUntilChanged(),
      );
      this.state$ = over.state$.asObservable();
    }
  }

  /** Whether it comes back when it is lost, with its topology, consumers and publishers. */
  get recovering(): boolean {
    return this.#recovery !== undefined;
  }

  /** Whether it can be used now. */
  get open(): boolean {
    return this.#live !== undefined && !this.#live.ended;
  }

  /** Why the broker takes no messages at present; undefined, where it does. */
  get blockedReason(): string | undefined {
    return this.#live?.blocked$.value;
  }

  /** The endpoint, without user and password; '' where there is no connection at present. */
  get name(): string {
    return this.#live?.settings.name ?? '';
  }

  /** What the broker says of itself: product, version, capabilities. */
  get serverProperties(): FieldTable {
    return this.#live?.info.serverProperties ?? {};
  }

  /** The limits that both sides agreed on; 0: none. */
  get tuning(): Tuning {
    return this.#live?.info.tuning ?? { channelMax: 0, frameMax: 0, heartbeat: 0 };
  }

  /** The same as `blocked$`. */
  blocked(): Observable<boolean> {
    return this.blocked$;
  }

  /**
   * Opens a channel when it is subscribed, and closes it when it is unsubscribed. Emits the
   * channel once, or where it comes back, one on each connection; never completes; fails with what
   * the broker closes a channel for, or what ended the connection.
   */
  channel(): Observable<Channel> {
    const core = this.#core;
    if (core === undefined) return this.#each((connection) => connection.channel());
    return new Observable((subscriber) => {
      let channel: ChannelCore | undefined;
      try {
        channel = core.openChannel({
          opened: () => subscriber.next(new Channel(channel!)),
          ended: (error) => (error === undefined ? subscriber.complete() : subscriber.error(error)),
        });
      } catch (error) {
        subscriber.error(error);
        return;
      }
      subscriber.add(() => channel.close());
    });
  }

  /** Any method that has a reply, on a channel of its own; see `Channel.call`. */
  call<N extends CallName>(name: N, args: Partial<MethodArgs<N>> = {}): Once<CallReply<N>> {
    return this.#once((channel) => channel.call(name, args));
  }

  /**
   * Declares a queue, and where it comes back, on each later connection. One with the name '' gets
   * another name each time; the name that this emits goes on to mean it.
   */
  declareQueue(queue: string, options: QueueOptions = {}): Once<MethodArgs<'queue.declare-ok'>> {
    return this.#once(
      (channel) => channel.declareQueue(queue, options),
      ({ queue: name }) => this.#topology.addQueue(queue, name, options),
    );
  }

  /** Declares an exchange, and where it comes back, on each later connection. */
  declareExchange(exchange: string, type: string, options: ExchangeOptions = {}): Once<void> {
    return this.#once(
      (channel) => channel.declareExchange(exchange, type, options),
      () => this.#topology.addExchange(exchange, type, options),
    );
  }

  /** Binds a queue to an exchange, and where it comes back, on each later connection. */
  bindQueue(queue: string, exchange: string, routingKey = '', args: FieldTable = {}): Once<void> {
    return this.#bind(bindingOf('queue', queue, exchange, routingKey, args));
  }

  /** Has an exchange pass on to another, and where it comes back, on each later connection. */
  bindExchange(
    destination: string, source: string, routingKey = '', args: FieldTable = {},
  ): Once<void> {
    return this.#bind(bindingOf('exchange', destination, source, routingKey, args));
  }

  /** Undoes a binding, which then does not come back. */
  unbindQueue(queue: string, exchange: string, routingKey = '', args: FieldTable = {}): Once<void> {
    return this.#unbind(bindingOf('queue', queue, exchange, routingKey, args));
  }

  /** Undoes a binding, which then does not come back. */
  unbindExchange(
    destination: string, source: string, routingKey = '', args: FieldTable = {},
  ): Once<void> {
    return this.#unbind(bindingOf('exchange', destination, source, routingKey, args));
  }

  /** Drops the ready messages of a queue; emits how many there were. */
  purgeQueue(queue: string): Once<number> {
    return this.#once((channel) => channel.purgeQueue(this.#topology.nameOf(queue)));
  }

  /** Deletes a queue, which then does not come back; emits how many messages went with it. */
  deleteQueue(
    queue: string, options: { readonly ifUnused?: boolean; readonly ifEmpty?: boolean } = {},
  ): Once<number> {
    return this.#once(
      (channel) => channel.deleteQueue(this.#topology.nameOf(queue), options),
      () => this.#topology.removeQueue(queue),
    );
  }

  /** Deletes an exchange, which then does not come back. */
  deleteExchange(exchange: string, options: { readonly ifUnused?: boolean } = {}): Once<void> {
    return this.#once(
      (channel) => channel.deleteExchange(exchange, options),
      () => this.#topology.removeExchange(exchange),
    );
  }

  /**
   * Fetches one message on a channel that all of these share, to settle it on; emits undefined
   * where the queue has none ready.
   */
  get(queue: string, options: { readonly noAck?: boolean } = {}): Once<Delivery | undefined> {
    return this.#on('get', (channel) => channel.get(this.#topology.nameOf(queue), options));
  }

  /**
   * Consumes on a channel of its own, and where it comes back, on each later connection. What was
   * unsettled when a connection was lost is delivered again; to settle a delivery of a lost
   * connection answers false.
   */
  consume(queue: string, { resubscribe, ...options }: SubscribeOptions = {}): Deliveries {
    return new Deliveries(this.#consuming(resubscribe, (channel) =>
      channel.consume(this.#topology.nameOf(queue), options)));
  }

  /**
   * Publishes what it is given, an Observable or an AsyncIterable, on a channel of its own, and
   * emits what became of each message. An AsyncIterable is asked for so much as `inFlightMax` lets
   * out. Where it comes back, messages wait while there is no connection, `waitingMax` of them;
   * those that were written and not confirmed when one was lost come out as `unconfirmed`, or are
   * published again where `retryUnconfirmed` is set: at least once, and maybe twice.
   */
  publisher<M extends Outgoing = Outgoing>(
    options: RecoveringPublisherOptions = {},
  ): Publishing<M> {
    const core = this.#core;
    const open = (connection: Connection): Observable<Channel> => connection.channel();
    if (core === undefined) return pulling(options, this.#publisher<M>(options, open));
    // Not by switchMap, which would go on when the source has completed, as a channel does.
    return (source) => new Observable((confirmations) => {
      confirmations.add(this.channel().subscribe({
        next: (channel) => {
          confirmations.add(channel.publisher<M>(options)(source).subscribe(confirmations));
        },
        error: (error: unknown) => confirmations.error(error),
      }));
    });
  }

  /**
   * Publishes a message, as it is now, when it is subscribed or awaited; see `publisher`. All of
   * these share one channel: where the broker closes it for one, those in flight beside it come
   * out as `unconfirmed` and then the error, and the next one opens another. A promise is rejected
   * with a PublishError where the message was refused, came back, or was not confirmed. While the
   * connection takes no message, `waitingMax` of these wait in all, and one more comes out as
   * `unconfirmed`, not written.
   */
  publish<M extends Outgoing>(
    message: M, options: RecoveringPublisherOptions = {},
  ): Once<Confirmation<M>> {
    const sent = snapshotOf(message);
    const confirmation$ = defer(() => [sent]).pipe(
      this.#publisher(options, (connection) => connection.#shared.get('publish')),
      map((confirmation) => ({ ...confirmation, message })),
    );
    return new Once(this.#counted(message, confirmation$, options), failureOf);
  }

  /**
   * Sends a request and emits its one reply, by direct reply-to; see `Channel.rpc`. A request
   * whose connection is lost fails, since nobody knows whether it was served.
   */
  rpc(request: Outgoing, options: RpcOptions = {}): Once<Delivery> {
    const sent = snapshotOf(request);
    return this.#on('rpc', (channel) => channel.rpc(sent, options));
  }

  /** Answers the requests of a queue; see `Channel.answer`. Where it comes back, it goes on. */
  answer(
    queue: string, project: Project<Reply>,
    { resubscribe, ...options }: SubscribeOptions & AckAfterOptions = {},
  ): Observable<Reply> {
    return this.#consuming(resubscribe, (channel) =>
      channel.answer(this.#topology.nameOf(queue), project, options));
  }

  /** Gives the broker a new secret before the old one expires. CON-34. */
  updateSecret(newSecret: Uint8Array, reason: string): Once<void> {
    const args: MethodArgs<'connection.update-secret'> = { newSecret, reason };
    return new Once(this.#first((connection) => new Observable<unknown>((subscriber) => {
      connection.#core!.request('connection.update-secret', args, subscriber);
    })).pipe(map((): void => undefined)));
  }

  /** Closes it in order; resolves once it is gone. The Observable that gave it completes. */
  close(): Promise<void> {
    const live = this.#live;
    this.#recovery?.stop();
    live?.close();
    return new Promise((resolve) => {
      if (live === undefined) resolve();
      else live.whenGone(resolve);
    });
  }

  /** The same as `close`, at the end of `await using`. */
  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  get #live(): ConnectionCore | undefined {
    const present = this.#recovery?.present;
    return this.#core ?? (present && present.#core);
  }

  #each<T>(make: (connection: Connection) => Observable<T>): Observable<T> {
    return this.#recovery?.each(make) ?? make(this);
  }

  /** On the first connection that there is; its loss is an error. */
  #first<T>(make: (connection: Connection) => Observable<T>): Observable<T> {
    return this.state$.pipe(
      filter((state) => state.kind === 'connected'), take(1),
      switchMap(({ connection }) => make(connection)),
    );
  }

  #onEachChannel<T>(run: (channel: Channel) => Observable<T>): Observable<T> {
    return this.#each((connection) => connection.channel().pipe(switchMap(run)));
  }

  #consuming<T>(
    resubscribe: SubscribeOptions['resubscribe'] = false, run: (channel: Channel) => Observable<T>,
  ): Observable<T> {
    if (resubscribe === false) return this.#onEachChannel(run);
    const options = resubscribe === true ? {} : resubscribe;
    return this.#each((connection) => resubscribing(
      connection.channel().pipe(switchMap(run)), options, connection.#core!.env,
    ));
  }

  /** Without a bound on all of them together, a broker that is away would take the memory. */
  #counted<M extends Outgoing>(
    message: M, confirmation$: Observable<Confirmation<M>>,
    { waitingMax = wireLimits.waitingMessagesMax }: RecoveringPublisherOptions,
  ): Observable<Confirmation<M>> {
    return new Observable((subscriber) => {
      const isFull = this.#unsettled >= waitingMax && !this.#takesMessages;
      this.#unsettled++;
      subscriber.add(() => void this.#unsettled--);
      (isFull ? of(tooMany(message, waitingMax)) : confirmation$).subscribe(subscriber);
    });
  }

  get #takesMessages(): boolean {
    return this.open && this.blockedReason === undefined && this.#live!.writable$.value;
  }

  #on<T>(use: SharedUse, run: (channel: Channel) => Observable<T>): Once<T> {
    return new Once(this.#first((connection) => connection.#shared.get(use).pipe(
      filter((channel) => channel !== undefined), take(1), switchMap(run),
    )).pipe(throwIfEmpty(closedError)));
  }

  #publisher<M extends Outgoing>(
    options: RecoveringPublisherOptions,
    open: (connection: Connection) => Observable<Channel | undefined>,
  ): (source: Observable<M>) => Observable<Confirmation<M>> {
    const over = { each: <T>(make: (connection: Connection) => Observable<T>) => this.#each(make) };
    return (source) => new Observable((subscriber) => {
      new RecoveringPublisher<M>(over, options, subscriber).run(source, open);
    });
  }

  #bind(binding: Binding): Once<void> {
    return this.#once(
      (channel) => this.#topology.bind(channel, binding),
      () => this.#topology.addBinding(binding),
    );
  }

  #unbind(binding: Binding): Once<void> {
    return this.#once(
      (channel) => this.#topology.bind(channel, binding, 'unbind'),
      () => this.#topology.removeBinding(binding),
    );
  }

  /** Does it once, and notes it where it is to come back. */
  #once<T>(run: (channel: Channel) => Observable<T>, note: (reply: T) => void = () => {}): Once<T> {
    return new Once(this.#onEachChannel(run).pipe(take(1), throwIfEmpty(closedError), map(
      (reply) => {
        if (this.recovering) note(reply);
        return reply;
      },
    )));
  }
}
