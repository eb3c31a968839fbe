import { excessOf } from '../protocol/short-string.ts';
import { basicProperties, type Domain } from '../protocol/spec.ts';
import type { FieldTable, Properties } from '../protocol/types.ts';

// Reads what came as JSON, or by structured clone. What is of another type throws a TypeError that
// names the field: to take it for nothing would do something else than was asked for.

/** A JSON object. */
export type Item = Readonly<Record<string, unknown>>;

export function tableOf(value: unknown, what: string): Item {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Item;
  throw new TypeError(`${what} must be a JSON object`);
}

export function textOf(item: Item, key: string, absent?: string): string {
  return shortText(item[key] ?? absent, `"${key}"`);
}

/** A text that clients can be told of whole. */
export function shortText(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new TypeError(`${what} must be a text`);
  const excess = excessOf(what, value);
  if (excess !== undefined) throw new TypeError(excess);
  return value;
}

export function flagOf(item: Item, key: string, absent = false): boolean {
  const value = item[key] ?? absent;
  if (typeof value === 'boolean') return value;
  throw new TypeError(`"${key}" must be true or false`);
}

export function argumentsOf(item: Item): FieldTable {
  return tableOf(item['arguments'] ?? {}, '"arguments"') as FieldTable;
}

const domains = new Map<string, Domain>(basicProperties);

/** The properties of a message, by the names that the client has for them. */
export function propertiesOf(item: Item): Properties {
  const properties = tableOf(item['properties'] ?? {}, '"properties"');
  for (const [name, value] of Object.entries(properties)) {
    if (value !== undefined) checkProperty(name, value, domains.get(name));
  }
  return properties;
}

function checkProperty(name: string, value: unknown, domain: Domain | undefined): void {
  switch (domain) {
    case undefined:
      throw new TypeError(`messages have no property "${name}"`);
    case 'table':
      tableOf(value, `"${name}"`);
      return;
    case 'shortstr':
      shortText(value, `"${name}"`);
      return;
    default: {
      const max = domain === 'octet' ? 0xff : Number.MAX_SAFE_INTEGER;
      if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max) return;
      throw new TypeError(`"${name}" must be a whole number from 0 to ${max}`);
    }
  }
}
