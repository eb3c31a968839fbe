/**
 * The seam between the screens and a broker: in this tab, or behind a gateway. Screens ask for
 * capabilities, never which broker it is.
 */
import type { Observable } from 'rxjs';
import type { ApiRequest, ApiResponse, TapEvent, TapType } from '../../core/management/index.ts';
import type { ClientHost } from './client-host.ts';
import type { ClockControl } from './clock-control.ts';
import type { Home } from './home.ts';
import type { RecentLimits } from './recent.ts';

/** What can be done with the broker at hand. */
export interface Capabilities {
  /** Time can be stopped, stepped and sped up: `clock` is there. */
  readonly clock: boolean;
  /** Client code can run against it: `clients` is there. */
  readonly clients: boolean;
  /** The tap shows frames and the bodies of messages. */
  readonly frames: boolean;
  /** Objects may be declared and deleted, messages published. */
  readonly write: boolean;
  /** It is a server with users, which this page reaches by its management API. */
  readonly server: boolean;
  /** Whoever looks may make policies there. */
  readonly makePolicies: boolean;
  /** Whoever looks may see and change its users, and read its log. */
  readonly administer: boolean;
}

/** What of the tap a screen wants. */
export interface TapFilter {
  /** Default: all types. */
  readonly types?: readonly TapType[];
  /** Frames of this connection only. */
  readonly connection?: string;
  /** Begin with what the ring still has from this `seq` on; absent: with what comes. */
  readonly since?: number;
  /** Count messages in place of showing each, on edges where more come than eyes can follow. */
  readonly aggregate?: boolean;
}

/** Messages that passed an edge during one batch and are not among its events. */
export interface EdgeCount {
  /** As `edgeOf` names it. */
  readonly edge: string;
  readonly count: number;
}

/** What the tap saw since the last batch, thirty times a second at most. */
export interface TapBatch {
  readonly events: readonly TapEvent[];
  /** Empty unless the filter aggregates. */
  readonly counts: readonly EdgeCount[];
  /** Events that came too fast and were left out; the ring may still have them. */
  readonly dropped: number;
}

export interface BrokerPort {
  readonly capabilities: Capabilities;
  /** Calls the management API; see core/management/api.ts. Never rejects for a refusal. */
  api(path: string, init?: Omit<ApiRequest, 'path'>): Promise<ApiResponse>;
  /** A cold Observable: each subscriber has a filter of its own, applied beside the broker. */
  tap$(filter?: TapFilter): Observable<TapBatch>;
  /** Absent: time is the wall's. */
  readonly clock?: ClockControl;
  /** Absent: the broker runs no client code. */
  readonly clients?: ClientHost;
  /** Absent: nobody here keeps the broker. */
  readonly home?: Home;
  /** Opens an AMQP connection: what the RxJS client takes as its target. */
  dial(): MessagePort | string;
}

/** Messages a second on one edge above which they are counted only. */
export const EDGE_RATE_MAX = 300;
/** Batches of the tap a second. */
export const BATCHES_PER_SECOND = 30;
/** What the ring beside the broker keeps; a browser must not end for want of memory. */
export const ringLimits: RecentLimits = { items: 24_000, bytes: 64 * 1024 * 1024 };

/** Octets that an event carries. */
export function eventBytes(event: TapEvent): number {
  if ('bytes' in event) return event.bytes.length;
  return 'body' in event ? event.body.length : 0;
}
