import { getBezierPath, Position } from '@xyflow/svelte';
import { portsOf, sizes, type Point, type Port, type Side } from './layout.ts';
import type { Graph, Thing } from './model.ts';

/** Points of a line that are known in advance. */
const SAMPLES = 64;

interface Line {
  readonly path: Path2D;
  readonly points: readonly Point[];
}

/** Where the lines of the picture run, as the flow draws them, for dots to be drawn on them. */
export class Paths {
  readonly #lines = new Map<string, Line>();
  readonly #below = new Map<string, Point>();

  constructor({ things, ways }: Graph, points: ReadonlyMap<string, Point>, upright = false) {
    const byId = new Map(things.map((thing) => [thing.id, thing]));
    for (const { id, kind } of things) {
      const { x, y } = points.get(id)!;
      this.#below.set(id, { x: x + sizes[kind].width / 2, y: y + sizes[kind].height });
    }
    for (const { id, kind, from, to } of ways) {
      const ports = portsOf(kind, upright);
      this.#lines.set(id, lineOf(
        endOf(byId.get(from)!, points, ports.from), endOf(byId.get(to)!, points, ports.to),
      ));
    }
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

interface End extends Point {
  readonly side: Side;
}

const positions: Readonly<Record<Side, Position>> = {
  left: Position.Left, right: Position.Right, top: Position.Top, bottom: Position.Bottom,
};

function endOf({ id, kind }: Thing, points: ReadonlyMap<string, Point>, { side, part }: Port): End {
  const { x, y } = points.get(id)!;
  const { width, height } = sizes[kind];
  if (side === 'top' || side === 'bottom') {
    return { side, x: x + width * part, y: side === 'top' ? y : y + height };
  }
  return { side, x: side === 'left' ? x : x + width, y: y + height * part };
}

function lineOf(from: End, to: End): Line {
  const [text] = getBezierPath({
    sourceX: from.x, sourceY: from.y, sourcePosition: positions[from.side],
    targetX: to.x, targetY: to.y, targetPosition: positions[to.side],
  });
  const measured = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  measured.setAttribute('d', text);
  const length = measured.getTotalLength();
  const points = Array.from({ length: SAMPLES + 1 }, (_, i) => {
    const { x, y } = measured.getPointAtLength((length * i) / SAMPLES);
    return { x, y };
  });
  return { path: new Path2D(text), points };
}
