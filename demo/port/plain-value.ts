/** Values of a field table as JSON can hold them, and back: octets, large integers, dates. */
import { base64Url, bytesOfBase64Url } from './base64.ts';

/** Tables and lists within each other; nobody writes more of them by hand. */
const DEPTH_MAX = 64;
/** An object with one of these is not what it looks like; `$table` holds one that only seems so. */
const tags = ['$octets', '$integer', '$date', '$table'] as const;

type Table = Readonly<Record<string, unknown>>;

/** Throws a RangeError where it is nested too deep. */
export function plainOf(value: unknown, depth = 0): unknown {
  checkDepth(depth);
  if (typeof value === 'bigint') return { $integer: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return { $octets: base64Url(value) };
  if (value instanceof Date) return { $date: value.getTime() };
  if (Array.isArray(value)) return value.map((item) => plainOf(item, depth + 1));
  const table = mapped(value as Table, (item) => plainOf(item, depth + 1));
  return tags.some((tag) => tag in value) ? { $table: table } : table;
}

/** Throws where it is nested too deep, or says that it is something which it is not. */
export function valueOf(plain: unknown, depth = 0): unknown {
  checkDepth(depth);
  if (typeof plain !== 'object' || plain === null) return plain;
  if (Array.isArray(plain)) return plain.map((item) => valueOf(item, depth + 1));
  const { $octets, $integer, $date, $table } = plain as Table;
  if (typeof $octets === 'string') return bytesOfBase64Url($octets);
  if (typeof $integer === 'string') return BigInt($integer);
  if (typeof $date === 'number') return new Date($date);
  const table = ($table ?? plain) as Table;
  return mapped(table, (item) => valueOf(item, depth + 1));
}

function mapped(table: Table, change: (value: unknown) => unknown): Table {
  // Entries, because a key may well be `__proto__`.
  return Object.fromEntries(Object.entries(table).map(([key, item]) => [key, change(item)]));
}

function checkDepth(depth: number): void {
  if (depth > DEPTH_MAX) throw new RangeError(`nested more than ${DEPTH_MAX} deep`);
}
