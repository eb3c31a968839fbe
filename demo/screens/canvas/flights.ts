import type { TapEvent } from '../../../core/management/index.ts';
import type { EdgeCount } from '../../port/broker-port.ts';
import { edgesOf } from '../../port/edges.ts';
import { deadLetterWay } from './model.ts';

/** Virtual milliseconds that a message takes for one line of the picture. */
export const HOP_MS = 500;
/** How long a mark stays of what went nowhere. */
const FALL_MS = 900;
/** Flights at once; older ones have been seen. */
const FLIGHTS_MAX = 2000;
/** Flow of a line that is shown as a band fades within this time of the wall. */
const BAND_MS = 600;
/** The same of a trail. */
export const TRAIL_MS = 900;

/** Wall milliseconds by which what is drawn may be behind what happened. */
const LAG_MS = 200;
/** A flight that had to hurry leaves a streak for so long, in virtual milliseconds. */
const STREAK_MS = 300;
/** Colours of messages; see `styles/base.css`. */
export const COLOURS = 6;

/** How a message looks: filled, hollow, ringed, a triangle, or a cross. */
export type Look = 'ready' | 'unacked' | 'redelivered' | 'dead' | 'dropped';

/** A message on its way along a line, between two moments of virtual time. */
export interface Flight {
  readonly message: number;
  /** The edge of the tap that it takes, or the line itself where that has none. */
  readonly edge: string;
  readonly look: Look;
  /** Which of the colours the message has, from 0. */
  readonly colour: number;
  start: number;
  end: number;
  /** It was made shorter, as the message was further on already. */
  hurries: boolean;
  /** From the end of the line to its beginning. */
  readonly back: boolean;
}

/** A message that falls off a thing, with a word for why. */
export interface Fall {
  readonly message: number;
  readonly thing: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What a message leaves behind that was under way when time jumped, until it has faded. */
export interface Trail {
  readonly edge: string;
  readonly look: Look;
  readonly colour: number;
  /** Parts of the line, from 0 to 1: where the message was, and where it is now. */
  readonly from: number;
  readonly to: number;
  /** Milliseconds of the wall. */
  readonly until: number;
}

/** So many messages a second that nobody could follow each. */
export interface Band {
  readonly rate: number;
  readonly until: number;
}

/**
 * What moves in the picture. Where a dot is, follows from virtual time alone: the same moment is
 * the same picture. While time stands and is stepped, `played` lets the last steps be seen.
 */
export class Flights {
  flights: Flight[] = [];
  falls: Fall[] = [];
  trails: Trail[] = [];
  readonly bands = new Map<string, Band>();
  /** Messages that took each edge so far, for those who want nothing to move. */
  readonly totals = new Map<string, number>();
  /** Milliseconds by which the picture is ahead of virtual time. */
  played = 0;
  /** Time stood when the last messages moved. */
  stepped = false;
  /** Virtual milliseconds for one of the wall. */
  speed = 1;
  /** When each message arrives where its last flight leads, by message and thing. */
  readonly #arrivals = new Map<string, number>();
  readonly #delivered = new Map<string, readonly string[]>();
  /** The message that each one was before it was dead-lettered. */
  readonly #origins = new Map<number, number>();
  /** The edges that each message has taken so far. */
  readonly #paths = new Map<number, readonly string[]>();

  clear(): void {
    this.flights = [];
    this.falls = [];
    this.trails = [];
    this.bands.clear();
    this.totals.clear();
    this.#arrivals.clear();
    this.#delivered.clear();
    this.#paths.clear();
    this.#origins.clear();
    this.played = 0;
  }

  /** Adds what the event sets in motion. The lines may be known only later. */
  add(event: TapEvent): void {
    switch (event.type) {
      case 'message.published':
      case 'message.routed':
        this.#fly(event, '', edgesOf(event), 'ready');
        return;
      case 'message.unroutable':
        this.#fall(event, `exchange:${event.exchange}`, 'unroutable');
        return;
      case 'message.refused':
        this.#fall(event, `queue:${event.queue}`, 'refused');
        return;
      case 'message.dropped':
        // What somebody takes away by hand needs no word for why.
        if (!byHand.includes(event.reason)) {
          this.#fall(event, `queue:${event.queue}`, event.reason);
        }
        return;
      case 'message.delivered': {
        const edges = edgesOf(event);
        this.#delivered.set(placeOf(event.message, event.queue), edges);
        const look = event.noAck ? 'ready' : 'unacked';
        this.#fly(event, event.queue, edges, event.redelivered ? 'redelivered' : look);
        return;
      }
      case 'message.requeued': {
        const edges = this.#delivered.get(placeOf(event.message, event.queue)) ?? [];
        this.#fly(event, event.queue, edges, 'unacked', true);
        return;
      }
      case 'message.dead-lettered': {
        const way = deadLetterWay(event.queue, event.exchange);
        const arrival = this.#fly(event, event.queue, [way], 'dead');
        if (event.becomes === 0) {
          this.#fallAt(arrival, event.message, `exchange:${event.exchange}`, 'unroutable');
          return;
        }
        this.#origins.set(event.becomes, this.#originOf(event.message));
        this.#arrivals.set(placeOf(event.becomes, ''), arrival);
        this.#paths.set(event.becomes, this.pathOf(event.message));
      }
    }
  }

