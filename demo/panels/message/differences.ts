import type { Properties } from '../../../core/protocol/types.ts';
import { bodyView, type BodyView } from './body.ts';
import { isLeaf, leafText, unpack } from './packed.ts';

/** Characters of a value that are shown; all of them are compared. */
const SHOWN_MAX = 500;
/** Those of them that are the same, before the first that differs. */
const CONTEXT = 20;

/** What is compared of a message. */
export interface Compared {
  readonly body: Uint8Array;
  readonly properties: Properties;
}

/** What changed from one message to another: `body.total: 3 → 4`. */
export async function differencesOf(before: Compared, now: Compared): Promise<readonly string[]> {
  const [old, current] = await Promise.all([leavesOf(before), leavesOf(now)]);
  return [...new Set([...old.keys(), ...current.keys()])]
    .filter((name) => old.get(name) !== current.get(name))
    .map((name) => `${name}: ${changeText(old.get(name), current.get(name))}`);
}

/** Of what is long there is the part where it differs. */
function changeText(old = 'absent', current = 'absent'): string {
  let same = 0;
  while (same < old.length && old[same] === current[same]) same++;
  const isLong = Math.max(old.length, current.length) > SHOWN_MAX;
  const from = isLong ? Math.max(0, same - CONTEXT) : 0;
  const to = from + SHOWN_MAX;
  const part = (text: string): string => (
    `${from > 0 ? '…' : ''}${text.slice(from, to)}${text.length > to ? '…' : ''}`
  );
  return `${part(old)} → ${part(current)}`;
}

/** Each value of a message as text, by the path to it. */
async function leavesOf({ body, properties }: Compared): Promise<ReadonlyMap<string, string>> {
  const { headers = {}, ...rest } = properties;
  const leaves = new Map<string, string>();
  for (const [name, value] of Object.entries(rest)) leaves.set(name, valueText(value));
  for (const [name, value] of Object.entries(headers)) leaves.set(name, valueText(value));
  const view = bodyView(body, properties.contentType);
  if (view.kind === 'text') leaves.set('body', view.text);
  else if (view.kind === 'empty') leaves.set('body', 'empty');
  else addLeaves(leaves, 'body', await unfolded(body, view));
  return leaves;
}

/** As lists and tables where that can be, else as its octets. */
async function unfolded(body: Uint8Array, view: BodyView): Promise<unknown> {
  if (view.kind === 'json') return view.value;
  if (view.kind !== 'binary') return body;
  const unpacked = await unpack(body, view.packings, view.format !== '');
  return 'value' in unpacked ? unpacked.value : body;
}

function addLeaves(leaves: Map<string, string>, path: string, value: unknown): void {
  const entries = isLeaf(value) ? [] : Object.entries(value as object);
  if (entries.length === 0) {
    leaves.set(path, isLeaf(value) ? leafText(value) : JSON.stringify(value));
  }
  for (const [key, each] of entries) {
    addLeaves(leaves, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, each);
  }
}

/** A value of a property or a header on one line. */
export function valueText(value: unknown): string {
  if (value instanceof Date) return leafText(value);
  if (value instanceof Uint8Array) return `${value.length} octets`;
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'string' ? value : JSON.stringify(value, (_, each: unknown) => (
    typeof each === 'bigint' ? String(each) : each
  ));
}
