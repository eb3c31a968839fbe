import { Subject, type Observable } from 'rxjs';
import type { Clock, PeerInfo } from '../../ports.ts';
import type { FieldTable, Properties } from '../../protocol/types.ts';
import type { MessageStore } from '../message/store.ts';
import type { StoredMessage } from '../message/stored-message.ts';
import { Trace } from './trace.ts';

/** Who is at the other end of a connection. */
export interface ConnectionInfo {
  /** Unique in the life of the broker: `connection-1`. */
  readonly id: string;
  /** As RabbitMQ has it: `127.0.0.1:50000 -> 127.0.0.1:5672`; its id where there is no network. */
  readonly name: string;
  readonly transport: 'tcp' | 'websocket' | 'memory';
  readonly peer: string;
  /** The same with what else is known of the link. */
  readonly link: PeerInfo;
  /** Wall-clock time in milliseconds at which it came in. */
  readonly connectedAt: number;
  /** How the client logged in, as `PLAIN`; empty until then. */
  readonly mechanism: string;
  /** Empty until the client logged in. */
  readonly user: string;
  readonly vhost: string;
  readonly clientProperties: FieldTable;
}

interface QueueEvent { readonly vhost: string; readonly queue: string }
interface CycleEvent {
  /** With it messages may go round by themselves: over these queues, and no consumer rejects. */
  readonly deadLetterCycle?: readonly string[];
}
interface ExchangeEvent { readonly vhost: string; readonly exchange: string }
interface ConsumerEvent extends QueueEvent {
  readonly consumerTag: string;
  /** `connection-1/3` (connection and channel), or '' for a consumer in process. */
  readonly owner: string;
}
interface BindingEvent {
  readonly vhost: string;
  readonly source: string;
  readonly destination: string;
  readonly destinationKind: 'queue' | 'exchange';
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

/** What happens in a broker that an operator or a test may want to know. Rare events only. */
export type BrokerEventBody =
  | { readonly type: 'connection.opened'; readonly connection: ConnectionInfo }
  | { readonly type: 'connection.refused'; readonly connection: ConnectionInfo;
      readonly text: string }
  | { readonly type: 'connection.closed'; readonly connection: ConnectionInfo;
      readonly by: 'us' | 'peer' | 'transport'; readonly text: string }
  | { readonly type: 'connection.blocked'; readonly connection: ConnectionInfo;
      readonly reason: string }
  | { readonly type: 'connection.unblocked'; readonly connection: ConnectionInfo }
  /** It asks for more work than its share of the turns, and is read less often; or no longer. */
  | { readonly type: 'connection.flow'; readonly connection: ConnectionInfo;
      readonly active: boolean }
  | { readonly type: 'connection.failed'; readonly connection: ConnectionInfo;
      readonly error: unknown }
  | { readonly type: 'channel.opened' | 'channel.closed'; readonly connection: ConnectionInfo;
      readonly channel: number; readonly text: string }
  | ({ readonly type: 'exchange.declared'; readonly exchangeType: string } & ExchangeEvent)
  | ({ readonly type: 'exchange.deleted' } & ExchangeEvent)
  | ({ readonly type: 'queue.declared' } & QueueEvent & CycleEvent)
  | ({ readonly type: 'queue.deleted' | 'queue.paused' | 'queue.resumed' } & QueueEvent)
  /** What was asked of a queue is not done, or not now. */
  | ({ readonly type: 'queue.trouble'; readonly text: string } & QueueEvent)
  | ({ readonly type: 'binding.added' } & BindingEvent & CycleEvent)
  | ({ readonly type: 'binding.removed' } & BindingEvent)
  | ({ readonly type: 'consumer.added' | 'consumer.removed' } & ConsumerEvent)
  | ({ readonly type: 'message.dead-lettered'; readonly reason: string } & QueueEvent)
  /** So many more were dead-lettered too often, the last one in this queue, and end there. */
  | ({ readonly type: 'message.dead-letter-limit'; readonly reason: string;
      readonly count: number;
      /** Queues that dead-letter to each other, this one first; empty: none was found. */
      readonly cycle: readonly string[] } & QueueEvent)
  | { readonly type: 'alarm.set' | 'alarm.cleared'; readonly alarm: string }
  | { readonly type: 'journal.trouble'; readonly text: string;
      readonly kind: 'full' | 'space' | 'failed' | 'unreadable' }
  | { readonly type: 'broker.stopping' };

/** An event with the wall-clock time at which it happened, in milliseconds. */
export type BrokerEvent = BrokerEventBody & { readonly at: number };

/** A frame or several whole ones, as they went over a connection. */
export interface FrameEvent {
  readonly at: number;
  readonly connection: string;
  readonly direction: 'in' | 'out';
  /** Valid during the call only. */
  readonly bytes: Uint8Array;
}

/** A message on its way to queues: published, dead-lettered, or held back until now. */
export interface RoutedEvent {
  /** Wall-clock time in milliseconds. */
  readonly at: number;
  readonly vhost: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: Properties;
  readonly body: Uint8Array;
  /** Queues that get it, and a word for what stands in place of a queue; empty: none does. */
  readonly destinations: readonly string[];
  /** Where and why it died last, if this broker dead-lettered it. QUE-21. */
  readonly death: { readonly queue: string; readonly reason: string } | undefined;
}

/** As RabbitMQ calls itself where nobody asked for what is done. */
export const NOBODY = 'rmq-internal';

/** The broker's events; nothing is made while nobody listens. */
export class Events {
  readonly events$: Observable<BrokerEvent>;
  readonly frames$: Observable<FrameEvent>;
  readonly routed$: Observable<RoutedEvent>;
  readonly trace: Trace;
  /** In whose name the broker does what it does now; it is told with events. */
  actor = NOBODY;
  readonly #clock: Clock;
  readonly #events = new Subject<BrokerEvent>();
  readonly #frames = new Subject<FrameEvent>();
  readonly #routed = new Subject<RoutedEvent>();

  constructor(clock: Clock, store: MessageStore) {
    this.#clock = clock;
    this.trace = new Trace(store);
    this.events$ = this.#events.asObservable();
    this.frames$ = this.#frames.asObservable();
    this.routed$ = this.#routed.asObservable();
  }

  /** Does something in the name of a user. */
  as<T>(actor: string, run: () => T): T {
    const before = this.actor;
    this.actor = actor;
    try {
      return run();
    } finally {
      this.actor = before;
    }
  }

  emit(event: BrokerEventBody): void {
    if (this.#events.observed) this.#events.next({ ...event, at: this.#clock.wall() });
  }

  /** Whether somebody looks at frames. */
  get framesObserved(): boolean {
    return this.#frames.observed;
  }

  /** Whether somebody looks at where messages go. */
  get routedObserved(): boolean {
    return this.#routed.observed;
  }

  /** Tells where a message of this virtual host goes. */
  emitRouted(
    vhost: string, message: StoredMessage, destinations: readonly { readonly label: string }[],
  ): void {
    const { exchange, routingKey, properties, body } = message;
    const death = message.deathsBefore(false)[0];
    this.#routed.next({
      at: this.#clock.wall(),
      vhost, exchange, routingKey, properties, body: body.slice(),
      destinations: destinations.map(({ label }) => label),
      death: death && { queue: String(death['queue']), reason: String(death['reason']) },
    });
  }

  emitFrame(connection: string, direction: 'in' | 'out', bytes: Uint8Array): void {
    this.#frames.next({ at: this.#clock.wall(), connection, direction, bytes });
  }
}
