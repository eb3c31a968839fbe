import { Decimal, type FieldTable, type FieldValue } from './types.ts';

/**
 * The tags of values as they came. A number of JavaScript does not tell whether it was sent as an
 * octet, a long or a double; RabbitMQ tells them apart, in arguments and in nested tables.
 */

/** A table or an array, which knows its values by name or by index. */
type Holder = FieldTable | FieldValue[];

interface KeptTag {
  readonly value: FieldValue;
  readonly tag: string;
}

/** Only of values that came with another tag than they would be sent with. */
const keptTags = new WeakMap<Holder, Map<string | number, KeptTag>>();

/** The tag that a value is sent with where nothing else is known: what clients expect of it. */
export function usualTag(value: FieldValue): string {
  switch (typeof value) {
    case 'string': return 'S';
    case 'boolean': return 't';
    case 'bigint': return 'l';
    case 'number': return usualNumberTag(value);
    default: return usualObjectTag(value);
  }
}

function usualNumberTag(value: number): string {
  if (value === (value | 0)) return 'I';
  return Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63 ? 'l' : 'd';
}

function usualObjectTag(value: FieldValue & (object | null)): string {
  if (value === null) return 'V';
  if (Array.isArray(value)) return 'A';
  if (value instanceof Uint8Array) return 'x';
  if (value instanceof Date) return 'T';
  return value instanceof Decimal ? 'D' : 'F';
}

/** Remembers the tag that a value of a table or an array came with, where it is not the usual. */
export function keepTag(
  holder: Holder, key: string | number, value: FieldValue, tag: string,
): void {
  if (tag === usualTag(value)) return;
  let tags = keptTags.get(holder);
  if (tags === undefined) keptTags.set(holder, tags = new Map());
  tags.set(key, { value, tag });
}

/** The tag of a value of this table or array: as it came, if nobody has changed it since. */
export function tagOf(holder: Holder, key: string | number): string {
  const value = (holder as Record<string | number, FieldValue>)[key]!;
  const kept = keptTags.get(holder)?.get(key);
  return kept !== undefined && Object.is(kept.value, value) ? kept.tag : usualTag(value);
}

/** Whether a value is a floating-point number by its tag, whatever its value. */
export function isFloat(tag: string): boolean {
  return tag === 'd' || tag === 'f';
}
