import { encodeBase64 } from '../protocol/base64.ts';
import { utf8Text } from '../protocol/reader.ts';
import { Decimal } from '../protocol/types.ts';

/**
 * A value as JSON, also where it holds what a field table can hold and JSON cannot: octets become
 * text, or base64 where they are none; a time becomes whole seconds.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, plain);
}

function plain(this: unknown, key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  // A date has been a text by now, for it has a toJSON.
  const given = (this as Record<string, unknown>)[key];
  if (given instanceof Date) return Math.floor(given.getTime() / 1000);
  if (value instanceof Uint8Array) return utf8Text(value) ?? encodeBase64(value);
  if (value instanceof Decimal) return Number(value.value) / 10 ** value.scale;
  return value;
}
