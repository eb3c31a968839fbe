import { AmqpError } from '../errors.ts';
import type { Block } from './bytes.ts';
import {
  CONTINUED, KNOWN_FLAGS, propertyEntries, unknownProperty, type PropertyDomain,
} from './properties.ts';
import { checkTable } from './raw-table.ts';
import type { PropertyName } from './types.ts';

/** Properties as they lie on the wire, found and checked without being decoded. */

/** Flag of each property in the first word of flags. CON-37. */
export const propertyFlags = Object.fromEntries(
  propertyEntries.map(({ name, flag }) => [name, flag]),
) as { readonly [N in PropertyName]: number };

/** Octets of size before the value; of a value without them, its own octets. */
const prefixBytes: Partial<Record<PropertyDomain, number>> = { shortstr: 1, table: 4 };
const fixedBytes: Partial<Record<PropertyDomain, number>> = { octet: 1, timestamp: 8 };
const prefixByIndex = Uint8Array.from(propertyEntries, ({ domain }) => prefixBytes[domain] ?? 0);
const fixedByIndex = Uint8Array.from(propertyEntries, ({ domain }) => fixedBytes[domain] ?? 0);

/** Size of the value of the property at `index`, after the octets of size that lie at `at`. */
function valueBytes(block: Block, index: number, at: number, end: number): number {
  const prefix = prefixByIndex[index]!;
  if (at + prefix > end) throw new AmqpError('SYNTAX_ERROR', 'truncated properties');
  if (prefix === 0) return fixedByIndex[index]!;
  return prefix === 1 ? block.bytes[at]! : block.view.getUint32(at);
}

/** Where the values begin: after the last word of flags. */
function startOfValues(block: Block, flagsAt: number, end: number): number {
  let at = flagsAt;
  let word = CONTINUED;
  while ((word & CONTINUED) !== 0) {
    if (at + 2 > end) throw new AmqpError('SYNTAX_ERROR', 'truncated properties');
    word = block.view.getUint16(at);
    at += 2;
  }
  return at;
}

/**
 * Where the value of a property lies, without its octets of size, in the properties whose flags
 * are at `flagsAt`; undefined, where it is absent. Nothing is decoded.
 */
export function locateProperty(
  block: Block, flagsAt: number, end: number, name: PropertyName,
): { start: number; end: number } | undefined {
  let at = startOfValues(block, flagsAt, end);
  const flags = block.view.getUint16(flagsAt);
  const wanted = propertyFlags[name];
  if ((flags & wanted) === 0) return undefined;
  for (let index = 0, flag = 0x8000; ; index++, flag >>= 1) {
    if ((flags & flag) === 0) continue;
    const start = at + prefixByIndex[index]!;
    at = start + valueBytes(block, index, at, end);
    if (at > end) throw new AmqpError('SYNTAX_ERROR', 'truncated properties');
    if (flag === wanted) return { start, end: at };
  }
}

/**
 * Whether the properties are what their flags say, nested tables and all, and take the whole of
 * [flagsAt, end); else 502. What a publisher sends goes on as it is to consumers, so what they
 * could not read must not pass. Nothing is decoded.
 */
export function checkProperties(block: Block, flagsAt: number, end: number): void {
  let at = startOfValues(block, flagsAt, end);
  const flags = block.view.getUint16(flagsAt);
  if ((flags & ~KNOWN_FLAGS) !== 0) throw unknownProperty();
  for (let index = 0; index < propertyEntries.length; index++) {
    const entry = propertyEntries[index]!;
    if ((flags & entry.flag) === 0) continue;
    const start = at + prefixByIndex[index]!;
    at = start + valueBytes(block, index, at, end);
    if (at > end) throw new AmqpError('SYNTAX_ERROR', 'truncated properties');
    if (entry.domain === 'table') checkTable(block, start, at);
  }
  if (at !== end) throw new AmqpError('SYNTAX_ERROR', 'octets left over after the properties');
}
