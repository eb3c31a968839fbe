/** What a share link or file holds, and how one that somebody else made is read. */
import type { ClientSpec } from '../port/client-host.ts';
import { SPEED_MAX, SPEED_MIN } from '../port/clock-control.ts';
import { recordingLimits, type RecordedInput } from '../port/recording.ts';
import type { Topology } from '../scenarios/format.ts';
import { inputOf } from './inputs.ts';
import { check, clientOf, itemOf, listOf, numberOf } from './reading.ts';

/**
 * A playground as it is handed on: everything that leads to the same run, and no run. Without
 * `inputs` it begins with what there is; with them it is how the run began, and what was done.
 */
export interface Shared {
  /** As RabbitMQ's definitions have them; the broker that declares them checks each. */
  readonly definitions: Pick<Topology, (typeof parts)[number]>;
  readonly clients: readonly ClientSpec[];
  /** Places on the canvas, by the id of a thing. */
  readonly positions: readonly (readonly [id: string, point: { x: number; y: number }])[];
  readonly seed: number;
  /** Virtual milliseconds for one of the wall. */
  readonly speed: number;
  /** What was done by hand, to happen again. Absent: that is not known. */
  readonly inputs?: readonly RecordedInput[];
}

export const parts = ['vhosts', 'exchanges', 'queues', 'bindings'] as const;

export const shareLimits = {
  /** Characters of a link: what mail programs, chats and browsers still pass on whole. */
  linkChars: 32_768,
  /** Bytes of JSON, so that a small link cannot fill the memory of who opens it. */
  jsonBytes: 1_048_576,
  /** More clients than anybody looks at; each has a Worker of its own. */
  clients: 50,
  /** Exchanges, queues and bindings in all. */
  items: 2000,
} as const;

/** Reads what came in as JSON. Throws a ShareError that names the place where it is wrong. */
export function readShared(value: unknown): Shared {
  const whole = itemOf(value, 'It');
  const definitions = itemOf(whole['definitions'] ?? {}, '“definitions”');
  const lists = parts.map((part) => [
    part, listOf(definitions[part], `“${part}”`, shareLimits.items)
      .map((item) => itemOf(item, `An item of “${part}”`)),
  ] as const);
  const items = lists.reduce((sum, [, { length }]) => sum + length, 0);
  check(items <= shareLimits.items, `It has ${items} objects, and ${shareLimits.items} may be`);
  const clients = listOf(whole['clients'], '“clients”', shareLimits.clients).map(clientOf);
  const names = new Set(clients.map(({ name }) => name));
  check(names.size === clients.length, 'Two of its clients have the same name');
  const inputs = listOf(whole['inputs'], '“inputs”', recordingLimits.inputs).map(inputOf);
  for (const input of inputs) if (input.does === 'start') names.add(input.client.name);
  check(
    names.size <= shareLimits.clients,
    `It starts ${names.size} clients, and ${shareLimits.clients} may be`,
  );
  return {
    definitions: Object.fromEntries(lists) as Shared['definitions'],
    clients,
    positions: listOf(whole['positions'], '“positions”', shareLimits.items).map(positionOf),
    seed: numberOf(whole['seed'] ?? 1, '“seed”', 0, Number.MAX_SAFE_INTEGER),
    speed: numberOf(whole['speed'] ?? 1, '“speed”', SPEED_MIN, SPEED_MAX),
    ...(whole['inputs'] !== undefined && { inputs }),
  };
}

function positionOf(value: unknown): Shared['positions'][number] {
  const [id, point] = listOf(value, 'A position', 2);
  const { x, y } = itemOf(point, 'A position');
  const isPlace = typeof id === 'string' && Number.isFinite(x) && Number.isFinite(y);
  check(isPlace, 'A position is no place');
  return [id as string, { x: x as number, y: y as number }];
}
