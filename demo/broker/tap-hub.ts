import type { Cancel, Clock } from '../../core/ports.ts';
import type { TapEvent } from '../../core/management/index.ts';
import {
  BATCHES_PER_SECOND, EDGE_RATE_MAX, eventBytes, ringLimits, type EdgeCount, type TapBatch,
  type TapFilter,
} from '../port/broker-port.ts';
import { edgesOf } from '../port/edges.ts';
import { Recent } from '../port/recent.ts';

/** Events of one batch at most: a screen could not show more, and the ring has them. */
const BATCH_EVENTS_MAX = 3000;
/** Octets after which a batch takes no further event. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;
const BATCH_MS = 1000 / BATCHES_PER_SECOND;
/** Messages on one edge in one batch above which they are counted only. */
const EDGE_BATCH_MAX = EDGE_RATE_MAX / BATCHES_PER_SECOND;

/** Keeps the last events, and hands to each screen those that it wants, in batches. */
export class TapHub {
  readonly #host: Clock;
  readonly #ring = new Recent(ringLimits, eventBytes);
  readonly #lanes = new Set<Lane>();
  #stopTimer: Cancel | undefined;

  constructor(host: Clock) {
    this.#host = host;
  }

  add(event: TapEvent): void {
    this.#ring.add(event);
    for (const lane of this.#lanes) lane.add(event);
    this.#later();
  }

  /** Events that the ring still has, the oldest first. */
  get events(): readonly TapEvent[] {
    return this.#ring.items;
  }

  subscribe(filter: TapFilter, emit: (batch: TapBatch) => void): Cancel {
    const lane = new Lane(filter, emit);
    this.#lanes.add(lane);
    const { since } = filter;
    if (since !== undefined) {
      for (const event of this.#ring.items) {
        if (event.seq < since) continue;
        lane.add(event);
        if (lane.isFull) lane.flush();
      }
      lane.flush();
    }
    return () => this.#lanes.delete(lane);
  }

  /** Hands over what waits for the next batch. */
  flush(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    for (const lane of this.#lanes) lane.flush();
  }

  #later(): void {
    this.#stopTimer ??= this.#host.setTimer(BATCH_MS, () => this.flush());
  }
}

class Lane {
  readonly #filter: TapFilter;
  readonly #types: ReadonlySet<string> | undefined;
  readonly #emit: (batch: TapBatch) => void;
  readonly #perEdge = new Map<string, number>();
  #events: TapEvent[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(filter: TapFilter, emit: (batch: TapBatch) => void) {
    this.#filter = filter;
    this.#types = filter.types === undefined ? undefined : new Set(filter.types);
    this.#emit = emit;
  }

  get isFull(): boolean {
    return this.#events.length === BATCH_EVENTS_MAX || this.#bytes > BATCH_BYTES_MAX;
  }

  add(event: TapEvent): void {
    const { connection, aggregate } = this.#filter;
    if (this.#types?.has(event.type) === false) return;
    if (connection !== undefined && isOfOther(event, connection)) return;
    if (aggregate === true && this.#isCounted(event)) return;
    if (this.isFull) {
      this.#dropped++;
      return;
    }
    this.#events.push(event);
    this.#bytes += eventBytes(event);
  }

  flush(): void {
    if (this.#events.length === 0 && this.#dropped === 0 && this.#perEdge.size === 0) return;
    const counts = this.#takeCounts();
    const events = this.#events;
    const dropped = this.#dropped;
    this.#events = [];
    this.#bytes = 0;
    this.#dropped = 0;
    this.#emit({ events, counts, dropped });
  }

  /** Whether the event is one message too many on its edges. */
  #isCounted(event: TapEvent): boolean {
    const edges = edgesOf(event);
    if (edges.length === 0) return false;
    const counts = edges.map((edge) => (this.#perEdge.get(edge) ?? 0) + 1);
    edges.forEach((edge, i) => this.#perEdge.set(edge, counts[i]!));
    return Math.max(...counts) > EDGE_BATCH_MAX;
  }

  #takeCounts(): EdgeCount[] {
    const counts = [...this.#perEdge]
      .filter(([, count]) => count > EDGE_BATCH_MAX)
      .map(([edge, count]) => ({ edge, count: count - EDGE_BATCH_MAX }));
    this.#perEdge.clear();
    return counts;
  }
}

function isOfOther(event: TapEvent, connection: string): boolean {
  if (!('connection' in event)) return true;
  const { connection: of } = event;
  return (typeof of === 'string' ? of : of.id) !== connection;
}
