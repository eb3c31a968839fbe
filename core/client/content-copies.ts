import { blockOf, copy, type Block } from '../protocol/bytes.ts';
import type { Content } from '../protocol/content.ts';

/** Memory that several small messages share; the last to be forgotten sets it free. */
const SHARED_BYTES = 16_384;
/** Larger contents get memory of their own. */
const SMALL_BYTES_MAX = 4096;

/** Copies of the contents that consumers are given: the chunk under them goes away. */
export class ContentCopies {
  block: Block = blockOf(new Uint8Array(0));
  #length = 0;

  /** Copies header frame and body frames to `block`; answers where they start. */
  keep({ block, contentStart, contentEnd }: Content): number {
    const bytes = contentEnd - contentStart;
    if (this.#length + bytes > this.block.bytes.length) {
      this.block = blockOf(new Uint8Array(bytes > SMALL_BYTES_MAX ? bytes : SHARED_BYTES));
      this.#length = 0;
    }
    const at = this.#length;
    copy(this.block, at, block, contentStart, contentEnd);
    this.#length += bytes;
    return at;
  }
}
