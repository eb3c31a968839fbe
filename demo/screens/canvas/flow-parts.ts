/** The picture as the flow wants it: nodes, and lines between them. */
import { Position, type Edge, type Node } from '@xyflow/svelte';
import type { App, Selection } from '../../shell/app.ts';
import type { Attention } from '../../shell/attention.ts';
import type { FrameTime } from '../../shell/frame-time.svelte.ts';
import type { Losses } from '../../shell/losses.ts';
import { nameOf, sentenceOf } from './describe.ts';
import type { Editing } from './editing.svelte.ts';
import { sizes } from './layout.ts';
import type { Thing, Way } from './model.ts';
import type { Picture } from './picture.svelte.ts';

/** What nodes show beside the things themselves. */
export interface NodeFacts {
  readonly app: App;
  readonly picture: Picture;
  readonly editing: Editing;
  readonly time: FrameTime;
  readonly attention: Attention;
  readonly lost: Losses | undefined;
  readonly selection: Selection | undefined;
  readonly upright: boolean;
}

/** What lies on whatever is near. */
const IN_FRONT = 1000;

/** Pixels; see `flow.css`. */
const HANDLE = 12;

/** Where its lines begin and end: known before it is measured, so no line waits for that. */
function handlesOf(kind: Thing['kind'], upright: boolean): NonNullable<Node['handles']> {
  const { width, height } = sizes[kind];
  const [x, y] = [(width - HANDLE) / 2, (height - HANDLE) / 2];
  const own = { width: HANDLE, height: HANDLE };
  return upright ? [
    { type: 'target', position: Position.Top, x, y: 0, ...own },
    { type: 'source', position: Position.Bottom, x, y: height - HANDLE, ...own },
  ] : [
    { type: 'target', position: Position.Left, x: 0, y, ...own },
    { type: 'source', position: Position.Right, x: width - HANDLE, y, ...own },
  ];
}

export function nodesOf(things: readonly Thing[], facts: NodeFacts): Node[] {
  const { picture, editing, selection } = facts;
  return things.flatMap((thing) => {
    const position = picture.points.get(thing.id);
    if (position === undefined) return [];
    return [{
      id: thing.id, type: thing.kind, position: { ...position }, data: dataOf(thing, facts),
      ...sizes[thing.kind], handles: handlesOf(thing.kind, facts.upright),
      ...(editing.errors.has(thing.id) && { zIndex: IN_FRONT }),
      ariaLabel: sentenceOf(thing), selected: isSelected(thing, selection),
    }];
  });
}

export function isSelected({ kind, name }: Thing, selection: Selection | undefined): boolean {
  return selection !== undefined && 'name' in selection
    && selection.kind === kind && selection.name === name;
}

function dataOf(thing: Thing, facts: NodeFacts): Record<string, unknown> {
  const { app: { port, go }, picture, editing, time, attention, lost, upright } = facts;
  const error = editing.errors.get(thing.id) ?? '';
  const forgive = (): void => editing.forgive(thing.id);
  const ports = { upright };
  switch (thing.kind) {
    case 'client': {
      const { name, party } = thing;
      return {
        ports, party, again: picture.again.has(thing.id),
        silent: attention.clients.get(name),
        show: () => go(attention.routes.get(name) ?? '/queues'),
        kill: () => port.clients?.kill(name),
        restart: () => party.client && port.clients?.start(party.client),
      };
    }
    case 'exchange':
      return { ports, exchange: thing.exchange, error, forgive };
    case 'queue':
      return {
        ports, queue: thing.queue, time, error, forgive, lost: lost?.get(thing.name) ?? 0,
        colourOf: (message: number) => picture.flights.colourOf(message),
        growing: attention.queues.get(thing.name),
      };
  }
}

/** `lit`: the lines that are lit. */
export function edgesOfWays(
  ways: readonly Way[], { paths }: Picture, lit: ReadonlySet<string>, upright: boolean,
): Edge[] {
  const arrived = new Map<string, number>();
  return ways.flatMap((way): Edge[] => {
    const { id, kind, from, to, label } = way;
    const route = paths.route(way);
    if (route === undefined) return [];
    const shown = sharedLabel(way, ways);
    const shift = arrived.get(to) ?? 0;
    if (shown !== '') arrived.set(to, shift + shown.split('\n').length);
    return [{
      id, source: from, target: to, class: lit.has(id) ? `${kind} lit` : kind,
      focusable: kind !== 'implicit', selectable: kind !== 'implicit',
      data: { kind, route, upright, shift, atStart: kind === 'alternate' },
      ...(shown !== '' && { label: shown }),
      ariaLabel: `${kind} from ${nameOf(from)} to ${nameOf(to)}${label === '' ? '' : `, ${label}`}`,
    }];
  });
}

/** Lines that run the same way share one label, as one would lie on the other. */
function sharedLabel(way: Way, ways: readonly Way[]): string {
  const twins = ways.filter(({ from, to }) => from === way.from && to === way.to);
  return twins[0] === way ? twins.map(({ label }) => label).filter(Boolean).join('\n') : '';
}
