import { wireLimits } from './limits.ts';
import type { Block } from './bytes.ts';
import {
  fieldTags, fixedKinds, PREFIX_BYTES, tooDeep, tooManyFields, truncated, unknownTag,
} from './field-table.ts';
import { utf8Text } from './reader.ts';

/** Field tables as they lie on the wire, found and checked without being decoded. */

/** Octets by tag: fixed, or one of the two marks. An array, for the hot path. */
const PREFIXED = -1;
const UNKNOWN = -2;
const bytesByTag = new Int8Array(256).fill(UNKNOWN);
for (const [tag, { bytes }] of Object.entries(fixedKinds)) bytesByTag[tag.charCodeAt(0)] = bytes;
for (const tag of Object.values(fieldTags)) bytesByTag[tag] = PREFIXED;

/** Where the value with this tag, which starts at `at`, ends. Nested values are not looked at. */
export function skipValue(block: Block, tag: number, at: number, end: number): number {
  let size = bytesByTag[tag]!;
  if (size === UNKNOWN) throw unknownTag(tag);
  if (size === PREFIXED) {
    if (at + PREFIX_BYTES > end) throw truncated();
    size = PREFIX_BYTES + block.view.getUint32(at);
  }
  if (at + size > end) throw truncated();
  return at + size;
}

/** Whether [start, end) is this text; text beyond ASCII is decoded, keys seldom are that. */
function isText(block: Block, start: number, end: number, text: string): boolean {
  if (end - start < text.length) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return utf8Text(block.bytes.subarray(start, end)) === text;
    if (block.bytes[start + i] !== code) return false;
  }
  return end - start === text.length;
}

/** Where a value lies: all of it after its tag, so that text has its four octets of size first. */
export interface LocatedField {
  /** The tag as a character code. */
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Gets the key's text at [keyStart, keyEnd) and the value's octets at [valueStart, valueEnd).
 * Answers true, where it needs to see no more entries.
 */
export type FieldVisitor = (
  keyStart: number, keyEnd: number, tag: number, valueStart: number, valueEnd: number,
) => boolean | void;

/**
 * Visits the entries of the content [start, end) of a table, which is what follows its size,
 * without decoding them. The octets of a whole entry are [keyStart - 1, valueEnd).
 */
export function eachField(block: Block, start: number, end: number, visit: FieldVisitor): void {
  for (let at = start; at < end;) {
    const keyStart = at + 1;
    const keyEnd = keyStart + block.bytes[at]!;
    if (keyEnd >= end) throw truncated();
    const tag = block.bytes[keyEnd]!;
    const valueEnd = skipValue(block, tag, keyEnd + 1, end);
    if (visit(keyStart, keyEnd, tag, keyEnd + 1, valueEnd) === true) return;
    at = valueEnd;
  }
}

/** Looks for a key in the content [start, end) of a table without decoding anything. */
export function findField(
  block: Block, start: number, end: number, key: string,
): LocatedField | undefined {
  let found: LocatedField | undefined;
  eachField(block, start, end, (keyStart, keyEnd, tag, valueStart, valueEnd) => {
    if (!isText(block, keyStart, keyEnd, key)) return false;
    found = { tag, start: valueStart, end: valueEnd };
    return true;
  });
  return found;
}

/** Checks the content [start, end) of a table at all its levels; what is malformed: 502. */
export function checkTable(block: Block, start: number, end: number): void {
  new TableCheck(block).table(start, end, 1);
}

/** One walk over a table that decodes nothing, within the same bounds as `readTable`. */
class TableCheck {
  private count = 0;
  private readonly block: Block;

  constructor(block: Block) {
    this.block = block;
  }

  table(start: number, end: number, depth: number): void {
    this.enter(depth);
    eachField(this.block, start, end, (_keyStart, _keyEnd, tag, valueStart, valueEnd) => {
      this.value(tag, valueStart, valueEnd, depth);
    });
  }

  private array(start: number, end: number, depth: number): void {
    this.enter(depth);
    for (let at = start; at < end;) {
      const tag = this.block.bytes[at]!;
      const valueEnd = skipValue(this.block, tag, at + 1, end);
      this.value(tag, at + 1, valueEnd, depth);
      at = valueEnd;
    }
  }

  private value(tag: number, start: number, end: number, depth: number): void {
    if (++this.count > wireLimits.fieldCountMax) throw tooManyFields();
    if (tag === fieldTags.table) this.table(start + PREFIX_BYTES, end, depth + 1);
    if (tag === fieldTags.array) this.array(start + PREFIX_BYTES, end, depth + 1);
  }

  private enter(depth: number): void {
    if (depth > wireLimits.fieldDepthMax) throw tooDeep();
  }
}
