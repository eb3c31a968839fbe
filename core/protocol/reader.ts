import { AmqpError } from '../errors.ts';
import { blockOf, type Block } from './bytes.ts';

// A byte order mark is part of the text: names that differ by it are different names.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const lossyUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** These bytes as text, or undefined where they are not UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const NO_BYTES = new Uint8Array(0);

/**
 * Cursor over one region of bytes. Reading past its end is the peer's fault: 502 SYNTAX_ERROR.
 */
export class Reader {
  /**
   * Whether text that is not UTF-8 and tables with too many values are refused with 502, or read
   * all the same: text with marks in its place.
   */
  strict = true;
  block: Block;
  offset: number;
  end: number;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.block = blockOf(bytes);
    this.offset = offset;
    this.end = end;
  }

  /** A reader for what was accepted before: it refuses neither text nor length. */
  static lenient(block: Block, offset: number, end: number): Reader {
    const reader = new Reader(NO_BYTES).reset(block, offset, end);
    reader.strict = false;
    return reader;
  }

  /** Points this reader at another region, so that one reader serves many frames. */
  reset(block: Block, offset: number, end: number): this {
    this.block = block;
    this.offset = offset;
    this.end = end;
    return this;
  }

  /** Octets that were not read yet. */
  get remaining(): number {
    return this.end - this.offset;
  }

  #advance(count: number): number {
    const at = this.offset;
    if (at + count > this.end) throw new AmqpError('SYNTAX_ERROR', 'truncated arguments');
    this.offset = at + count;
    return at;
  }

  /** An unsigned integer of 8 bits. */
  octet(): number {
    return this.block.bytes[this.#advance(1)]!;
  }

  /** An unsigned integer of 16 bits. */
  short(): number {
    return this.block.view.getUint16(this.#advance(2));
  }

  /** An unsigned integer of 32 bits. */
  long(): number {
    return this.block.view.getUint32(this.#advance(4));
  }

  /** An unsigned 64-bit integer; exact up to 2^53, beyond that the nearest number. */
  longlong(): number {
    const at = this.#advance(8);
    const view = this.block.view;
    return view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
  }

  /** Text of up to 255 octets, in UTF-8. 502: it is not. */
  shortstr(): string {
    return this.text(this.octet());
  }

  /** Text of up to 4 GiB, in UTF-8. 502: it is not. */
  longstr(): string {
    return this.text(this.long());
  }

  /** A view of the next longstr: valid as long as the bytes under it. */
  bytes(): Uint8Array {
    const count = this.long();
    const at = this.#advance(count);
    return this.block.bytes.subarray(at, at + count);
  }

  /** The next `count` bytes as UTF-8; where they are not, a strict reader throws 502. */
  text(count: number): string {
    const at = this.#advance(count);
    if (count === 0) return '';
    const octets = this.block.bytes.subarray(at, at + count);
    if (!this.strict) return lossyUtf8.decode(octets);
    const text = utf8Text(octets);
    if (text === undefined) throw new AmqpError('SYNTAX_ERROR', 'string is not valid UTF-8');
    return text;
  }

  /** Steps over `count` bytes and answers where they start. */
  skip(count: number): number {
    return this.#advance(count);
  }
}
