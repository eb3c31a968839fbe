import { map, Observable } from 'rxjs';
import type { FieldTable, From, MethodArgs, ReplyTo } from '../protocol/types.ts';
import type { ChannelCore } from './channel-core.ts';
import { consume, type ConsumeOptions } from './consume.ts';
import type { Confirmation } from './confirmation.ts';
import type { Delivery } from './delivery.ts';
import type { AckAfterOptions, Project } from './operators.ts';
import type { Outgoing } from './outgoing.ts';
import { pulling, type Publishing } from './pulled.ts';
import { post, publish, publisher, type PublisherOptions } from './publish.ts';
import type { Returned } from './returned.ts';
import { answer, Requester, type Reply, type RpcOptions } from './rpc.ts';

type Handshakes = `connection.${string}` | 'channel.open' | 'channel.close';

/** Methods with a reply that a channel can be asked for. */
export type CallName = {
  [N in From<'client'>]: [ReplyTo<N>] extends [never] ? never : N extends Handshakes ? never : N;
}[From<'client'>];

/** Methods of a channel that have no reply; messages go by `publish` and `post`. */
export type SendName = Exclude<
  From<'client'>,
  CallName | Handshakes | `channel.${string}-ok` | `basic.${string}-ok` | 'basic.publish'
>;

/** What `call` emits: the arguments of the reply; of basic.get the message, where there was one. */
export type CallReply<N extends CallName> =
  N extends 'basic.get' ? Delivery | undefined : MethodArgs<ReplyTo<N>>;

/** How `declareQueue` declares. */
export interface QueueOptions {
  /** Answers as if it were declared, or fails with 404 where there is none. */
  readonly passive?: boolean;
  /** Outlives a restart of the broker. Default: true. */
  readonly durable?: boolean;
  /** For this connection alone, and deleted with it. QUE-06. */
  readonly exclusive?: boolean;
  /** Deleted once its last consumer is gone. */
  readonly autoDelete?: boolean;
  readonly arguments?: FieldTable;
}

/** How `declareExchange` declares. */
export interface ExchangeOptions {
  /** Answers as if it were declared, or fails with 404 where there is none. */
  readonly passive?: boolean;
  /** Outlives a restart of the broker. Default: true. */
  readonly durable?: boolean;
  /** Deleted once its last binding is gone. */
  readonly autoDelete?: boolean;
  /** Takes messages from exchanges alone. */
  readonly internal?: boolean;
  readonly arguments?: FieldTable;
}

/**
 * A channel. Each of its Observables is cold and speaks to the broker when it is subscribed; each
 * fails with a ReplyError when the broker closes the channel, and so does the Observable that gave
 * the channel, while other channels go on. What cannot be put on the wire fails with an
 * ArgumentError, and the channel stays.
 */
export class Channel {
  readonly #core: ChannelCore;
  readonly #requester: Requester;
  /** Messages that came back, those of `publish` and `publisher` among them. */
  readonly returned$: Observable<Returned>;
  /** Deliveries for consumers that were started by `call('basic.consume')`. */
  readonly unclaimed$: Observable<Delivery>;

  constructor(core: ChannelCore) {
    this.#core = core;
    this.#requester = new Requester(this, core.connection.env.clock);
    this.returned$ = core.returned$.asObservable();
    this.unclaimed$ = core.unclaimed$.asObservable();
  }

  /** Its number on the connection, from 1 on. */
  get number(): number {
    return this.#core.number;
  }

  /** Whether it can still be used. */
  get open(): boolean {
    return this.#core.open;
  }

  /**
   * Any method that has a reply, with its arguments as AMQP names them: what is left out is zero,
   * empty or false. Emits the arguments of the reply; nothing, where `noWait` is set.
   */
  call<N extends CallName>(name: N, args: Partial<MethodArgs<N>> = {}): Observable<CallReply<N>> {
    return new Observable<unknown>((subscriber) => {
      this.#core.request(name, args, subscriber);
    }) as Observable<CallReply<N>>;
  }

  /** A method without a reply, such as a bare basic.ack. Throws, where the channel is closed. */
  send<N extends SendName>(name: N, args: Partial<MethodArgs<N>> = {}): void {
    this.#core.sendBare(name, args);
  }

  /**
   * Declares a queue; '' has the broker make a name. 406: it is there, and different; 405: it is
   * there, and another connection's alone.
   */
  declareQueue(
    queue: string, options: QueueOptions = {},
  ): Observable<MethodArgs<'queue.declare-ok'>> {
    return this.call('queue.declare', { queue, durable: true, ...options });
  }

  /**
   * Declares an exchange of a type such as direct, fanout, topic or headers. 406: it is there, and
   * different.
   */
  declareExchange(exchange: string, type: string, options: ExchangeOptions = {}): Observable<void> {
    return this.#done('exchange.declare', { exchange, type, durable: true, ...options });
  }

  /** Binds a queue to an exchange. 404: one of them is missing; 403: the exchange is ''. QUE-08. */
  bindQueue(
    queue: string, exchange: string, routingKey = '', args: FieldTable = {},
  ): Observable<void> {
    return this.#done('queue.bind', { queue, exchange, routingKey, arguments: args });
  }

  /** Takes a binding of the same key and arguments away; none is no error. QUE-09. */
  unbindQueue(
    queue: string, exchange: string, routingKey = '', args: FieldTable = {},
  ): Observable<void> {
    return this.#done('queue.unbind', { queue, exchange, routingKey, arguments: args });
  }

  /** Has an exchange, the source, pass on to another. 404: one of them is missing. EXC-10. */
  bindExchange(
    destination: string, source: string, routingKey = '', args: FieldTable = {},
  ): Observable<void> {
    return this.#done('exchange.bind', { destination, source, routingKey, arguments: args });
  }

