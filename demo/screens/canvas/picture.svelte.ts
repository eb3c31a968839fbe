import { combineLatest, EMPTY, of, startWith, Subscription } from 'rxjs';
import type { TapEvent, TopologyView } from '../../../core/management/index.ts';
import { BATCHES_PER_SECOND, type TapBatch } from '../../port/broker-port.ts';
import type { ClientView } from '../../port/client-host.ts';
import { publishEdge } from '../../port/edges.ts';
import type { App } from '../../shell/app.ts';
import { Flights } from './flights.ts';
import { layOut, type Point } from './layout.ts';
import { buildGraph, type Graph, type Seen } from './model.ts';
import { Paths } from './paths.ts';
import type { Place, Positions } from './positions.ts';
import { tidyPlaces } from './tidy.ts';

const NO_GRAPH: Graph = { things: [], ways: [], wayOf: new Map() };
/** Messages that the binding dialog tries a key on. */
const RECENT_MAX = 20;

/** A message that was published, for a dialog that asks what would have matched. */
export type Recent = Extract<TapEvent, { type: 'message.published' }>;

/** What the canvas shows, kept up to date by the tap. */
export class Picture {
  graph: Graph = $state.raw(NO_GRAPH);
  points: ReadonlyMap<string, Point> = $state.raw(new Map());
  paths: Paths = $state.raw(new Paths(NO_GRAPH, new Map()));
  recent: readonly Recent[] = $state.raw([]);
  readonly flights = new Flights();
  readonly #app: App;
  readonly #positions: Positions;
  readonly #subscription = new Subscription();
  #seen = newSeen();
  #clients: readonly ClientView[] = [];
  #topology: TopologyView | undefined;
  #lastSeq = 0;
  #shape = '';
  #upright = false;

  constructor(app: App, positions: Positions) {
    this.#app = app;
    this.#positions = positions;
    const { topology$, port } = app;
    const clients$ = port.clients?.clients$.pipe(startWith([])) ?? of([]);
    this.#subscription.add(combineLatest([topology$, clients$]).subscribe(([topology, clients]) => {
      this.#topology = topology;
      this.#clients = clients;
      this.#build();
    }));
    this.#subscription.add(
      (port.capabilities.frames ? port.tap$({ since: 0, aggregate: true }) : EMPTY)
        .subscribe((batch) => this.#onBatch(batch)),
    );
  }

  end(): void {
    this.#subscription.unsubscribe();
  }

  /** Whether it flows from above to below, not from left to right. */
  set upright(upright: boolean) {
    if (upright === this.#upright) return;
    this.#upright = upright;
    this.#place();
  }

  /** A thing was dragged to a place of its own. */
  move(id: string, point: Point): void {
    this.#positions.set(id, point);
    this.#place();
  }

  /** Places all things anew, so that few lines cross; resolves with how to undo that. */
  async tidy(): Promise<() => void> {
    const before = this.#positions.places;
    this.#moveAll(await tidyPlaces(this.graph));
    return () => this.#moveAll(before);
  }

  #moveAll(places: readonly Place[]): void {
    this.#positions.replace(places);
    this.#place();
  }

  #build(): void {
    this.graph = buildGraph(this.#topology!, this.#clients, this.#seen);
    // Counts change all the time; the lines and places only with what there is.
    const shape = JSON.stringify([
      this.graph.things.map(({ id }) => id), this.graph.ways.map(({ id }) => id),
    ]);
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#place();
  }

  #place(): void {
    const layout = layOut(this.graph, this.#upright);
    // Where things are dragged to is for the wide screen, on which they are dragged.
    this.points = this.#upright ? layout : this.#positions.over(layout);
    this.paths = new Paths(this.graph, this.points, this.#upright);
  }

  #onBatch({ events, counts }: TapBatch): void {
    for (const event of events) {
      if (event.seq < this.#lastSeq) this.#begin();
      this.#lastSeq = event.seq;
      this.#look(event);
    }
    if (this.#topology !== undefined) this.#build();
    for (const event of events) this.flights.add(event);
    this.flights.count(counts, this.graph.wayOf, BATCHES_PER_SECOND, performance.now());
    this.#tell(events);
  }

  /** The world began anew. */
  #begin(): void {
    this.#seen = newSeen();
    this.flights.clear();
    this.recent = [];
    this.#shape = '';
  }

  #look(event: TapEvent): void {
    if (event.type === 'message.published' && event.owner !== '') {
      const { owner, exchange } = event;
      const key = publishEdge(owner, exchange);
      if (!this.#seen.publishes.has(key)) this.#seen.publishes.set(key, { owner, exchange });
    }
    if (event.type === 'message.published') {
      this.recent = [...this.recent, event].slice(-RECENT_MAX);
    }
    if (event.type !== 'message.routed') return;
    for (const { source, destination } of event.matched) {
      if (source === '') this.#seen.defaultRoutes.add(destination);
    }
  }

  /** One sentence for those who do not see the dots. */
  #tell(events: readonly TapEvent[]): void {
    const delivered = new Map<string, { count: number; again: number }>();
    for (const event of events) {
      if (event.type !== 'message.delivered') continue;
      const one = delivered.get(event.queue) ?? { count: 0, again: 0 };
      one.count++;
      if (event.redelivered) one.again++;
      delivered.set(event.queue, one);
    }
    for (const [queue, { count, again }] of delivered) {
      const redelivered = again > 0 ? `, ${again} redelivered` : '';
      this.#app.announce(`${queue}: ${count} delivered${redelivered}`);
    }
  }
}

function newSeen() {
  return {
    publishes: new Map<string, { owner: string; exchange: string }>(),
    defaultRoutes: new Set<string>(),
  } satisfies Seen;
}
