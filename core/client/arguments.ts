import { methodCodec } from '../protocol/codec.ts';
import { writeProperties } from '../protocol/properties.ts';
import { bufferWriter } from '../protocol/scratch.ts';
import { excessOf } from '../protocol/short-string.ts';
import {
  basicProperties, FRAME_OVERHEAD_BYTES, methods, type Domain, type MethodSpec,
} from '../protocol/spec.ts';
import type { MethodArgs, MethodName, Properties } from '../protocol/types.ts';
import type { Writer } from '../protocol/writer.ts';
import { ArgumentError, messageOf } from './errors.ts';

/**
 * What a program gives is checked before any of it is on the wire: a frame that broke off in the
 * middle, or a name that was cut, would do worse than fail.
 */
const scratch = bufferWriter();

const zeros: { readonly [D in Domain]: unknown } = {
  bit: false, octet: 0, short: 0, long: 0, longlong: 0, timestamp: 0, shortstr: '', longstr: '',
  bytes: new Uint8Array(0), table: {},
};

const integerMax: Partial<Record<Domain, number>> = {
  octet: 0xff, short: 0xffff, long: 0xffff_ffff,
  longlong: Number.MAX_SAFE_INTEGER, timestamp: Number.MAX_SAFE_INTEGER,
};

/** All arguments of a method: those that were not given are zero, empty or false. */
export function completeArguments<N extends MethodName>(
  name: N, given: Partial<MethodArgs<N>>, frameBytesMax: number,
): MethodArgs<N> {
  const spec: MethodSpec | undefined = methods[name];
  if (spec === undefined) throw new ArgumentError(`AMQP has no method '${name}'`);
  const args: Record<string, unknown> = {};
  const rest = new Set(Object.keys(given));
  for (const [argument, domain] of spec.args) {
    const value = (given as Record<string, unknown>)[argument] ?? zeros[domain];
    checkValue(`${argument} of ${name}`, domain, value);
    args[argument] = value;
    rest.delete(argument);
  }
  for (const unknown of rest) throw new ArgumentError(`${name} has no argument '${unknown}'`);
  const complete = args as MethodArgs<N>;
  const write = (writer: Writer): void => methodCodec(name).encode(writer, complete);
  const bytes = encoded(name, args, write).length;
  if (frameBytesMax !== 0 && bytes + 4 + FRAME_OVERHEAD_BYTES > frameBytesMax) {
    throw new ArgumentError(`the arguments of ${name} take ${bytes} octets, which is more than ` +
      `a frame of ${frameBytesMax} holds`);
  }
  return complete;
}

const propertyDomains = new Map<string, Domain>(basicProperties);

/** Flags and values of the properties, in a buffer that the next call uses again. */
export function encodeProperties(properties: Properties, frameBytesMax: number): Writer {
  for (const name in properties) {
    const value = properties[name as keyof Properties];
    if (value === undefined) continue;
    const domain = propertyDomains.get(name);
    if (domain === undefined) throw new ArgumentError(`messages have no property '${name}'`);
    checkValue(`property ${name}`, domain, value);
  }
  const write = (target: Writer): void => writeProperties(target, properties);
  const writer = encoded('the properties', properties, write);
  if (frameBytesMax !== 0 && writer.length + HEADER_ROOM_BYTES > frameBytesMax) {
    throw new ArgumentError(`the properties take ${writer.length} octets, which is more than a ` +
      `frame of ${frameBytesMax} holds`);
  }
  return writer;
}

/** Octets of a header frame beside the properties. */
const HEADER_ROOM_BYTES = 12 + FRAME_OVERHEAD_BYTES;

function encoded(what: string, given: object, encode: (writer: Writer) => void): Writer {
  scratch.length = 0;
  try {
    encode(scratch);
  } catch (error) {
    const at = placeOf(given);
    const why = at === undefined ? messageOf(error) : `${messageOf(error)}: ${at}`;
    throw new ArgumentError(`${what} cannot be encoded: ${why}`, { cause: error });
  }
  return scratch;
}

/** Where a value is missing, such as `headers.a.0`. */
function placeOf(holder: object, path = ''): string | undefined {
  for (const [key, value] of Object.entries(holder) as [string, unknown][]) {
    const place = path + key;
    // A property or an argument itself may be undefined, and is then not there.
    if (path !== '' && value === undefined) return place;
    if (typeof value !== 'object' || value === null || place.length > PLACE_LENGTH_MAX) continue;
    const within = placeOf(value, `${place}.`);
    if (within !== undefined) return within;
  }
  return undefined;
}

/** Deeper there is nothing to be told apart any more, and tables may hold themselves. */
const PLACE_LENGTH_MAX = 255;

/** Throws, where the value is not one of the domain. */
export function checkValue(what: string, domain: Domain, value: unknown): void {
  switch (domain) {
    case 'shortstr':
      checkShortString(what, value);
      return;
    case 'longstr':
      if (typeof value !== 'string') throw new ArgumentError(`${what} is not text`);
      return;
    case 'bit':
      if (typeof value !== 'boolean') throw new ArgumentError(`${what} is not a boolean`);
      return;
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw new ArgumentError(`${what} is not a Uint8Array`);
      return;
    case 'table':
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw new ArgumentError(`${what} is not a table`);
      }
      return;
    default:
      checkInteger(what, value, integerMax[domain]!);
  }
}

function checkShortString(what: string, value: unknown): void {
  if (typeof value !== 'string') throw new ArgumentError(`${what} is not text`);
  const excess = excessOf(what, value);
  if (excess !== undefined) throw new ArgumentError(excess);
}

function checkInteger(what: string, value: unknown, max: number): void {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max) return;
  throw new ArgumentError(`${what} is an integer from 0 to ${max}, not ${String(value)}`);
}
