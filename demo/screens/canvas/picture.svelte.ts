import { combineLatest, EMPTY, of, startWith, Subscription } from 'rxjs';
import type { TapEvent, TopologyView } from '../../../core/management/index.ts';
import { BATCHES_PER_SECOND, type TapBatch } from '../../port/broker-port.ts';
import type { ClientView } from '../../port/client-host.ts';
import { edgesOf, publishEdge } from '../../port/edges.ts';
import type { App } from '../../shell/app.ts';
import { Flights } from './flights.ts';
import type { Scenario } from '../../scenarios/format.ts';
import { layOut, type Point, type Room } from './layout.ts';
import { buildGraph, type Graph, type Seen, type Way } from './model.ts';
import { outlineOf } from './outline.ts';
import { Paths } from './paths.ts';
import type { Place, Positions } from './positions.ts';
import { tidyPlaces } from './tidy.ts';

/** How long a line stays at least whose consumer is gone, and until its last dot has arrived. */
const LINGER_MS = 1000;
/** How long a consumer is marked that got a message again. */
const AGAIN_MS = 3000;

/** How long an outline stands for what is not there. */
const OUTLINE_MS = 3000;

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
  /** Clients that have just got a message again, and when that was. */
  again: ReadonlyMap<string, number> = $state.raw(new Map());
  readonly flights = new Flights();
  readonly #app: App;
  readonly #positions: Positions;
  readonly #subscription = new Subscription();
  #seen = newSeen();
  #clients: readonly ClientView[] = [];
  #topology: TopologyView | undefined;
  #lastSeq = 0;
  /** Lines whose consumers are gone, by edges of the tap, and until when they stay. */
  readonly #lingering = new Map<string, { readonly way: Way; readonly until: number }>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Things of the outline that were not there yet, and how long they are waited for. */
  #awaited = new Set<string>();
  #awaitedUntil = 0;
  /** What the tap had kept is history. */
  #isLive = false;
  #shape = '';
  #room: Room = 'wide';

  /** `scenario`: its outline is shown until all of it is there. */
  constructor(app: App, positions: Positions, scenario?: Scenario, runs = true) {
    this.#app = app;
    this.#positions = positions;
    if (scenario !== undefined) this.#outline(scenario);
    if (!runs) return;
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
    clearTimeout(this.#timer);
    this.#subscription.unsubscribe();
  }

  /** Where there is not much of it, what flows to the right flows down. */
  set room(room: Room) {
    if (room === this.#room) return;
    this.#room = room;
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

  #outline(scenario: Scenario): void {
    this.graph = outlineOf(scenario, this.#seen);
    this.#awaited = new Set(this.graph.things.map(({ id }) => id));
    this.#awaitedUntil = performance.now() + OUTLINE_MS;
    this.#place();
  }

  /** Whether something of the outline is not there yet, and may well come. */
  #isAwaited({ things }: Graph): boolean {
    for (const { id } of things) this.#awaited.delete(id);
    return this.#awaited.size > 0 && performance.now() < this.#awaitedUntil;
  }

  #build(): void {
    const built = buildGraph(this.#topology!, this.#clients, this.#seen);
    if (this.#isAwaited(built)) return;
    this.graph = this.#withLingering(built);
    // Counts change all the time; the lines and places only with what there is.
    const shape = JSON.stringify([
      this.graph.things.map(({ id }) => id), this.graph.ways.map(({ id }) => id),
    ]);
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#place();
  }

  /** The line of a consumer that is gone stays until what flies along it has arrived. */
  #withLingering(built: Graph): Graph {
    const now = performance.now();
    for (const [edge, id] of this.graph.wayOf) {
      const way = this.graph.ways.find((each) => each.id === id);
      if (way?.kind !== 'deliver' || built.wayOf.has(edge) || this.#lingering.has(edge)) continue;
      this.#lingering.set(edge, { way, until: now + LINGER_MS });
    }
    for (const [edge, { until }] of this.#lingering) {
      const isOver = until < now && !this.flights.uses(edge);
      if (isOver || built.wayOf.has(edge)) this.#lingering.delete(edge);
    }
    if (this.#lingering.size === 0) return built;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#build(), LINGER_MS / 4);
    const ids = new Set(built.things.map(({ id }) => id));
    const ways = new Map(built.ways.map((way) => [way.id, way]));
    const wayOf = new Map(built.wayOf);
    for (const [edge, { way }] of this.#lingering) {
      if (!ids.has(way.from) || !ids.has(way.to)) continue;
      ways.set(way.id, way);
      wayOf.set(edge, way.id);
    }
    return { things: built.things, ways: [...ways.values()], wayOf };
  }

  /** Marks the consumers that got a message again. */
  #mark(events: readonly TapEvent[]): void {
    const now = performance.now();
    for (const event of events) {
      if (event.type !== 'message.delivered' || !event.redelivered) continue;
      const way = this.graph.wayOf.get(edgesOf(event)[0]!);
      const client = this.graph.ways.find(({ id }) => id === way)?.to;
      if (client === undefined) continue;
      this.again = new Map(this.again).set(client, now);
      setTimeout(() => {
        if (this.again.get(client) !== now) return;
        this.again = new Map([...this.again].filter(([id]) => id !== client));
      }, AGAIN_MS);
    }
  }

  #place(): void {
    const layout = layOut(this.graph, this.#room);
    // Where things are dragged to is for the wide screen, on which they are dragged.
    this.points = this.#room === 'wide' ? this.#positions.over(layout) : layout;
    this.paths = new Paths(this.graph, this.points, this.#room);
  }

  #onBatch({ events, counts }: TapBatch): void {
    for (const event of events) {
      if (event.seq < this.#lastSeq) this.#begin();
      this.#lastSeq = event.seq;
      this.#look(event);
    }
    if (this.#topology !== undefined) this.#build();
    for (const event of events) this.flights.add(event);
    if (this.#isLive) this.#mark(events);
    this.#isLive = true;
    this.flights.count(counts, this.graph.wayOf, BATCHES_PER_SECOND, performance.now());
    this.#tell(events);
  }

  /** The world began anew. */
  #begin(): void {
    this.#seen = newSeen();
    this.#lingering.clear();
    this.graph = NO_GRAPH;
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
