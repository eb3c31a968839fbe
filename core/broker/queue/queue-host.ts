import type { Cancel, Clock, Random } from '../../ports.ts';
import type { Counters } from '../counters.ts';
import type { Compatibility } from '../definition/compatibility.ts';
import type { Events } from '../events/events.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Routable } from '../exchange/matcher.ts';
import type { Route } from '../exchange/router.ts';
import type { Address } from '../message/address.ts';
import type { MessageBytes } from '../message/bytes.ts';
import type { MessageStore } from '../message/store.ts';
import type { StoredMessage } from '../message/stored-message.ts';
import type { Keeper } from '../turn/keeper.ts';
import type { HostTotals } from '../totals.ts';
import type { Destination } from '../turn/run.ts';
import type { Turn } from '../turn/turn.ts';
import type { QueueSettings } from './arguments.ts';
import type { StreamLog } from './stream-log.ts';
import type { StreamSegment } from './stream-segment.ts';

/** A stream, as far as what keeps it needs it. */
export interface DurableStream {
  readonly gone: boolean;
  readonly log: StreamLog;
  /** Consumers may have what lies before this offset. */
  show(end: number): void;
}

/** A queue, as the files that do a part of its work see it. */
export interface QueueFacts {
  readonly name: string;
  /** `queue 'q' in vhost '/'` */
  readonly text: string;
  readonly vhost: QueueHost;
  readonly settings: QueueSettings;
  /** It is deleted. */
  readonly gone: boolean;
  readonly readyCount: number;
}

/** What keeps messages of queues over a restart, and those of streams. */
export interface QueueKeeper extends Keeper {
  readonly streams: {
    /** There is a new stream. */
    add(stream: DurableStream): void;
    /** Nothing is added any more to this segment. */
    full(segment: StreamSegment): void;
    /** Calls back once the messages of a segment are in memory. */
    load(stream: DurableStream, segment: StreamSegment, use: () => void): void;
  };
  /** Messages were added to a stream. */
  grown(stream: DurableStream): void;
}

/** What every queue asks of its virtual host. */
export interface MessageHost {
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly turn: Turn;
  readonly store: MessageStore;
  readonly events: Events;
  readonly compatibility: Compatibility;
  readonly memory: {
    countConsumer(change: 1 | -1): void;
    /** So many bytes more, or fewer, are places of messages. */
    readonly countPlaces: (bytes: number) => void;
  };
  /** What keeps messages over a restart; undefined: nothing does. */
  readonly persistence: QueueKeeper | undefined;
  readMessage(address: Address): StoredMessage;
  /** The priority of a message, 0 where it has none. */
  priorityOf(address: Address): number;
  /** Runs in a turn, once the message is in memory; `lost` where it cannot be read. */
  whenReadable(address: Address, run: () => void, lost: () => void): void;
  /** Runs in a turn after so many milliseconds; `what` is for whoever looks at the timers. */
  setTimer(delayMs: number, run: () => void, what?: string): Cancel;
}

/** What dead-lettering asks of the virtual host beside that. */
export interface QueueHost extends MessageHost {
  readonly counters: Counters;
  readonly totals: HostTotals;
  readonly exchanges: ReadonlyMap<string, Exchange>;
  readonly queues: ReadonlyMap<string, object>;
  /** Where messages end that were dead-lettered too often. */
  readonly deadLetterLimit: { reached(queue: { readonly name: string }, reason: string): void };
  /** It rises with each change of a binding or exchange. */
  readonly routesVersion: number;
  /** Where a message goes that was published to this exchange with these keys. */
  route(exchange: Exchange, message: Routable, keys: readonly string[]): Route;
  /** Puts a message that the broker made of another one where these destinations find it. */
  storeFor(destinations: readonly Destination[], bytes: MessageBytes, marks: number): Address;
  /** Sends such a message there; `onStored` is called with its address first. */
  enqueueDead(
    destinations: readonly Destination[], bytes: MessageBytes, marks: number,
    onStored: (address: Address) => void,
  ): void;
  /** Tells whoever looks where a message goes. */
  emitRouted(destinations: readonly Destination[], address: Address): void;
  /** Tells whoever traces where a message goes, and by which bindings. */
  traceRouted(destinations: readonly Destination[], address: Address): void;
}
