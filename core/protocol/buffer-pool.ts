import { wireLimits } from './limits.ts';
import { blockOf, type Block } from './bytes.ts';

/**
 * Output buffers of one size, lent to writers and given back by transports that know when the
 * bytes are gone. A transport that never gives back costs garbage, nothing else.
 */
export class BufferPool {
  /** Bytes that transports were given and have yet to get rid of, as far as they tell. */
  unsentBytes = 0;
  readonly #free: Block[] = [];

  /** A block of at least `bytesMin` bytes; its content is arbitrary. */
  take(bytesMin: number): Block {
    if (bytesMin > wireLimits.outputBatchBytes) return blockOf(new Uint8Array(bytesMin));
    return this.#free.pop() ?? blockOf(new Uint8Array(wireLimits.outputBatchBytes));
  }

  /** Takes back the memory under `bytes`, which the caller must not touch again. */
  give(bytes: Uint8Array): void {
    if (bytes.buffer.byteLength !== wireLimits.outputBatchBytes) return;
    if (this.#free.length >= wireLimits.pooledBuffersMax) return;
    this.#free.push(blockOf(new Uint8Array(bytes.buffer as ArrayBuffer)));
  }
}
