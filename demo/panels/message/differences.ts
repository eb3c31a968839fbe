import type { Properties } from '../../../core/protocol/types.ts';
import { bodyLine } from '../../shell/format.ts';
import { jsonOf } from './body.ts';

/** What is compared of a message. */
export interface Compared {
  readonly body: Uint8Array;
  readonly properties: Properties;
}

/** What changed from one message to another: `body.total: 3 → 4`. */
export function differencesOf(before: Compared, now: Compared): readonly string[] {
  const [old, current] = [leavesOf(before), leavesOf(now)];
  return [...new Set([...old.keys(), ...current.keys()])]
    .filter((name) => old.get(name) !== current.get(name))
    .map((name) => `${name}: ${old.get(name) ?? 'absent'} → ${current.get(name) ?? 'absent'}`);
}

/** Each value of a message as text, by the path to it. */
function leavesOf({ body, properties: { headers = {}, ...rest } }: Compared): Map<string, string> {
  const leaves = new Map<string, string>();
  for (const [name, value] of Object.entries(rest)) leaves.set(name, valueText(value));
  for (const [name, value] of Object.entries(headers)) leaves.set(name, valueText(value));
  const text = bodyLine(body, 500);
  const value = jsonOf(new TextDecoder().decode(body));
  if (value === undefined) leaves.set('body', text === '' ? 'empty' : text);
  else addLeaves(leaves, 'body', value);
  return leaves;
}

function addLeaves(leaves: Map<string, string>, path: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
    leaves.set(path, JSON.stringify(value));
    return;
  }
  for (const [key, each] of Object.entries(value)) {
    addLeaves(leaves, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, each);
  }
}

/** A value of a property or a header on one line. */
export function valueText(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} octets`;
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'string' ? value : JSON.stringify(value, (_, each: unknown) => (
    typeof each === 'bigint' ? String(each) : each
  ));
}
