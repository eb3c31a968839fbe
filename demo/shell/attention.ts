import {
  combineLatest, distinctUntilChanged, interval, map, of, scan, startWith, type Observable,
} from 'rxjs';
import type { TapEvent, TopologyView } from '../../core/management/index.ts';
import type { BrokerPort } from '../port/broker-port.ts';
import type { ClientView } from '../port/client-host.ts';
import type { ClockState } from '../port/clock-control.ts';
import { Holdings } from '../port/holdings.ts';
import { queueRoute } from '../port/queue-path.ts';
import { view$ } from '../port/view.ts';

/** What somebody should look at: a sentence for each client and each queue that has one. */
export interface Attention {
  readonly clients: ReadonlyMap<string, string>;
  readonly queues: ReadonlyMap<string, string>;
  /** Where what a client holds is listed. */
  readonly routes: ReadonlyMap<string, string>;
}

export const NO_ATTENTION: Attention = {
  clients: new Map(), queues: new Map(), routes: new Map(),
};

/** Virtual milliseconds that a consumer may hold messages and acknowledge none. */
const SILENT_MS = 10_000;
/** Messages that wait in a queue without consumers before it is said. */
const WAITING_MIN = 4;
/** Milliseconds of the wall between two looks. */
const LOOK_MS = 500;

/** Tells of clients that acknowledge nothing, do not answer, and of queues that only grow. */
export function attentionOf(
  port: BrokerPort, topology$: Observable<TopologyView>,
): Observable<Attention> {
  const { clients, clock } = port;
  if (clients === undefined || clock === undefined) return of(NO_ATTENTION);
  const holdings$ = port.tap$({ types: Holdings.types, since: 0 }).pipe(
    scan(addTo, { holdings: new Holdings(), lastSeq: 0 }),
    map(({ holdings }) => holdings), startWith(new Holdings()),
  );
  const state$ = clock.state$.pipe(map((state) => ({ state, wall: performance.now() })));
  const depths = new Map<string, number>();
  return combineLatest([
    holdings$, topology$, clients.clients$, state$, interval(LOOK_MS).pipe(startWith(0)),
  ]).pipe(
    map(([holdings, topology, views, { state, wall }]): Attention => {
      const now = timeNow(state, wall);
      const silent = views.flatMap((view) => silenceOf(view, topology, holdings, now));
      return {
        clients: new Map(silent.map(({ name, text }) => [name, text])),
        routes: new Map(silent.map(({ name, route }) => [name, route])),
        queues: new Map(topology.queues.flatMap((queue) => growthOf(queue, depths))),
      };
    }),
    distinctUntilChanged((one, other) => textOf(one) === textOf(other)),
    view$(NO_ATTENTION),
  );
}

interface Held {
  readonly holdings: Holdings;
  readonly lastSeq: number;
}

function addTo({ holdings, lastSeq }: Held, { events }: { events: readonly TapEvent[] }): Held {
  let last = lastSeq;
  for (const event of events) {
    // The world began anew.
    if (event.seq < last) holdings.clear();
    last = event.seq;
    holdings.see(event);
  }
  return { holdings, lastSeq: last };
}

function timeNow({ now, paused, effectiveSpeed }: ClockState, wall: number): number {
  return paused ? now : now + (performance.now() - wall) * effectiveSpeed;
}

interface Silence {
  readonly name: string;
  readonly text: string;
  readonly route: string;
}

function silenceOf(
  { name, status, connections }: ClientView, { consumers }: TopologyView, holdings: Holdings,
  now: number,
): Silence[] {
  if (status === 'busy') {
    const text = 'does not answer: an endless loop? Kill it';
    return [{ name, text, route: `/code?client=${encodeURIComponent(name)}` }];
  }
  const since = holdings.silentSince(connections);
  const own = consumers.filter(({ channel }) => connections.includes(channel.split('/', 1)[0]!));
  if (since === undefined || now - since < SILENT_MS || own.length === 0) return [];
  const held = holdings.held(connections);
  const prefetch = own.reduce((sum, one) => sum + one.prefetch_count, 0);
  const seconds = Math.floor((now - since) / 1000);
  const of = prefetch > 0 ? ` of ${prefetch}` : '';
  const { vhost, queue } = own[0]!;
  return [{
    name, text: `holds ${held}${of} for ${seconds} s, acknowledges nothing`,
    route: `${queueRoute(vhost, queue)}&state=unacked`,
  }];
}

/** `depths`: how much waited in each queue when it last had a consumer. */
function growthOf(
  { name, consumers, messages_ready: ready }: TopologyView['queues'][number],
  depths: Map<string, number>,
): [string, string][] {
  if (consumers > 0 || ready < (depths.get(name) ?? 0)) {
    depths.set(name, ready);
    return [];
  }
  if (!depths.has(name)) depths.set(name, ready);
  const isGrowing = ready >= WAITING_MIN && ready > depths.get(name)!;
  return isGrowing ? [[name, `${ready} wait, nobody consumes`]] : [];
}

function textOf({ clients, queues }: Attention): string {
  return JSON.stringify([...clients, ...queues]);
}

