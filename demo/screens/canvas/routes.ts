/** Where the lines of the picture run: on to what comes next, around all that is between. */
import { getBezierPath, Position } from '@xyflow/svelte';
import { around, boundsOf, sizes, type Point, type Rect } from './layout.ts';
import type { Graph, Thing, Way } from './model.ts';

/** A line from thing to thing. */
export interface Route {
  /** Path data of SVG. */
  readonly text: string;
  readonly start: Point;
  readonly end: Point;
  /** Which way its arrow points, in degrees: 0 is to the right, 90 is down. */
  readonly angle: number;
  /** The corners of a line of straight pieces. */
  readonly corners: readonly Point[];
}

/** Least room that a line needs to bend in. */
const BEND = 16;
/** Between a thing and the line that goes around it, and between two such lines. */
const MARGIN = 18;
const LANE = 8;
const CORNER = 8;
/** How far along a side the lines begin and end that go back. */
const LOW = 0.82;
const HIGH = 0.18;

/** The routes of all lines of one picture. */
export class Routes {
  readonly #rects: ReadonlyMap<string, Rect>;
  readonly #upright: boolean;
  readonly #bounds: Rect;
  readonly #routes = new Map<string, Route>();
  /** Lines so far that run below, or above, or beside all things. */
  #lanes = 0;

  constructor({ things, ways }: Graph, points: ReadonlyMap<string, Point>, upright: boolean) {
    this.#rects = new Map(things.flatMap((thing) => rectOf(thing, points)));
    this.#upright = upright;
    this.#bounds = boundsOf(things, points);
    for (const way of ways) this.of(way);
  }

