import type { BrokerEventBody } from '../broker/events/events.ts';
import type { TraceEvent } from '../broker/events/trace.ts';

/** One frame (or a protocol header) as it went over a connection. */
export interface FrameTapped {
  readonly type: 'frame.in' | 'frame.out';
  /** `connection-1` */
  readonly connection: string;
  readonly channel: number;
  readonly bytes: Uint8Array;
}

/** What every event of the tap has. */
export interface TapMark {
  /** Counts from 1; the order in which things happened. */
  readonly seq: number;
  /** Clock time in milliseconds: virtual, where the broker's clock is. */
  readonly at: number;
  /** `seq` of the event that this one follows from, so that a message's life is a tree; 0: none. */
  readonly cause: number;
  /** `seq` of the frame that the broker was handling; 0: it acted on its own (a timer). */
  readonly frame: number;
}

type Events = FrameTapped | TraceEvent |
  Exclude<BrokerEventBody, { readonly type: 'message.dead-lettered' }>;

/** Everything that happens in a broker: frames, lives of messages, connections, declarations. */
export type TapEvent = Events & TapMark;

export type TapType = TapEvent['type'];

/** The events of one type: `TapOf<'message.routed'>`. */
export type TapOf<T extends TapType> = Extract<TapEvent, { readonly type: T }>;
