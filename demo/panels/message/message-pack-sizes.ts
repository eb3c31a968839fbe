/**
 * Whether lists and tables in MessagePack have no more entries than there are octets for. Its
 * reader makes room for all that a list says it has, so that some octets of a hostile body, one
 * list within the other, would fill the memory.
 */
export function isHonestMessagePack(octets: Uint8Array): boolean {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  let at = 0;
  let expected = 1;
  while (expected > 0) {
    if (expected > octets.length - at) return false;
    const { head, follows, entries } = sizesAt(view, at);
    at += head + follows;
    expected += entries - 1;
  }
  return at <= octets.length;
}

interface Sizes {
  /** Octets of the type and the length. */
  readonly head: number;
  /** Octets after them that hold no further values. */
  readonly follows: number;
  /** Values within it. */
  readonly entries: number;
}

const scalar = (head: number, follows = 0): Sizes => ({ head, follows, entries: 0 });
const list = (head: number, entries: number): Sizes => ({ head, follows: 0, entries });

/** Octets of what 0xca to 0xd8 begin: floats, integers, and extensions with their type. */
const fixed = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17] as const;

/** Of the value there; by MessagePack's table of formats. Throws a RangeError at the end. */
function sizesAt(view: DataView, at: number): Sizes {
  const type = view.getUint8(at);
  const lengthOf = (bits: number): number => {
    if (bits === 0) return view.getUint8(at + 1);
    return bits === 1 ? view.getUint16(at + 1) : view.getUint32(at + 1);
  };
  if (type <= 0x7f || type >= 0xe0) return scalar(1);
  if (type <= 0x8f) return list(1, 2 * (type & 0x0f));
  if (type <= 0x9f) return list(1, type & 0x0f);
  if (type <= 0xbf) return scalar(1, type & 0x1f);
  if (type <= 0xc3) return scalar(1);
  if (type <= 0xc6) return scalar(1 + (1 << (type - 0xc4)), lengthOf(type - 0xc4));
  if (type <= 0xc9) return scalar(2 + (1 << (type - 0xc7)), lengthOf(type - 0xc7));
  if (type <= 0xd8) return scalar(1, fixed[type - 0xca]);
  if (type <= 0xdb) return scalar(1 + (1 << (type - 0xd9)), lengthOf(type - 0xd9));
  const bits = 1 + (type & 1);
  return list(1 + (1 << bits), lengthOf(bits) * (type <= 0xdd ? 1 : 2));
}