  /** Takes a binding of the same key and arguments away; none is no error. TOP-7. */
  unbindExchange(
    destination: string, source: string, routingKey = '', args: FieldTable = {},
  ): Observable<void> {
    return this.#done('exchange.unbind', { destination, source, routingKey, arguments: args });
  }

  /** Drops the ready messages of a queue; emits how many there were. 540: it is a stream. */
  purgeQueue(queue: string): Observable<number> {
    return this.call('queue.purge', { queue }).pipe(map(({ messageCount }) => messageCount));
  }

  /**
   * Deletes a queue; emits how many ready messages went with it, 0 where there is no such queue.
   * 406: `ifUnused`, and it has consumers, or `ifEmpty`, and it has messages. QUE-11.
   */
  deleteQueue(
    queue: string, options: { readonly ifUnused?: boolean; readonly ifEmpty?: boolean } = {},
  ): Observable<number> {
    return this.call('queue.delete', { queue, ...options })
      .pipe(map(({ messageCount }) => messageCount));
  }

  /**
   * Deletes an exchange; one that is missing is no error. 406: `ifUnused`, and it has bindings;
   * 403: the broker's own, such as amq.topic. EXC-09.
   */
  deleteExchange(
    exchange: string, options: { readonly ifUnused?: boolean } = {},
  ): Observable<void> {
    return this.#done('exchange.delete', { exchange, ...options });
  }

  /**
   * Fetches one message; emits undefined, where the queue has none ready. With `noAck` it is
   * settled as it is sent; default: false.
   */
  get(queue: string, options: { readonly noAck?: boolean } = {}): Observable<Delivery | undefined> {
    return this.call('basic.get', { queue, ...options });
  }

  /** Deliveries unsettled at once, for consumers that do not say; 0: no limit. BAS-25. */
  qos(prefetch: number, options: { readonly global?: boolean } = {}): Observable<void> {
    return new Observable<void>((subscriber) => {
      if (options.global !== true) this.#core.prefetchDefault = prefetch;
      const args = { prefetchCount: prefetch, global: options.global ?? false };
      return this.#done('basic.qos', args).subscribe(subscriber);
    });
  }

  /** Puts the channel into confirm mode; `publish` does so by itself. */
  selectConfirms(): Observable<void> {
    return this.#done('confirm.select', {});
  }

  /** Puts the channel into transaction mode: publishes and acknowledgements wait for commit. */
  selectTransactions(): Observable<void> {
    return this.#done('tx.select', {});
  }

  /** Has all since the last commit take place. 406: no transactions here, or not stored. TX-06. */
  commit(): Observable<void> {
    return this.#done('tx.commit', {});
  }

  /** Forgets all since the last commit; what was settled is unacknowledged again. TX-03. */
  rollback(): Observable<void> {
    return this.#done('tx.rollback', {});
  }

  /** Asks the broker to pause deliveries, or to go on. RabbitMQ answers a pause with 540. */
  flow(active: boolean): Observable<void> {
    return this.#done('channel.flow', { active });
  }

  /** Gives everything unsettled on this channel back to its queues. */
  recover(): Observable<void> {
    return this.#done('basic.recover', { requeue: true });
  }

  /**
   * Subscribing is basic.consume, unsubscribing basic.cancel; what is then still on its way goes
   * back to the queue. Completes where we close the channel; fails with a CancelledError where the
   * broker cancels the consumer, as it does when the queue is deleted. BAS-16.
   */
  consume(queue: string, options: ConsumeOptions = {}): Observable<Delivery> {
    return consume(this.#core, queue, options);
  }

  /**
   * Publishes one message when it is subscribed, and emits what became of it. Without `confirm`
   * that is only that it was sent. Default: confirms, but not on a channel with transactions.
   */
  publish<M extends Outgoing>(
    message: M, options: { readonly confirm?: boolean } = {},
  ): Observable<Confirmation<M>> {
    const confirm = options.confirm ?? !this.#core.transacted;
    return publish(this.#core, message, confirm) as Observable<Confirmation<M>>;
  }

  /** Writes a message at once and hears nothing more of it. Throws what `publish` fails with. */
  post(message: Outgoing): void {
    post(this.#core, message);
  }

  /**
   * Publishes what it is given, an Observable or an AsyncIterable, and emits what became of each
   * message, in the order in which that is known. It is an operator as well. An AsyncIterable is
   * asked for so much as `inFlightMax` lets out. When the channel ends, each message that has no
   * confirm comes out as `unconfirmed`, and then the error.
   */
  publisher<M extends Outgoing = Outgoing>(
    options: PublisherOptions = {},
  ): Publishing<M> {
    return pulling(options, publisher<M>(this.#core, options));
  }

  /**
   * Sends a request and emits its one reply, by direct reply-to. BAS-06. Fails, where nobody is
   * there to answer or the time is over.
   */
  rpc(request: Outgoing, options: RpcOptions = {}): Observable<Delivery> {
    return this.#requester.request(request, options);
  }

  /**
   * Answers the requests of a queue with what is made of each, and acknowledges those that were
   * answered. Emits the replies. See `ackAfter` for what becomes of a request that fails.
   */
  answer(
    queue: string, project: Project<Reply>, options: ConsumeOptions & AckAfterOptions = {},
  ): Observable<Reply> {
    return answer(this, queue, project, options);
  }

  #done<N extends CallName>(name: N, args: Partial<MethodArgs<N>>): Observable<void> {
    return this.call(name, args).pipe(map(() => undefined));
  }
}
