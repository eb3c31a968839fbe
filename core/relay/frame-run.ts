import type { Block } from '../protocol/bytes.ts';
import { FRAME_HEADER_BYTES } from '../protocol/spec.ts';

/**
 * Frames that pass on, put together as far as they lie side by side in the chunk that brought them:
 * what was read is what is sent, and nothing is copied.
 */
export class FrameRun {
  readonly #send: (bytes: Uint8Array) => void;
  #block: Block | undefined;
  #start = 0;
  #end = 0;

  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send;
  }

  /** Adds the frame whose payload is block[start, end). */
  add(block: Block, start: number, end: number): void {
    const from = start - FRAME_HEADER_BYTES;
    if (block !== this.#block || from !== this.#end) {
      this.flush();
      this.#block = block;
      this.#start = from;
    }
    this.#end = end + 1;
  }

  /** Sends what is there: before its chunk is let go, and before anything else is sent. */
  flush(): void {
    if (this.#block === undefined) return;
    const bytes = this.#block.bytes.subarray(this.#start, this.#end);
    this.#block = undefined;
    this.#send(bytes);
  }
}
