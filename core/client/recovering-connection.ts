import {
  BehaviorSubject, defer, map, Observable, switchMap, take, type OperatorFunction,
} from 'rxjs';
import type { FieldTable, MethodArgs } from '../protocol/types.ts';
import type { Channel, ExchangeOptions, QueueOptions } from './channel.ts';
import type { Confirmation } from './confirmation.ts';
import type { Connection } from './connection.ts';
import type { ConsumeOptions } from './consume.ts';
import type { Delivery } from './delivery.ts';
import { endsConnection } from './errors.ts';
import { snapshotOf, type Outgoing } from './outgoing.ts';
import { RecoveringPublisher, type RecoveringPublisherOptions } from './recovering-publisher.ts';
import { Topology, type Binding } from './topology.ts';

/** How it stands between a client and its broker. */
export type RecoveryState =
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'connected'; readonly connection: Connection }
  /**
   * The last attempt failed, or the connection was lost; the next attempt comes. `sameEnds` counts
   * the connections in a row that ended for this reason soon after they were open.
   */
  | {
    readonly kind: 'waiting'; readonly delayMs: number; readonly error: unknown;
    readonly sameEnds: number;
  };

/** What a RecoveringConnection shares with whoever connects for it. */
export class Recovery {
  readonly state$ = new BehaviorSubject<RecoveryState>({ kind: 'connecting', attempt: 1 });
  readonly topology = new Topology();
  #sharedOf: Connection | undefined;
  #shared$!: Observable<Channel | undefined>;

  /** The one channel of this connection for single messages; undefined until it is open. */
  shared(connection: Connection): Observable<Channel | undefined> {
    if (this.#sharedOf === connection) return this.#shared$;
    const shared$ = new BehaviorSubject<Channel | undefined>(undefined);
    this.#sharedOf = connection;
    this.#shared$ = shared$;
    // First, since who hears of its end may publish again at once, and then on another one.
    connection.channel().subscribe({
      next: (channel) => shared$.next(channel),
      error: (error) => {
        this.#sharedOf = undefined;
        shared$.error(error);
      },
      complete: () => shared$.complete(),
    });
    return shared$;
  }

  /** Declares again what was declared; emits once that is done. */
  recover(connection: Connection): Observable<void> {
    return connection.channel().pipe(
      switchMap((channel) => this.topology.recover(channel)), take(1),
    );
  }

  /**
   * Subscribes to what is made of the present connection, and again for each later one. That a
   * connection was lost is no error here, since the next one comes.
   */
  each<T>(make: (connection: Connection) => Observable<T>): Observable<T> {
    return this.state$.pipe(switchMap((state) => {
      if (state.kind !== 'connected') return [];
      return new Observable<T>((subscriber) => make(state.connection).subscribe({
        next: (value) => subscriber.next(value),
        error(error: unknown) {
          if (endsConnection(error)) subscriber.complete();
          else subscriber.error(error);
        },
        complete: () => subscriber.complete(),
      }));
    }));
  }
}

/**
 * A connection that comes back. Its Observables wait while there is no connection, and go on once
 * there is one again; they complete when the Observable that gave it is unsubscribed.
 */
export class RecoveringConnection {
  readonly #recovery: Recovery;
  /** How it stands; starts with how it is. */
  readonly state$: Observable<RecoveryState>;

  constructor(recovery: Recovery) {
    this.#recovery = recovery;
    this.state$ = recovery.state$.asObservable();
  }

  /**
   * A channel on each connection, one after the other: for what is not below. Fails with what the
   * broker closes a channel for.
   */
  channel(): Observable<Channel> {
    return this.#recovery.each((connection) => connection.channel());
  }

  /** Whether the broker takes no messages at present, on each connection. CON-33. */
  blocked(): Observable<boolean> {
    return this.#recovery.each((connection) => connection.blocked$);
  }

  /**
   * Declares a queue, now and on each later connection. One with the name '' gets another name
   * each time; the name that this emits goes on to mean it.
   */
  declareQueue(
    queue: string, options: QueueOptions = {},
  ): Observable<MethodArgs<'queue.declare-ok'>> {
    return this.#once(
      (channel) => channel.declareQueue(queue, options),
      (topology, { queue: name }) => topology.addQueue(queue, name, options),
    );
  }

