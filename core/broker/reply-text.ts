import { tagOf, usualTag } from '../protocol/field-tags.ts';
import { utf8Text } from '../protocol/reader.ts';
import { Decimal, type FieldTable, type FieldValue } from '../protocol/types.ts';

/**
 * How RabbitMQ writes things in reply texts, which clients match: some as text, some as terms of
 * Erlang.
 */

/** `queue 'q' in vhost '/'` */
export function resourceText(kind: 'queue' | 'exchange', name: string, vhost: string): string {
  return `${kind} '${name}' in vhost '${vhost}'`;
}

/** A string of Erlang: `"text"`. */
export function stringTerm(text: string): string {
  return `"${escape(text)}"`;
}

/** A binary of Erlang: `<<"text">>`, `<<>>` where it is empty. */
export function binaryTerm(text: string): string {
  return text === '' ? '<<>>' : `<<"${escape(text)}">>`;
}

function escape(text: string): string {
  return text.replaceAll(/["\\]/g, String.raw`\$&`);
}

/** RabbitMQ's names for the types of field values, by tag. */
const typeNames: Readonly<Record<string, string>> = {
  t: 'bool', b: 'byte', B: 'unsignedbyte', s: 'short', u: 'unsignedshort', I: 'signedint',
  i: 'unsignedint', l: 'long', L: 'long', f: 'float', d: 'double', T: 'timestamp', D: 'decimal',
  V: 'void', S: 'longstr', x: 'binary', A: 'array', F: 'table',
};

/** RabbitMQ's name for the type of a field value, which came with this tag. */
export function typeName(value: FieldValue, tag = usualTag(value)): string {
  return typeNames[tag]!;
}

/** A field value as it stands in a text. */
export function valueText(value: FieldValue): string {
  switch (typeof value) {
    case 'string': return value;
    case 'boolean':
    case 'bigint':
    case 'number': return String(value);
    default: return objectText(value);
  }
}

function objectText(value: FieldValue & (object | null)): string {
  if (value === null) return 'undefined';
  if (Array.isArray(value)) {
    const items = value.map((item, index) => typedTerm(item, tagOf(value, index)));
    return `[${items.join(',')}]`;
  }
  if (value instanceof Uint8Array) return octetsTerm(value);
  if (value instanceof Date) return String(value.getTime() / 1000);
  if (value instanceof Decimal) return `{${value.scale},${value.value}}`;
  return `[${tableTerms(value).join(',')}]`;
}

/** The values of a table as terms of Erlang: `{<<"x-max-length">>,signedint,5}`. */
export function tableTerms(table: FieldTable): string[] {
  return Object.entries(table).map(([key, item]) => (
    `{${binaryTerm(key)},${typeName(item, tagOf(table, key))},${valueTerm(item)}}`));
}

function octetsTerm(octets: Uint8Array): string {
  const text = utf8Text(octets);
  return text === undefined ? `<<${octets.join(',')}>>` : binaryTerm(text);
}

/** A field value with its type, as a term of Erlang: `{longstr,<<"text">>}`. */
export function typedTerm(value: FieldValue, tag = usualTag(value)): string {
  return `{${typeName(value, tag)},${valueTerm(value)}}`;
}

/** A field value as a term of Erlang, where text is a binary. */
function valueTerm(value: FieldValue): string {
  return typeof value === 'string' ? binaryTerm(value) : valueText(value);
}

/** What came as JSON, as a term of Erlang: `<<"text">>`, `[1,2]`, `#{<<"key">> => 1}`. */
export function jsonTerm(value: unknown): string {
  if (typeof value === 'string') return binaryTerm(value);
  if (Array.isArray(value)) return `[${value.map(jsonTerm).join(',')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value)
    .map(([key, item]) => `${binaryTerm(key)} => ${jsonTerm(item)}`);
  return `#{${entries.join(',')}}`;
}
