import { BufferPool } from './buffer-pool.ts';
import { Writer } from './writer.ts';

const scratchPool = new BufferPool();

/** A writer into a buffer of its own, which only ever grows. */
export function bufferWriter(): Writer {
  return new Writer(scratchPool, () => {
    throw new Error('broken invariant: a scratch buffer is never sent');
  });
}
