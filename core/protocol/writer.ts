import { wireLimits } from './limits.ts';
import { assert } from '../assert.ts';
import type { BufferPool } from './buffer-pool.ts';
import { blockOf, copy, type Block } from './bytes.ts';
import { FRAME_END, FRAME_HEADER_BYTES } from './spec.ts';

const utf8 = new TextEncoder();
const EMPTY = blockOf(new Uint8Array(0));

/**
 * Room that a frame begins with: enough for any but those with tables and bodies, so that the
 * last frame of a batch begins a new one instead of making the buffer outgrow the pool.
 */
export const FRAME_ROOM_BYTES = 1024;

/** Longer texts are soon encoded by what the platform has for that. */
const ASCII_MAX = 256;

/**
 * The output of one connection in one turn: frames are encoded in place in a pooled buffer, which
 * is handed over whole. While nothing is to be sent it holds no buffer at all.
 */
export class Writer {
  block: Block = EMPTY;
  length = 0;
  readonly #pool: BufferPool;
  readonly #send: (batch: Uint8Array) => void;

  /** `send` gets each batch: whole frames, owned by the receiver from then on. */
  constructor(pool: BufferPool, send: (batch: Uint8Array) => void) {
    this.#pool = pool;
    this.#send = send;
  }

  /** Hands over what was written. Call on frame boundaries only. */
  flush(): void {
    if (this.length === 0) return;
    const batch = this.block.bytes.subarray(0, this.length);
    this.block = EMPTY;
    this.length = 0;
    this.#send(batch);
  }

  /**
   * Makes room for `count` bytes on a frame boundary: a full batch goes out first, so that what
   * is written next stays in one piece.
   */
  reserve(count: number): void {
    if (this.length + count <= this.block.bytes.length) return;
    this.flush();
    this.block = this.#pool.take(count);
  }

  /** Makes room for `count` bytes inside a frame, whose start must not move away. */
  grow(count: number): void {
    if (this.length + count <= this.block.bytes.length) return;
    const bytesMin = Math.max(wireLimits.outputBatchBytes, (this.length + count) * 2);
    const larger = this.#pool.take(this.length === 0 ? count : bytesMin);
    copy(larger, 0, this.block, 0, this.length);
    this.#pool.give(this.block.bytes);
    this.block = larger;
  }

  /** An unsigned integer of 8 bits. */
  octet(value: number): void {
    this.grow(1);
    this.block.bytes[this.length++] = value;
  }

  /** An unsigned integer of 16 bits. */
  short(value: number): void {
    this.grow(2);
    this.block.view.setUint16(this.length, value);
    this.length += 2;
  }

  /** An unsigned integer of 32 bits. */
  long(value: number): void {
    this.grow(4);
    this.block.view.setUint32(this.length, value);
    this.length += 4;
  }

  /** An unsigned 64-bit integer of at most 2^53. */
  longlong(value: number): void {
    this.grow(8);
    this.block.view.setUint32(this.length, Math.floor(value / 0x1_0000_0000));
    this.block.view.setUint32(this.length + 4, value >>> 0);
    this.length += 8;
  }

  /**
   * UTF-8, cut on a character boundary to the 255 bytes that a short string can hold; answers
   * whether it is whole. CON-30.
   */
  shortstr(text: string): boolean {
    this.grow(256);
    const at = this.length;
    if (text.length < 256 && this.#ascii(text, at + 1)) {
      this.block.bytes[at] = text.length;
      this.length = at + 1 + text.length;
      return true;
    }
    const target = this.block.bytes.subarray(at + 1, at + 256);
    const { read, written } = utf8.encodeInto(text, target);
    this.block.bytes[at] = written;
    this.length = at + 1 + written;
    return read === text.length;
  }

  /** Text with its length in 32 bits. */
  longstr(text: string): void {
    this.grow(4 + text.length);
    const at = this.length + 4;
    if (text.length > ASCII_MAX || !this.#ascii(text, at)) {
      this.bytes(utf8.encode(text));
      return;
    }
    this.long(text.length);
    this.length = at + text.length;
  }

  /** Writes a text of ASCII alone there, where there is room; false: it is another one. */
  #ascii(text: string, at: number): boolean {
    const { bytes } = this.block;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[at + i] = code;
    }
    return true;
  }

  /** A longstr with these bytes. */
  bytes(value: Uint8Array): void {
    this.long(value.length);
    this.raw(blockOf(value), 0, value.length);
  }

  /** source[start, end) as it is. */
  raw(source: Block, start: number, end: number): void {
    this.grow(end - start);
    copy(this.block, this.length, source, start, end);
    this.length += end - start;
  }

  /** Starts a frame and answers where, for `endFrame`. */
  beginFrame(type: number, channel: number): number {
    this.reserve(FRAME_ROOM_BYTES);
    const at = this.length;
    const { bytes, view } = this.block;
    bytes[at] = type;
    view.setUint16(at + 1, channel);
    this.length = at + FRAME_HEADER_BYTES;
    return at;
  }

  /** Ends the frame that began at `at`: its size is filled in. */
  endFrame(at: number): void {
    this.octet(FRAME_END);
    const size = this.length - at - FRAME_HEADER_BYTES - 1;
    assert(size >= 0, 'a frame ends after it began');
    this.block.view.setUint32(at + 3, size);
  }
}
