import type { Graph, Thing } from './model.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What every node measures, so that lines are known before anything is drawn. */
export const sizes = {
  client: { width: 176, height: 68 },
  exchange: { width: 184, height: 68 },
  queue: { width: 188, height: 88 },
} as const;

/** Left edges of the columns: who publishes, exchanges, queues, who consumes. */
const columnsAt = [0, 256, 520, 796] as const;
const ROW_GAP = 36;
const ROUNDS = 4;

function columnOf(thing: Thing): 0 | 1 | 2 | 3 {
  if (thing.kind === 'exchange') return 1;
  if (thing.kind === 'queue') return 2;
  return thing.party.publishes ? 0 : 3;
}

/**
 * Four columns, in each of which the things stand in the order that their neighbours suggest, so
 * that few lines cross.
 */
export function layOut({ things, ways }: Graph): Map<string, Point> {
  const columns: Thing[][] = [[], [], [], []];
  for (const thing of things) columns[columnOf(thing)]!.push(thing);
  const neighbours = new Map<string, string[]>(things.map(({ id }) => [id, []]));
  for (const { from, to } of ways) {
    neighbours.get(from)?.push(to);
    neighbours.get(to)?.push(from);
  }
  let points = place(columns);
  for (let round = 0; round < ROUNDS; round++) {
    for (const column of columns) {
      const wish = new Map(column.map(({ id }) => [id, wishOf(id, neighbours, points)]));
      column.sort((a, b) => wish.get(a.id)! - wish.get(b.id)!);
      points = place(columns);
    }
  }
  return points;
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
function place(columns: readonly (readonly Thing[])[]): Map<string, Point> {
  const heightOf = (column: readonly Thing[]): number =>
    column.reduce((sum, { kind }) => sum + sizes[kind].height + ROW_GAP, -ROW_GAP);
  const highest = Math.max(...columns.map(heightOf));
  const points = new Map<string, Point>();
  columns.forEach((column, i) => {
    let y = (highest - heightOf(column)) / 2;
    for (const { id, kind } of column) {
      points.set(id, { x: columnsAt[i]!, y });
      y += sizes[kind].height + ROW_GAP;
    }
  });
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
