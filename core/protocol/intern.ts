import type { Block } from './bytes.ts';
import { utf8Text } from './reader.ts';
import { AmqpError } from '../errors.ts';

const SLOTS = 512;
/** Longer names are rare, and not worth comparing. */
const BYTES_MAX = 64;

interface Entry {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * Strings by their bytes, so that a name that comes again and again is decoded once. One entry a
 * slot: a name that meets another in its slot takes its place, and the table never grows.
 */
export class InternTable {
  readonly #entries: (Entry | undefined)[] = new Array<Entry | undefined>(SLOTS).fill(undefined);

  /** block[start, end) as text; 502 where it is not UTF-8. */
  text(block: Block, start: number, end: number): string {
    const { bytes } = block;
    if (end - start > BYTES_MAX) return decode(bytes, start, end);
    let hash = 0x811c_9dc5;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x0100_0193);
    const slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);
    const entry = this.#entries[slot];
    if (entry !== undefined && isSame(entry.bytes, bytes, start, end)) return entry.text;
    const text = decode(bytes, start, end);
    this.#entries[slot] = { bytes: bytes.slice(start, end), text };
    return text;
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}

function decode(bytes: Uint8Array, start: number, end: number): string {
  const text = utf8Text(bytes.subarray(start, end));
  if (text === undefined) throw new AmqpError('SYNTAX_ERROR', 'string is not valid UTF-8');
  return text;
}
