import { decodeBase64, encodeBase64 } from '../protocol/base64.ts';
import { utf8Text } from '../protocol/reader.ts';
import { basicProperties, type Domain } from '../protocol/spec.ts';
import type { FieldTable, Properties } from '../protocol/types.ts';
import { badRequest } from './api-error.ts';
import { readBody, table } from './body.ts';

/** Messages as JSON has them: properties by RabbitMQ's names, payloads as text or base64. */

/** `contentType` is `content_type` there. */
function nameInJson(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const domains = new Map<string, Domain>(basicProperties);
const namesInCode = new Map([...domains.keys()].flatMap((name) => (
  [[nameInJson(name), name], [name, name]] as const)));

export function propertiesToJson(properties: Properties): Readonly<Record<string, unknown>> {
  const entries = Object.entries(properties).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [nameInJson(name), value]));
}

/** Errors: 400 for a value of another type; names that are none are passed over. */
export function propertiesFromJson(given: Readonly<Record<string, unknown>>): Properties {
  const entries = Object.entries(given).flatMap(([key, value]) => {
    const name = namesInCode.get(key);
    if (name === undefined || value === undefined) return [];
    return [[name, propertyFromJson(key, value, domains.get(name)!)]];
  });
  return Object.fromEntries(entries) as Properties;
}

function propertyFromJson(key: string, value: unknown, domain: Domain): unknown {
  if (value === null) throw badRequest('null_not_allowed');
  if (domain === 'table') return readBody(table, value) as FieldTable;
  if (domain === 'shortstr') {
    if (typeof value === 'string' && utf8.encode(value).length <= 255) return value;
    throw badRequest(typeof value === 'string'
      ? `${key} takes more than 255 octets`
      : ['not_string', key]);
  }
  const max = domain === 'octet' ? 0xff : Number.MAX_SAFE_INTEGER;
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max) return value;
  throw badRequest(['not_int', key]);
}

const utf8 = new TextEncoder();

/** The octets of a payload. Errors: 400. */
export function payloadFromJson(payload: unknown, encoding: string): Uint8Array {
  // In process a payload need not be a text.
  if (payload instanceof Uint8Array) return payload;
  if (typeof payload !== 'string') throw badRequest('payload_not_string');
  if (encoding === 'string') return utf8.encode(payload);
  if (encoding !== 'base64') throw badRequest(['unsupported_encoding', encoding]);
  const octets = decodeBase64(payload);
  if (octets === undefined) throw badRequest(['not_base64', payload]);
  return octets;
}

/** `auto`: text where the octets are UTF-8, else base64. */
export function payloadToJson(
  octets: Uint8Array, encoding: 'auto' | 'base64',
): { readonly payload: string; readonly payload_encoding: 'string' | 'base64' } {
  const text = encoding === 'auto' ? utf8Text(octets) : undefined;
  if (text !== undefined) return { payload: text, payload_encoding: 'string' };
  return { payload: encodeBase64(octets), payload_encoding: 'base64' };
}
