import { utf8Text } from '../../protocol/reader.ts';
import { Decimal, type FieldTable, type FieldValue } from '../../protocol/types.ts';

/**
 * A key that two field values share if they are equal as RabbitMQ sees it: numbers by value
 * whatever their width, a time stamp as its seconds, text as its octets, all else by type too.
 */
export function equalityKey(value: FieldValue): string {
  const reduced = reduce(value);
  switch (typeof reduced) {
    // Most values are text or numbers, and need no more than a letter before them.
    case 'string': return `S${reduced}`;
    case 'number':
    case 'bigint': return `N${reduced}`;
    // One call for all levels: to quote what is already quoted would double it at each level.
    default: return JSON.stringify(plain(reduced));
  }
}

/** Time stamps as numbers, and octets as text where they are text. */
function reduce(value: FieldValue): FieldValue {
  if (value instanceof Date) return value.getTime() / 1000;
  return value instanceof Uint8Array ? utf8Text(value) ?? value : value;
}

/** The value in JSON's terms, so that what differs here differs there. */
function plain(value: FieldValue): unknown {
  const reduced = reduce(value);
  if (typeof reduced === 'number' || typeof reduced === 'bigint') return { number: `${reduced}` };
  if (typeof reduced !== 'object' || reduced === null) return reduced;
  if (Array.isArray(reduced)) return reduced.map(plain);
  if (reduced instanceof Uint8Array) return { octets: [...reduced] };
  if (reduced instanceof Decimal) return { decimal: [reduced.scale, reduced.value] };
  const table = reduced as FieldTable;
  return { table: Object.keys(table).sort().map((key) => [key, plain(table[key]!)]) };
}
