import type { Scenario } from '../../scenarios/format.ts';

/** What a thumbnail is drawn of: things in four columns, and lines between them. */
export interface Sketch {
  readonly width: number;
  readonly height: number;
  readonly things: readonly SketchThing[];
  readonly lines: readonly SketchLine[];
}

export interface SketchThing {
  readonly kind: 'producer' | 'exchange' | 'queue' | 'consumer';
  readonly x: number;
  readonly y: number;
}

export interface SketchLine {
  /** Path data. */
  readonly path: string;
  /** A message takes it in place of being dropped, or after it died. */
  readonly detour: boolean;
}

interface Line {
  readonly from: string;
  readonly to: string;
  readonly detour?: boolean;
}

const kinds = ['producer', 'exchange', 'queue', 'consumer'] as const;
const WIDTH = 248;
const HEIGHT = 88;
const MARGIN = 20;

/** Draws what the topology declares and what the clients say that they publish and consume. */
export function sketchOf(
  { topology, codes }: Pick<Scenario, 'topology'> & { readonly codes: ReadonlyMap<string, string> },
): Sketch {
  const lines = linesOf(topology, codes);
  const columns = columnsOf(topology, codes, lines);
  const used = kinds.filter((kind) => columns[kind].length > 0);
  const points = new Map<string, SketchThing>();
  used.forEach((kind, column) => {
    const x = MARGIN + column * (WIDTH - 2 * MARGIN) / Math.max(1, used.length - 1);
    columns[kind].forEach((id, row) => {
      points.set(id, { kind, x, y: HEIGHT * (row + 0.5) / columns[kind].length });
    });
  });
  const drawn = lines.flatMap(({ from, to, detour = false }) => {
    const start = points.get(from);
    const end = points.get(to);
    return start && end ? [{ path: pathOf(start, end), detour }] : [];
  });
  return { width: WIDTH, height: HEIGHT, things: [...points.values()], lines: drawn };
}

/** Those that lead to what there is: the name of a variable in the code is the name of nothing. */
function linesOf(topology: Scenario['topology'], codes: ReadonlyMap<string, string>): Line[] {
  const lines = [...linesOfTopology(topology), ...[...codes].flatMap(linesOfClient)];
  const declared = (topology.queues ?? []).map(({ name }) => `queue:${name}`);
  const used = lines.flatMap(({ from, to }) => (from.startsWith('client:') ? [] : [from, to]));
  const known = new Set([...declared, ...used]);
  return lines.filter(({ to }) => !isQueue(to) || known.has(to));
}

function isQueue(id: string): boolean {
  return id.startsWith('queue:');
}

function columnsOf(
  { exchanges = [], queues = [] }: Scenario['topology'], codes: ReadonlyMap<string, string>,
  lines: readonly Line[],
): Record<SketchThing['kind'], string[]> {
  const declared = lines.flatMap(({ from, to }) => [from, to]).filter(isQueue);
  const clients = [...codes.keys()].map((name) => `client:${name}`);
  const consumes = (id: string): boolean =>
    lines.some(({ from, to }) => to === id && isQueue(from));
  const publishes = (id: string): boolean => lines.some(({ from }) => from === id);
  const queue = [...new Set([...queues.map(({ name }) => `queue:${name}`), ...declared])];
  /** A consumer stands as high as its queue, so that their lines do not cross. */
  const height = (id: string): number => queue.indexOf(lines.find(({ to }) => to === id)!.from);
  return {
    producer: clients.filter((id) => publishes(id) || !consumes(id)),
    exchange: exchanges.map(({ name }) => `exchange:${name}`),
    queue,
    consumer: clients.filter((id) => consumes(id) && !publishes(id))
      .sort((one, other) => height(one) - height(other)),
  };
}

function linesOfTopology(
  { exchanges = [], queues = [], bindings = [] }: Scenario['topology'],
): Line[] {
  const to = (exchange: unknown, key: unknown): string =>
    (exchange === '' ? `queue:${String(key)}` : `exchange:${String(exchange)}`);
  const detours: Line[] = [
    ...exchanges.map(({ name, arguments: args = {} }) => (
      { from: `exchange:${name}`, to: to(args['alternate-exchange'], ''), detour: true }
    )),
    ...queues.map(({ name, arguments: args = {} }) => ({
      from: `queue:${name}`, detour: true,
      to: to(args['x-dead-letter-exchange'], args['x-dead-letter-routing-key']),
    })),
  ];
  return [
    ...bindings.map(({ source, destination }) => (
      { from: `exchange:${source}`, to: `queue:${destination}` }
    )),
    ...detours,
  ];
}

/** What the code of a lesson says in so many words: names stand in it as they are. */
function linesOfClient([client, code]: [string, string]): Line[] {
  const id = `client:${client}`;
  const found = (pattern: RegExp): RegExpMatchArray[] => [...code.matchAll(pattern)];
  return [
    ...found(/basicPublish\('([^']*)', '?([^',]*)/g).map(([, exchange, key]) => (
      { from: id, to: exchange === '' ? `queue:${key}` : `exchange:${exchange}` }
    )),
    ...found(/onsume\('([^']+)'/g).map(([, queue]) => ({ from: `queue:${queue}`, to: id })),
    ...found(/queueBind\('([^']+)', '([^']+)'/g).map(([, queue, exchange]) => (
      { from: `exchange:${exchange}`, to: `queue:${queue}` }
    )),
  ];
}

function pathOf(start: SketchThing, end: SketchThing): string {
  const between = (start.x + end.x) / 2;
  if (start.x === end.x) {
    // Beside the column, for what leads from a queue to another.
    const side = start.x - 26;
    return `M${start.x} ${start.y}C${side} ${start.y} ${side} ${end.y} ${end.x} ${end.y}`;
  }
  return `M${start.x} ${start.y}C${between} ${start.y} ${between} ${end.y} ${end.x} ${end.y}`;
}
