/** A hash of text that spreads well over all 32 bits: FNV-1a, then the finalizer of murmur3. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    hash = Math.imul(hash ^ (code & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (code >>> 8), 0x01000193);
  }
  return mix(hash);
}

function mix(bits: number): number {
  let mixed = bits;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * The bucket of [0, buckets) for a hash. When buckets are added at the end, a hash either keeps its
 * bucket or moves to a new one. Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash
 * Algorithm", 2014.
 */
export function jumpHash(hash: number, buckets: number): number {
  let bucket = -1;
  let next = 0;
  for (let jump = 1; next < buckets; jump++) {
    bucket = next;
    const random = (mix(hash + Math.imul(jump, 0x9e3779b9)) + 1) / 2 ** 32;
    next = Math.floor((bucket + 1) / random);
  }
  return bucket;
}