  /** Declares an exchange, now and on each later connection. */
  declareExchange(exchange: string, type: string, options: ExchangeOptions = {}): Observable<void> {
    return this.#once(
      (channel) => channel.declareExchange(exchange, type, options),
      (topology) => topology.addExchange(exchange, type, options),
    );
  }

  /** Binds a queue to an exchange, now and on each later connection. */
  bindQueue(
    queue: string, exchange: string, routingKey = '', args: FieldTable = {},
  ): Observable<void> {
    return this.#bind(bindingOf('queue', queue, exchange, routingKey, args));
  }

  /** Has an exchange pass on to another, now and on each later connection. */
  bindExchange(
    destination: string, source: string, routingKey = '', args: FieldTable = {},
  ): Observable<void> {
    return this.#bind(bindingOf('exchange', destination, source, routingKey, args));
  }

  /** Undoes a binding, which then does not come back. */
  unbindQueue(
    queue: string, exchange: string, routingKey = '', args: FieldTable = {},
  ): Observable<void> {
    return this.#unbind(bindingOf('queue', queue, exchange, routingKey, args));
  }

  /** Undoes a binding, which then does not come back. */
  unbindExchange(
    destination: string, source: string, routingKey = '', args: FieldTable = {},
  ): Observable<void> {
    return this.#unbind(bindingOf('exchange', destination, source, routingKey, args));
  }

  /** Deletes a queue, which then does not come back; emits how many messages went with it. */
  deleteQueue(queue: string): Observable<number> {
    return this.#once(
      (channel, topology) => channel.deleteQueue(topology.nameOf(queue)),
      (topology) => topology.removeQueue(queue),
    );
  }

  /** Deletes an exchange, which then does not come back. */
  deleteExchange(exchange: string): Observable<void> {
    return this.#once(
      (channel) => channel.deleteExchange(exchange),
      (topology) => topology.removeExchange(exchange),
    );
  }

  /**
   * Consumes on a channel of its own, and again on each later connection, with the same prefetch.
   * What was unsettled when a connection was lost is delivered again; to settle a delivery of a
   * lost connection answers false.
   */
  consume(queue: string, options: ConsumeOptions = {}): Observable<Delivery> {
    return this.#recovery.each((connection) =>
      connection.consume(this.#recovery.topology.nameOf(queue), options));
  }

  /**
   * An operator that publishes what it is given and emits what became of each message. Messages
   * wait while there is no connection. Those that were written and not confirmed when it was lost
   * come out as `unconfirmed`, or are published again where `retryUnconfirmed` is set: at least
   * once, and maybe twice.
   */
  publisher<M extends Outgoing = Outgoing>(
    options: RecoveringPublisherOptions = {},
  ): OperatorFunction<M, Confirmation<M>> {
    return this.#publisher(options, (connection) => connection.channel());
  }

  /**
   * Publishes a message, as it is now, when it is subscribed; see `publisher`. All of these share
   * one channel: where the broker closes it for one, those in flight beside it come out as
   * `unconfirmed` and then the error, and the next one opens another.
   */
  publish<M extends Outgoing>(
    message: M, options: RecoveringPublisherOptions = {},
  ): Observable<Confirmation<M>> {
    const sent = snapshotOf(message);
    return defer(() => [sent]).pipe(
      this.#publisher(options, (connection) => this.#recovery.shared(connection)),
      map((confirmation) => ({ ...confirmation, message })),
    );
  }

  #publisher<M extends Outgoing>(
    options: RecoveringPublisherOptions,
    open: (connection: Connection) => Observable<Channel | undefined>,
  ): OperatorFunction<M, Confirmation<M>> {
    return (source) => new Observable((subscriber) => {
      new RecoveringPublisher<M>(this.#recovery, options, subscriber).run(source, open);
    });
  }

  #bind(binding: Binding): Observable<void> {
    return this.#once(
      (channel, topology) => topology.bind(channel, binding),
      (topology) => topology.addBinding(binding),
    );
  }

  #unbind(binding: Binding): Observable<void> {
    return this.#once(
      (channel, topology) => topology.bind(channel, binding, 'unbind'),
      (topology) => topology.removeBinding(binding),
    );
  }

  /** Does it once and notes it; on the next connection, if this one is lost meanwhile. */
  #once<T>(
    run: (channel: Channel, topology: Topology) => Observable<T>,
    note: (topology: Topology, reply: T) => void,
  ): Observable<T> {
    const { topology } = this.#recovery;
    return this.channel().pipe(switchMap((channel) => run(channel, topology)), take(1), map(
      (reply) => {
        note(topology, reply);
        return reply;
      },
    ));
  }
}

function bindingOf(
  to: Binding['to'], destination: string, source: string, routingKey: string, args: FieldTable,
): Binding {
  return { to, destination, source, routingKey, arguments: args };
}
