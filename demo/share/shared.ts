/** What a share link or file holds, and how one that somebody else made is read. */
import type { ClientLibrary, ClientSpec } from '../port/client-host.ts';
import { SPEED_MAX, SPEED_MIN } from '../port/clock-control.ts';
import type { Topology } from '../scenarios/format.ts';

/** A playground as it is handed on: everything that leads to the same run, and no run. */
export interface Shared {
  /** As RabbitMQ's definitions have them; the broker that declares them checks each. */
  readonly definitions: Pick<Topology, (typeof parts)[number]>;
  readonly clients: readonly ClientSpec[];
  /** Places on the canvas, by the id of a thing. */
  readonly positions: readonly (readonly [id: string, point: { x: number; y: number }])[];
  readonly seed: number;
  /** Virtual milliseconds for one of the wall. */
  readonly speed: number;
}

type Item = Readonly<Record<string, unknown>>;

const parts = ['vhosts', 'exchanges', 'queues', 'bindings'] as const;
const libraries: readonly ClientLibrary[] = ['@cloudamqp/amqp-client', 'tabmq/client', 'raw'];

export const shareLimits = {
  /** Characters of a link: what mail programs, chats and browsers still pass on whole. */
  linkChars: 32_768,
  /** Bytes of JSON, so that a small link cannot fill the memory of who opens it. */
  jsonBytes: 1_048_576,
  /** More clients than anybody looks at; each has a Worker of its own. */
  clients: 50,
  /** Exchanges, queues and bindings in all. */
  items: 2000,
  nameChars: 255,
} as const;

/** A link or file that cannot be opened; the message is a sentence for who tried. */
export class ShareError extends Error {
  override readonly name = 'ShareError';
}

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
  return {
    definitions: Object.fromEntries(lists) as Shared['definitions'],
    clients,
    positions: listOf(whole['positions'], '“positions”', shareLimits.items).map(positionOf),
    seed: numberOf(whole['seed'] ?? 1, '“seed”', 0, Number.MAX_SAFE_INTEGER),
    speed: numberOf(whole['speed'] ?? 1, '“speed”', SPEED_MIN, SPEED_MAX),
  };
}

function clientOf(value: unknown): ClientSpec {
  const { name, code, library } = itemOf(value, 'A client');
  const isName = typeof name === 'string' && name !== '' && name.length <= shareLimits.nameChars;
  check(isName, `A client has no name of at most ${shareLimits.nameChars} characters`);
  check(typeof code === 'string', `The client “${String(name)}” has no code`);
  const known = libraries.find((each) => each === library);
  check(known !== undefined, `The client “${String(name)}” is for a library that is not here`);
  return { name: name as string, code: code as string, library: known! };
}

function positionOf(value: unknown): Shared['positions'][number] {
  const [id, point] = listOf(value, 'A position', 2);
  const { x, y } = itemOf(point, 'A position');
  const isPlace = typeof id === 'string' && Number.isFinite(x) && Number.isFinite(y);
  check(isPlace, 'A position is no place');
  return [id as string, { x: x as number, y: y as number }];
}

function numberOf(value: unknown, what: string, least: number, most: number): number {
  const isInside = typeof value === 'number' && value >= least && value <= most;
  check(isInside, `${what} is no number from ${least} to ${most}`);
  return value as number;
}

function itemOf(value: unknown, what: string): Item {
  const isItem = typeof value === 'object' && value !== null && !Array.isArray(value);
  check(isItem, `${what} is no JSON object`);
  return value as Item;
}

function listOf(value: unknown, what: string, most: number): readonly unknown[] {
  if (value === undefined) return [];
  check(Array.isArray(value), `${what} is no list`);
  const { length } = value as unknown[];
  check(length <= most, `${what} has ${length} entries, and ${most} may be`);
  return value as unknown[];
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new ShareError(`${otherwise}.`);
}
