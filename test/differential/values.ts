/**
 * AMQP field values for the differential test: an encoder and a decoder of their own, so that a fault
 * in core/protocol cannot hide itself by being on both ends of the wire.
 */

import { concat, textOf, toHex, utf8 } from '../support/bytes.ts';

/** A value with its AMQP type letter, for the types that a plain JavaScript value does not name. */
export class Typed {
  readonly type: string;
  readonly value: unknown;

  constructor(type: string, value: unknown) {
    this.type = type;
    this.value = value;
  }
}

export type Value = string | number | boolean | null | Typed | readonly Value[] | Table;
export interface Table {
  readonly [key: string]: Value;
}

export const typed = (type: string, value: unknown): Typed => new Typed(type, value);

export function shortString(text: string): Uint8Array {
  const bytes = utf8(text);
  if (bytes.length > 255) throw new Error(`a short string of ${bytes.length} octets`);
  return concat([Uint8Array.of(bytes.length), bytes]);
}

export function longString(content: string | Uint8Array): Uint8Array {
  const bytes = typeof content === 'string' ? utf8(content) : content;
  return concat([integer(4, bytes.length), bytes]);
}

/** A big-endian integer of 1, 2, 4 or 8 octets; a negative one in two's complement. */
export function integer(octets: number, value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setBigUint64(0, BigInt.asUintN(64, BigInt(value)));
  return bytes.subarray(8 - octets);
}

export function encodeTable(table: Table): Uint8Array {
  return longString(encodeTableEntries(table));
}

/** The entries without the length before them, which is how AMQPLAIN sends its response. */
export function encodeTableEntries(table: Table): Uint8Array {
  return concat(
    Object.entries(table).map(([key, value]) => concat([shortString(key), encodeValue(value)])),
  );
}

function encodeValue(value: Value): Uint8Array {
  const { type, value: content } = value instanceof Typed ? value : inferType(value);
  return concat([utf8(type), encodeTyped(type, content)]);
}

function inferType(value: Exclude<Value, Typed>): Typed {
  if (typeof value === 'string') return typed('S', value);
  if (typeof value === 'boolean') return typed('t', value);
  if (typeof value === 'number') return typed(value === (value | 0) ? 'I' : 'l', value);
  if (value === null) return typed('V', null);
  return Array.isArray(value) ? typed('A', value) : typed('F', value);
}

const integerOctets: Readonly<Record<string, number>> = {
  t: 1, b: 1, B: 1, s: 2, u: 2, I: 4, i: 4, l: 8, L: 8, T: 8,
};
const signedTypes = 'bsIlL';

function encodeTyped(type: string, content: unknown): Uint8Array {
  const octets = integerOctets[type];
  if (octets !== undefined) return integer(octets, typeof content === 'bigint' ? content : Number(content));
  if (type === 'S' || type === 'x') return longString(content as string);
  if (type === 'A') return longString(concat((content as Value[]).map(encodeValue)));
  if (type === 'F') return encodeTable(content as Table);
  if (type === 'V') return new Uint8Array(0);
  if (type === 'D') {
    const { scale, digits } = content as { scale: number; digits: number };
    return concat([integer(1, scale), integer(4, digits)]);
  }
  const bytes = new Uint8Array(type === 'f' ? 4 : 8);
  if (type === 'f') viewOf(bytes).setFloat32(0, content as number);
  else viewOf(bytes).setFloat64(0, content as number);
  return bytes;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Reads octets in order and fails when a length points beyond the end. */
export class Octets {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  take(count: number): Uint8Array {
    if (count > this.remaining) throw new Error(`${count} octets wanted, ${this.remaining} left`);
    this.#offset += count;
    return this.#bytes.subarray(this.#offset - count, this.#offset);
  }

  unsigned(octets: number): number {
    return Number(this.unsignedBig(octets));
  }

  unsignedBig(octets: number): bigint {
    return this.take(octets).reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
  }

  shortString(): string {
    return textOf(this.take(this.unsigned(1)));
  }

  longString(): Uint8Array {
    return this.take(this.unsigned(4));
  }

  /** Decoded tables hold `Typed` values only, in the order of the wire. */
  table(): Record<string, Typed> {
    const entries = new Octets(this.longString());
    const table: Record<string, Typed> = {};
    while (entries.remaining > 0) {
      const key = entries.shortString();
      if (Object.hasOwn(table, key)) throw new Error(`the key ${key} twice in a table`);
      table[key] = entries.#value();
    }
    return table;
  }

  #value(): Typed {
    const type = String.fromCharCode(this.unsigned(1));
    return typed(type, this.#content(type));
  }

  #content(type: string): unknown {
    const octets = integerOctets[type];
    if (octets !== undefined) {
      const value = this.unsignedBig(octets);
      if (type === 't') return value !== 0n;
      return signedTypes.includes(type) ? BigInt.asIntN(octets * 8, value) : value;
    }
    switch (type) {
      case 'S':
        return textOf(this.longString());
      case 'x':
        return this.longString();
      case 'F':
        return this.table();
      case 'A': {
        const elements = new Octets(this.longString());
        const values: Typed[] = [];
        while (elements.remaining > 0) values.push(elements.#value());
        return values;
      }
      case 'D':
        return { scale: this.unsigned(1), digits: this.unsigned(4) };
      case 'f':
        return viewOf(this.take(4)).getFloat32(0);
      case 'd':
        return viewOf(this.take(8)).getFloat64(0);
      case 'V':
        return null;
      default:
        throw new Error(`the field type ${JSON.stringify(type)}`);
    }
  }
}

/**
 * A decoded value as a reader writes it: strings in quotes, other types with their letter.
 * Keys are sorted, because the order of a table has no meaning and brokers differ in it.
 */
export function formatValue({ type, value }: Typed): string {
  switch (type) {
    case 'S':
      return JSON.stringify(value);
    case 't':
      return String(value);
    case 'V':
      return 'void';
    case 'A':
      return `[${(value as Typed[]).map(formatValue).join(', ')}]`;
    case 'F':
      return formatTable(value as Record<string, Typed>);
    case 'D': {
      const { scale, digits } = value as { scale: number; digits: number };
      return `D:${digits}e-${scale}`;
    }
    case 'x':
      return `x:${toHex(value as Uint8Array)}`;
    default:
      return `${type}:${String(value)}`;
  }
}

export function formatTable(table: Readonly<Record<string, Typed>>): string {
  const entries = Object.keys(table).sort().map((key) => `${key}: ${formatValue(table[key] as Typed)}`);
  return `{${entries.join(', ')}}`;
}
