/** Recorded inputs as a link or file has them. */
import { bytesOfBase64Url } from '../port/base64.ts';
import { valueOf } from '../port/plain-value.ts';
import type { ChangingMethod, Deed, RecordedInput } from '../port/recording.ts';
import { check, clientOf, itemOf, nameOf, numberOf, textOf } from './reading.ts';

type Item = Readonly<Record<string, unknown>>;
type Reader = (item: Item) => object;

const AN_INPUT = 'A recorded input';
const PATH_CHARACTERS_MAX = 8192;

const guestOf = ({ guest }: Item): { guest: number } => (
  { guest: wholeOf(guest, 'The connection of an input') });
const ofGuest: Reader = guestOf;
const named = ({ name }: Item): { name: string } => ({ name: nameOf(name, AN_INPUT) });

/** What each deed must have beside its place; nothing else of it is read. */
const readers: Readonly<Record<Deed['does'], Reader>> = {
  call: ({ method, path, body }) => ({
    method: methodOf(method), path: pathOf(path), ...(body !== undefined && { body: bodyOf(body) }),
  }),
  dial: ofGuest,
  lose: ofGuest,
  send: (item) => ({ ...guestOf(item), data: octetsOf(item['data']) }),
  say: (item) => ({ ...guestOf(item), word: textOf(item['word'], 'A word of an input', 255) }),
  start: ({ client }) => ({ client: clientOf(client) }),
  kill: named,
  remove: named,
  pause: (item) => ({ ...named(item), paused: item['paused'] === true }),
  delay: (item) => ({
    ...named(item),
    delayMs: numberOf(item['delayMs'], 'The delay of an input', 0, Number.MAX_SAFE_INTEGER),
  }),
  settle: () => ({}),
  restart: () => ({}),
};

/** Throws a ShareError that says what is wrong with it. */
export function inputOf(value: unknown): RecordedInput {
  const item = itemOf(value, AN_INPUT);
  const does = textOf(item['does'], 'What an input does');
  check(Object.hasOwn(readers, does), `A recorded input does “${does.slice(0, 40)}”, ` +
    'which this playground cannot do');
  return {
    does, ...readers[does as Deed['does']](item),
    at: numberOf(item['at'], 'The time of an input', 0, Number.MAX_SAFE_INTEGER),
    place: wholeOf(item['place'], 'The place of an input'),
  } as RecordedInput;
}

function wholeOf(value: unknown, what: string): number {
  const number = numberOf(value, what, 0, Number.MAX_SAFE_INTEGER);
  check(Number.isInteger(number), `${what} is no whole number`);
  return number;
}

function methodOf(value: unknown): ChangingMethod {
  const known = (['PUT', 'POST', 'DELETE'] as const).find((each) => each === value);
  check(known !== undefined, `${AN_INPUT} calls with a method that changes nothing`);
  return known!;
}

function pathOf(value: unknown): string {
  const path = textOf(value, 'The path of an input', PATH_CHARACTERS_MAX);
  check(path.startsWith('/api/'), 'The path of an input is none of the management API');
  return path;
}

/** As it came, once it is known that it can be read. */
function bodyOf(plain: unknown): unknown {
  try {
    valueOf(plain);
  } catch {
    check(false, 'The body of an input cannot be read');
  }
  return plain;
}

function octetsOf(value: unknown): string {
  const data = textOf(value, 'The octets of an input');
  try {
    bytesOfBase64Url(data);
  } catch {
    check(false, 'The octets of an input are no base64url');
  }
  return data;
}