  /** Lines on which more went than can be shown one by one. */
  count(
    counts: readonly EdgeCount[], wayOf: ReadonlyMap<string, string>, perSecond: number,
    wall: number,
  ): void {
    for (const { edge, count } of counts) {
      const way = wayOf.get(edge);
      if (way === undefined) continue;
      this.bands.set(way, { rate: count * perSecond, until: wall + BAND_MS });
    }
  }

  /** Forgets what has arrived by then. */
  prune(now: number, wall: number): void {
    this.flights = this.flights
      .filter(({ end, hurries }) => end + (hurries ? STREAK_MS : 0) > now).slice(-FLIGHTS_MAX);
    this.falls = this.falls.filter(({ end }) => end > now).slice(-FLIGHTS_MAX);
    this.trails = this.trails.filter(({ until }) => until > wall);
    for (const [way, { until }] of this.bands) if (until < wall) this.bands.delete(way);
    const maps = [this.#arrivals, this.#delivered, this.#paths, this.#origins];
    for (const map of maps) trim(map);
  }

  /** Time went from one moment to another at once: what was under way is further on. */
  jump(from: number, to: number, wall: number): void {
    for (const { edge, look, colour, start, end, back } of this.flights) {
      if (end <= from || start >= to) continue;
      const partAt = (now: number): number => {
        const part = Math.min(1, Math.max(0, (now - start) / (end - start)));
        return back ? 1 - part : part;
      };
      const [begin, stop] = [partAt(from), partAt(to)];
      const trail = { edge, look, colour, from: begin, to: stop, until: wall + TRAIL_MS };
      this.trails = [...this.trails, trail].slice(-FLIGHTS_MAX);
    }
  }

  /** Which of the colours a message has: the same wherever it is, also as a dead letter. */
  colourOf(message: number): number {
    return this.#originOf(message) % COLOURS;
  }

  /** Whether anything is on its way along an edge of the tap. */
  uses(edge: string): boolean {
    return this.flights.some((flight) => flight.edge === edge);
  }

  /** The edges that a message took, also before it was dead-lettered; or lines without one. */
  pathOf(message: number): readonly string[] {
    return this.#paths.get(message) ?? [];
  }

  /** Whether anything is under way at that moment. */
  movesAfter(now: number): boolean {
    return this.flights.some(({ end }) => end > now) || this.falls.some(({ end }) => end > now);
  }

  /** One flight after the other: a message leaves a place when it has arrived there. */
  #fly(
    event: OfMessage, queue: string, edges: readonly string[], look: Look,
    back = false,
  ): number {
    const { message } = event;
    const start = this.#startOf(event, queue);
    const end = start + HOP_MS;
    const colour = this.colourOf(message);
    for (const edge of edges) {
      this.flights.push({ message, edge, look, colour, start, end, back, hurries: false });
      if (!back) this.totals.set(edge, (this.totals.get(edge) ?? 0) + 1);
    }
    this.#paths.set(message, [...new Set([...this.pathOf(message), ...edges])]);
    this.#arrivals.set(placeOf(message, queue), end);
    return end;
  }

  #fall(event: OfMessage, thing: string, text: string): void {
    this.#fallAt(this.#startOf(event, ''), event.message, thing, text);
  }

  #fallAt(start: number, message: number, thing: string, text: string): void {
    this.falls.push({ message, thing, text, start, end: start + FALL_MS });
  }

  /**
   * When it arrives where this begins; but no later than the lag after it happened: then all that
   * it has still to fly before goes faster.
   */
  #startOf({ message, at }: OfMessage, queue: string): number {
    const happened = at + this.played;
    const arrival = this.#arrivals.get(placeOf(message, queue))
      ?? this.#arrivals.get(placeOf(message, '')) ?? 0;
    const latest = happened + LAG_MS * this.speed;
    if (arrival <= latest) return Math.max(happened, arrival);
    const share = (latest - happened) / (arrival - happened);
    const sooner = (time: number): number =>
      (time <= happened ? time : happened + (time - happened) * share);
    for (const flight of this.flights) {
      if (this.#originOf(flight.message) !== this.#originOf(message)) continue;
      if (flight.end <= happened) continue;
      flight.start = sooner(flight.start);
      flight.end = sooner(flight.end);
      flight.hurries = true;
    }
    return latest;
  }

  #originOf(message: number): number {
    return this.#origins.get(message) ?? message;
  }
}

const byHand: readonly string[] = ['purged', 'deleted', 'queue-deleted'];

type OfMessage = { readonly message: number; readonly at: number };

/** A message in a queue; or on its way to queues, of which there may be several. */
function placeOf(message: number, queue: string): string {
  return `${message}@${queue}`;
}

function trim(map: Map<string | number, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= 2 * FLIGHTS_MAX) return;
    map.delete(key);
  }
}
