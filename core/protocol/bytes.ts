/**
 * Below this size a loop of 32-bit moves beats `set(subarray)`, whose view costs about 50 ns.
 * `test/bench` has the figures.
 */
const LOOP_BYTES_MAX = 192;

/** A buffer with the DataView that 32-bit moves need, made once. */
export interface Block {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Wraps bytes in a Block over exactly the same memory. */
export function blockOf(bytes: Uint8Array): Block {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/** Copies source[start, end) to target at `at`. The regions do not overlap. */
export function copy(target: Block, at: number, source: Block, start: number, end: number): void {
  if (end - start > LOOP_BYTES_MAX) {
    target.bytes.set(source.bytes.subarray(start, end), at);
    return;
  }
  const from = source.view;
  const to = target.view;
  const last = end - 4;
  let i = start;
  let j = at;
  for (; i <= last; i += 4, j += 4) to.setUint32(j, from.getUint32(i));
  const input = source.bytes;
  const output = target.bytes;
  for (; i < end; i++, j++) output[j] = input[i]!;
}

/** The bytes of all of these, one behind the other, in memory of their own. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const chunk of chunks) {
    whole.set(chunk, end);
    end += chunk.length;
  }
  return whole;
}
