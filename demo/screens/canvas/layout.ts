import type { Graph, Thing, Way } from './model.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Rect extends Point {
  readonly width: number;
  readonly height: number;
}

/** What every node measures, so that lines are known before anything is drawn. */
export const sizes = {
  client: { width: 164, height: 68 },
  exchange: { width: 176, height: 68 },
  queue: { width: 196, height: 88 },
} as const;

/** Widths of the columns: who publishes, exchanges, queues, who consumes. */
const columnWidths = [
  sizes.client.width, sizes.exchange.width, sizes.queue.width, sizes.client.width,
] as const;
const COLUMN_GAP = 72;
const ROW_GAP = 36;
const ROUNDS = 4;
/** Room for the longest key that stands on a line, where it is not longer than this. */
const LABEL_CHARS_MAX = 20;
const CHAR_WIDTH = 7;
const LABEL_ROOM = 48;
/** The room that the canvas has: for four columns, narrow, or narrow and low as well. */
export type Room = 'wide' | 'narrow' | 'low';

/** Width to height of the rooms in which what there is flows from above to below. */
const aspects = { narrow: 0.6, low: 1.2 } as const;
/** How many stand beside each other there: as many as let all of it be shown largest. */
const UPRIGHT_COLUMNS = [2, 3, 4] as const;
const UPRIGHT_GAP = { x: 24, y: 44 } as const;
/** Between two in a row of which one is joined to the other by a line with a label. */
const UPRIGHT_LABEL_GAP = 48;
/** What a label has for itself above the thing that its line leads to. */
export const LABEL = { gap: 14, lineHeight: 17 } as const;

function columnOf(thing: Thing): 0 | 1 | 2 | 3 {
  if (thing.kind === 'exchange') return 1;
  if (thing.kind === 'queue') return 2;
  return thing.party.publishes ? 0 : 3;
}

/**
 * Four columns, in each of which the things stand in the order that their neighbours suggest, so
 * that few lines cross; rows of them where the room is not wide.
 */
export function layOut({ things, ways }: Graph, room: Room = 'wide'): Map<string, Point> {
  const columns: Thing[][] = [[], [], [], []];
  for (const thing of things) columns[columnOf(thing)]!.push(thing);
  const neighbours = new Map<string, string[]>(things.map(({ id }) => [id, []]));
  for (const { from, to } of ways) {
    neighbours.get(from)?.push(to);
    neighbours.get(to)?.push(from);
  }
  const edges = leftEdges(ways);
  let points = place(columns, edges);
  for (let round = 0; round < ROUNDS; round++) {
    for (const column of columns) {
      const wish = new Map(column.map(({ id }) => [id, wishOf(id, neighbours, points)]));
      column.sort((a, b) => wish.get(a.id)! - wish.get(b.id)!);
      points = place(columns, edges);
    }
  }
  return room === 'wide' ? points : placeUpright(columns, ways, aspects[room]);
}

/** Where each column begins: there is room for the keys of bindings. */
function leftEdges(ways: readonly Way[]): readonly number[] {
  const lengths = ways.map(({ label }) => Math.min(label.length, LABEL_CHARS_MAX));
  const longest = Math.max(0, ...lengths);
  const keyGap = longest === 0
    ? COLUMN_GAP : Math.max(COLUMN_GAP, longest * CHAR_WIDTH + LABEL_ROOM);
  const gaps = [COLUMN_GAP, keyGap, COLUMN_GAP];
  const edges = [0];
  gaps.forEach((gap, i) => edges.push(edges[i]! + columnWidths[i]! + gap));
  return edges;
}

/** The mean height of the neighbours, or its own where it has none. */
function wishOf(
  id: string, neighbours: ReadonlyMap<string, readonly string[]>,
  points: ReadonlyMap<string, Point>,
): number {
  const heights = neighbours.get(id)!.map((each) => points.get(each)?.y ?? 0);
  if (heights.length === 0) return points.get(id)!.y;
  return heights.reduce((sum, y) => sum + y, 0) / heights.length;
}

/** Each column in the middle of the highest one. */
function place(
  columns: readonly (readonly Thing[])[], edges: readonly number[],
): Map<string, Point> {
  const heightOf = (column: readonly Thing[]): number =>
    column.reduce((sum, { kind }) => sum + sizes[kind].height + ROW_GAP, -ROW_GAP);
  const highest = Math.max(...columns.map(heightOf));
  const points = new Map<string, Point>();
  columns.forEach((column, i) => {
    let y = (highest - heightOf(column)) / 2;
    for (const { id, kind } of column) {
      points.set(id, { x: edges[i]!, y });
      y += sizes[kind].height + ROW_GAP;
    }
  });
  return points;
}

/** The same columns, each laid down as rows in the middle, so that all can be shown largest. */
function placeUpright(
  columns: readonly (readonly Thing[])[], ways: readonly Way[], aspect: number,
): Map<string, Point> {
  const gaps = columns.map((column) => Math.max(UPRIGHT_GAP.y, labelRoom(column, ways)));
  const gap = ways.some(({ kind }) => kind === 'alternate') ? UPRIGHT_LABEL_GAP : UPRIGHT_GAP.x;
  const all = columns.flat();
  const largest = { scale: 0, points: new Map<string, Point>() };
  for (const count of UPRIGHT_COLUMNS) {
    const points = rowsOf(columns, gaps, gap, count);
    const { width, height } = boundsOf(all, points);
    const scale = Math.min(aspect / width, 1 / height);
    if (scale > largest.scale) Object.assign(largest, { scale, points });
  }
  return largest.points;
}

function rowsOf(
  columns: readonly (readonly Thing[])[], gaps: readonly number[], gap: number, count: number,
): Map<string, Point> {
  const points = new Map<string, Point>();
  let y = 0;
  columns.forEach((column, at) => {
    for (let i = 0; i < column.length; i += count) {
      const row = column.slice(i, i + count);
      const { width, height } = sizes[row[0]!.kind];
      const whole = row.length * (width + gap) - gap;
      if (y > 0) y += gaps[at]!;
      row.forEach(({ id }, place) => points.set(id, { x: place * (width + gap) - whole / 2, y }));
      y += height;
    }
  });
  return points;
}

/** Room above things for the labels of the lines that lead to one of them. */
function labelRoom(column: readonly Thing[], ways: readonly Way[]): number {
  const lines = column.map(({ id }) => ways.filter(({ to, label }) => to === id && label !== ''));
  const most = Math.max(0, ...lines.map(({ length }) => length));
  return LABEL.gap + (most + 0.5) * LABEL.lineHeight;
}

/** The rectangle around all things. */
export function boundsOf(things: readonly Thing[], points: ReadonlyMap<string, Point>): Rect {
  return around(things.flatMap(({ id, kind }) => {
    const point = points.get(id);
    return point === undefined ? [] : [{ ...point, ...sizes[kind] }];
  }));
}

/** The rectangle around others. */
export function around(rects: readonly Rect[]): Rect {
  const x = Math.min(...rects.map((rect) => rect.x));
  const y = Math.min(...rects.map((rect) => rect.y));
  const right = Math.max(...rects.map((rect) => rect.x + rect.width));
  const bottom = Math.max(...rects.map((rect) => rect.y + rect.height));
  return { x, y, width: right - x, height: bottom - y };
}
