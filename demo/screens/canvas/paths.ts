import { sizes, type Point, type Rect, type Room } from './layout.ts';
import type { Graph, Way } from './model.ts';
import { Routes, type Route } from './routes.ts';

/** Points of a line that are known in advance. */
const SAMPLES = 64;

interface Line {
  readonly path: Path2D;
  readonly points: readonly Point[];
}

/** Where the lines of the picture run, as the flow draws them, for dots to be drawn on them. */
export class Paths {
  /** The rectangle around all things and lines. */
  readonly whole: Rect;
  readonly #routes: Routes;
  readonly #lines = new Map<string, Line>();
  readonly #below = new Map<string, Point>();

  constructor(graph: Graph, points: ReadonlyMap<string, Point>, room: Room = 'wide') {
    for (const { id, kind } of graph.things) {
      const { x, y } = points.get(id)!;
      this.#below.set(id, { x: x + sizes[kind].width / 2, y: y + sizes[kind].height });
    }
    this.#routes = new Routes(graph, points, room !== 'wide');
    for (const way of graph.ways) {
      const route = this.#routes.of(way);
      if (route !== undefined) this.#lines.set(way.id, lineOf(route));
    }
    this.whole = this.#routes.whole;
  }

  route(way: Way): Route | undefined {
    return this.#routes.of(way);
  }

  path(way: string): Path2D | undefined {
    return this.#lines.get(way)?.path;
  }

  /** The point at this part of the line, from 0 to 1. */
  at(way: string, part: number): Point | undefined {
    const points = this.#lines.get(way)?.points;
    if (points === undefined) return undefined;
    const place = Math.min(1, Math.max(0, part)) * SAMPLES;
    const before = points[Math.floor(place)]!;
    const after = points[Math.ceil(place)]!;
    const rest = place - Math.floor(place);
    return {
      x: before.x + (after.x - before.x) * rest, y: before.y + (after.y - before.y) * rest,
    };
  }

  /** The point in the middle under a thing. */
  below(thing: string): Point | undefined {
    return this.#below.get(thing);
  }
}

function lineOf({ text }: Route): Line {
  const measured = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  measured.setAttribute('d', text);
  const length = measured.getTotalLength();
  const points = Array.from({ length: SAMPLES + 1 }, (_, i) => {
    const { x, y } = measured.getPointAtLength((length * i) / SAMPLES);
    return { x, y };
  });
  return { path: new Path2D(text), points };
}