  of(way: Way): Route | undefined {
    const known = this.#routes.get(way.id);
    if (known !== undefined) return known;
    const [from, to] = [this.#rects.get(way.from), this.#rects.get(way.to)];
    if (from === undefined || to === undefined) return undefined;
    const route = this.#upright ? this.#down(from, to, way) : this.#right(from, to, way);
    this.#routes.set(way.id, route);
    return route;
  }

  /** The rectangle around all things, and all lines that go around them. */
  get whole(): Rect {
    const corners = [...this.#routes.values()].flatMap((route) => route.corners)
      .map((corner) => ({ ...corner, width: 0, height: 0 }));
    return around([this.#bounds, ...corners]);
  }

  #right(from: Rect, to: Rect, { kind }: Way): Route {
    if (to.x - right(from) >= BEND) {
      return bend({ x: right(from), y: middle(from) }, { x: to.x, y: middle(to) }, false);
    }
    const down = to.y >= bottom(from);
    const straight = { x: center(from), y: down ? bottom(from) : from.y };
    const onto = { x: center(to), y: down ? to.y : bottom(to) };
    if (Math.abs(straight.x - onto.x) < BEND && this.#isClear(straight, onto, from, to)) {
      return corners([straight, onto]);
    }
    // Messages that are consumed go back above, and those that found no place below.
    const above = kind === 'deliver';
    const lane = this.#lanes++ * LANE;
    const y = above ? this.#bounds.y - MARGIN - lane : bottom(this.#bounds) + MARGIN + lane;
    const part = above ? HIGH : LOW;
    const start = { x: right(from), y: from.y + from.height * part };
    const end = { x: to.x, y: to.y + to.height * part };
    const [x1, x2] = [start.x + MARGIN + lane, end.x - MARGIN - lane];
    return corners([
      start, { x: x1, y: start.y }, { x: x1, y }, { x: x2, y }, { x: x2, y: end.y }, end,
    ]);
  }

  #down(from: Rect, to: Rect, { label }: Way): Route {
    const beside = this.#beside(from, to);
    if (beside !== undefined) return beside;
    const begin = { x: center(from), y: bottom(from) };
    const onto = { x: center(to), y: to.y };
    const isNext = to.y - bottom(from) >= BEND;
    if (isNext && this.#isClear(begin, onto, from, to)) return bend(begin, onto, true);
    const isLeft = center(from) < center(this.#bounds) - 1;
    const lane = this.#lanes++ * LANE;
    const x = isLeft ? this.#bounds.x - MARGIN - lane : right(this.#bounds) + MARGIN + lane;
    const toSide = isLeft ? -BEND : BEND;
    const out = { x: isLeft ? from.x : right(from), y: from.y + from.height * LOW };
    const below = { x: center(from) + toSide, y: bottom(from) };
    const leave = this.#isClear(out, { x, y: out.y }, from, to)
      ? [out, { x, y: out.y }]
      : [below, { x: below.x, y: below.y + BEND }, { x, y: below.y + BEND }];
    const side = { x: isLeft ? to.x : right(to), y: to.y + to.height * HIGH };
    const above = { x: center(to) + toSide, y: to.y };
    // A label has room above a thing, and none beside it.
    const arrive = label === '' && this.#isClear({ x, y: side.y }, side, from, to)
      ? [{ x, y: side.y }, side]
      : [{ x, y: above.y - BEND }, { x: above.x, y: above.y - BEND }, above];
    return corners([...leave, ...arrive]);
  }

  /** The line to what stands beside it in the same row. */
  #beside(from: Rect, to: Rect): Route | undefined {
    if (middle(from) !== middle(to)) return undefined;
    const isRight = to.x > from.x;
    const start = { x: isRight ? right(from) : from.x, y: middle(from) };
    const end = { x: isRight ? to.x : right(to), y: middle(to) };
    return this.#isClear(start, end, from, to) ? corners([start, end]) : undefined;
  }

  /** Whether nothing stands in the rectangle between two points. */
  #isClear(one: Point, other: Point, ...own: readonly Rect[]): boolean {
    const [x1, x2] = [Math.min(one.x, other.x), Math.max(one.x, other.x)];
    const [y1, y2] = [Math.min(one.y, other.y), Math.max(one.y, other.y)];
    return [...this.#rects.values()].every((rect) => own.includes(rect)
      || rect.x >= x2 + 1 || right(rect) <= x1 - 1 || rect.y >= y2 + 1 || bottom(rect) <= y1 - 1);
  }
}

const right = ({ x, width }: Rect): number => x + width;
const bottom = ({ y, height }: Rect): number => y + height;
const center = ({ x, width }: Rect): number => x + width / 2;
const middle = ({ y, height }: Rect): number => y + height / 2;

function rectOf({ id, kind }: Thing, points: ReadonlyMap<string, Point>): [string, Rect][] {
  const point = points.get(id);
  return point === undefined ? [] : [[id, { ...point, ...sizes[kind] }]];
}

function bend(start: Point, end: Point, upright: boolean): Route {
  const [text] = getBezierPath({
    sourceX: start.x, sourceY: start.y, targetX: end.x, targetY: end.y,
    sourcePosition: upright ? Position.Bottom : Position.Right,
    targetPosition: upright ? Position.Top : Position.Left,
  });
  return { text, start, end, angle: upright ? 90 : 0, corners: [] };
}

/** A line of straight pieces with round corners. */
function corners(points: readonly Point[]): Route {
  const pieces = points.map((point, i) => {
    const [before, after] = [points[i - 1], points[i + 1]];
    if (before === undefined) return `M${point.x} ${point.y}`;
    if (after === undefined) return `L${point.x} ${point.y}`;
    const [into, out] = [near(point, before), near(point, after)];
    return `L${into.x} ${into.y}Q${point.x} ${point.y} ${out.x} ${out.y}`;
  });
  const [last, end] = [points.at(-2)!, points.at(-1)!];
  const angle = (Math.atan2(end.y - last.y, end.x - last.x) * 180) / Math.PI;
  return { text: pieces.join(''), start: points[0]!, end, angle, corners: points };
}

/** The point so far from a corner, on the way to the next one. */
function near(corner: Point, other: Point): Point {
  const length = Math.hypot(other.x - corner.x, other.y - corner.y);
  const part = length === 0 ? 0 : Math.min(CORNER, length / 2) / length;
  return { x: corner.x + (other.x - corner.x) * part, y: corner.y + (other.y - corner.y) * part };
}
