/** How JSON that somebody else made is read: each thing is what it should be, or is told of. */
import type { ClientLibrary, ClientSpec } from '../port/client-host.ts';

type Item = Readonly<Record<string, unknown>>;

const libraries: readonly ClientLibrary[] = ['@cloudamqp/amqp-client', 'tabmq/client', 'raw'];
const NAME_CHARACTERS_MAX = 255;

/** A link or file that cannot be opened; the message is a sentence for who tried. */
export class ShareError extends Error {
  override readonly name = 'ShareError';
}

export function numberOf(value: unknown, what: string, least: number, most: number): number {
  const isInside = typeof value === 'number' && value >= least && value <= most;
  check(isInside, `${what} is no number from ${least} to ${most}`);
  return value as number;
}

export function itemOf(value: unknown, what: string): Item {
  const isItem = typeof value === 'object' && value !== null && !Array.isArray(value);
  check(isItem, `${what} is no JSON object`);
  return value as Item;
}

export function listOf(value: unknown, what: string, most: number): readonly unknown[] {
  if (value === undefined) return [];
  check(Array.isArray(value), `${what} is no list`);
  const { length } = value as unknown[];
  check(length <= most, `${what} has ${length} entries, and ${most} may be`);
  return value as unknown[];
}

export function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new ShareError(`${otherwise}.`);
}

export function textOf(value: unknown, what: string, charactersMax = Infinity): string {
  check(typeof value === 'string', `${what} is no text`);
  const { length } = value as string;
  const most = `${what} has ${length} characters, and ${charactersMax} may be`;
  check(length <= charactersMax, most);
  return value as string;
}

export function nameOf(value: unknown, what: string): string {
  const isName = typeof value === 'string' && value !== '' && value.length <= NAME_CHARACTERS_MAX;
  check(isName, `${what} has no name of at most ${NAME_CHARACTERS_MAX} characters`);
  return value as string;
}

export function clientOf(value: unknown): ClientSpec {
  const client = itemOf(value, 'A client');
  const name = nameOf(client['name'], 'A client');
  check(typeof client['code'] === 'string', `The client “${name}” has no code`);
  const library = libraries.find((each) => each === client['library']);
  check(library !== undefined, `The client “${name}” is for a library that is not here`);
  return { name, code: client['code'] as string, library: library! };
}
