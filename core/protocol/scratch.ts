import { BufferPool } from './buffer-pool.ts';
import { blockOf } from './bytes.ts';
import { Writer } from './writer.ts';

const scratchPool = new BufferPool();

/**
 * A writer into a buffer of its own, which only ever grows. `bytes`: what it will hold, about; a
 * buffer of that size is made at once, and none as large as those of connections.
 */
export function bufferWriter(bytes = 0): Writer {
  const writer = new Writer(scratchPool, () => {
    throw new Error('broken invariant: a scratch buffer is never sent');
  });
  if (bytes > 0) writer.block = blockOf(new Uint8Array(bytes));
  return writer;
}
