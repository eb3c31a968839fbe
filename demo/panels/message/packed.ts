/** Bodies in CBOR and in MessagePack, whose readers are loaded with the first of them. */
import { isHonestMessagePack } from './message-pack-sizes.ts';

export const packings = ['MessagePack', 'CBOR'] as const;
export type Packing = (typeof packings)[number];

/** What was in it, as lists and tables; or why it could not be read, in words. */
export type Unpacked =
  | { readonly packing: Packing; readonly value: unknown }
  | { readonly why: string };

export const packedLimits = {
  /** Octets that are unpacked: a tree of more is nothing that anybody reads. */
  bytes: 262_144,
  /** Lists and tables within each other. */
  depth: 64,
  /** Values in all. */
  values: 10_000,
} as const;

const readers: Readonly<Record<Packing, () => Promise<(octets: Uint8Array) => unknown>>> = {
  async CBOR() {
    const { decode } = await import('cborg');
    return (octets) => decode(octets, { useMaps: true, tags: anyTag });
  },
  async MessagePack() {
    const { decode } = await import('@msgpack/msgpack');
    return (octets) => {
      if (!isHonestMessagePack(octets)) throw new Error('it is cut, or has lengths that are wrong');
      return decode(octets, { useBigInt64: true });
    };
  },
};

/** The tag that says of what follows that it is CBOR, and nothing else. */
const SELF_DESCRIBED = '55799';

type TagReader = (read: () => unknown) => unknown;

/** Each tag as a table of one entry: what it means is nothing that people look for here. */
const anyTag = new Proxy<Record<number, TagReader>>({}, {
  get: (_none, tag) => (read: () => unknown) => (
    tag === SELF_DESCRIBED ? read() : { [`tag ${String(tag)}`]: read() }),
});

/**
 * Reads it as the first of the formats in which it is whole. `isSaid`: its sender says that it is
 * that one. Otherwise that is a guess, and only an object or a list is more than a coincidence.
 */
export async function unpack(
  octets: Uint8Array, tried: readonly Packing[], isSaid: boolean,
): Promise<Unpacked> {
  if (octets.length > packedLimits.bytes) {
    return { why: `more than ${packedLimits.bytes / 1024} KiB are not unpacked` };
  }
  let why = '';
  for (const packing of tried) {
    try {
      const read = await readers[packing]();
      const value = treeOf(read(octets), { left: packedLimits.values });
      if (isSaid || (typeof value === 'object' && value !== null)) return { packing, value };
    } catch (error) {
      // A stack that is too small for it has no message for people.
      const isStack = error instanceof RangeError;
      why = isStack ? 'it is cut, or nested too deep' : (error as Error).message;
    }
  }
  return { why };
}

/** Tables by text alone, within the limits. */
function treeOf(value: unknown, budget: { left: number }, depth = 0): unknown {
  if (depth > packedLimits.depth) throw new Error(`nested more than ${packedLimits.depth} deep`);
  if (--budget.left < 0) throw new Error(`more than ${packedLimits.values} values`);
  if (isLeaf(value)) return value;
  const inner = (item: unknown): unknown => treeOf(item, budget, depth + 1);
  if (Array.isArray(value)) return value.map(inner);
  const table: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of value instanceof Map ? value : Object.entries(value as object)) {
    let name = keyText(key);
    // Of the number 1 and the text “1” both are shown.
    while (name in table) name += '′';
    table[name] = inner(item);
  }
  return table;
}

/** Whether nothing is within it. */
export function isLeaf(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return value instanceof Uint8Array || value instanceof Date;
}

function keyText(key: unknown): string {
  return typeof key === 'string' ? key : leafText(key);
}

/** Octets as CBOR's own notation has them. */
export function leafText(value: unknown): string {
  if (value instanceof Uint8Array) {
    return `h'${Array.from(value, (octet) => octet.toString(16).padStart(2, '0')).join('')}'`;
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'no date' : value.toISOString();
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' && value !== null ? '{…}' : String(value);
}
