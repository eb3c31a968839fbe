import type { Graph, Thing, Way } from './model.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What every node measures, so that lines are known before anything is drawn. */
export const sizes = {
  client: { width: 164, height: 68 },
  exchange: { width: 176, height: 68 },
  queue: { width: 180, height: 88 },
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
/** On a narrow screen what there is flows from above to below, two beside each other. */
const UPRIGHT_COLUMNS = 2;
const UPRIGHT_GAP = { x: 24, y: 56 } as const;

function columnOf(thing: Thing): 0 | 1 | 2 | 3 {
  if (thing.kind === 'exchange') return 1;
  if (thing.kind === 'queue') return 2;
  return thing.party.publishes ? 0 : 3;
}

/**
 * Four columns, in each of which the things stand in the order that their neighbours suggest, so
 * that few lines cross. `upright`: rows, for a screen that is higher than wide.
 */
export function layOut({ things, ways }: Graph, upright = false): Map<string, Point> {
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
  return upright ? placeUpright(columns) : points;
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

/** The same columns, each laid down: rows in the middle of the screen. */
function placeUpright(columns: readonly (readonly Thing[])[]): Map<string, Point> {
  const points = new Map<string, Point>();
  let y = 0;
  for (const column of columns) {
    for (let i = 0; i < column.length; i += UPRIGHT_COLUMNS) {
      const row = column.slice(i, i + UPRIGHT_COLUMNS);
      const { width, height } = sizes[row[0]!.kind];
      const whole = row.length * (width + UPRIGHT_GAP.x) - UPRIGHT_GAP.x;
      row.forEach(({ id }, place) => {
        points.set(id, { x: place * (width + UPRIGHT_GAP.x) - whole / 2, y });
      });
      y += height + UPRIGHT_GAP.y;
    }
  }
  return points;
}

/** The rectangle around all things. */
export function boundsOf(
  things: readonly Thing[], points: ReadonlyMap<string, Point>,
): { x: number; y: number; width: number; height: number } {
  const corners = things.flatMap(({ id, kind }) => {
    const point = points.get(id);
    return point === undefined ? [] : [{ ...point, ...sizes[kind] }];
  });
  const x = Math.min(...corners.map((corner) => corner.x));
  const y = Math.min(...corners.map((corner) => corner.y));
  const right = Math.max(...corners.map((corner) => corner.x + corner.width));
  const bottom = Math.max(...corners.map((corner) => corner.y + corner.height));
  return { x, y, width: right - x, height: bottom - y };
}
