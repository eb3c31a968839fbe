import { tagOf } from '../../protocol/field-tags.ts';
import { utf8Text } from '../../protocol/reader.ts';
import { Decimal, type FieldTable, type FieldValue } from '../../protocol/types.ts';

/**
 * A key that two field values share if they are equal as RabbitMQ sees it: numbers by value
 * whatever their width, a time stamp as its seconds, text as its octets, all else by type too. So
 * is what a table or an array holds, and the fields of a table in their order. TYP-04.
 */
export function equalityKey(value: FieldValue): string {
  const reduced = reduce(value);
  switch (typeof reduced) {
    // Most values are text or numbers, and need no more than a letter before them.
    case 'string': return `S${reduced}`;
    case 'number': return `N${reduced + 0}`;
    case 'bigint': return `N${reduced}`;
    // One call for all levels: to quote what is already quoted would double it at each level.
    default: return JSON.stringify(plain(reduced));
  }
}

/** The same for arguments as a whole: which are there, in any order, and each by its value. */
export function argumentsKey(table: FieldTable): string {
  const names = Object.keys(table).sort();
  return JSON.stringify(names.map((name) => [name, equalityKey(table[name]!)]));
}

/** Time stamps as numbers, and octets as text where they are text. */
function reduce(value: FieldValue): FieldValue {
  if (value instanceof Date) return value.getTime() / 1000;
  return value instanceof Uint8Array ? utf8Text(value) ?? value : value;
}

/** The value in JSON's terms, so that what differs here differs there. */
function plain(value: FieldValue): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return value.map((item, index) => tagged(item, tagOf(value, index)));
  }
  if (value instanceof Uint8Array) return { octets: [...value] };
  if (value instanceof Decimal) return { decimal: [value.scale, value.value] };
  const table = value as FieldTable;
  const fields = Object.keys(table).map((key) => [key, tagged(table[key]!, tagOf(table, key))]);
  return { table: fields };
}

/** A value inside another one: its type counts as well. */
function tagged(value: FieldValue, tag: string): unknown {
  const reduced = reduce(value);
  if (typeof reduced === 'number' || typeof reduced === 'bigint') return [tag, `${reduced}`];
  return [tag, plain(reduced)];
}
