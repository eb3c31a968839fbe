import type { Block } from '../protocol/bytes.ts';
import {
  FrameKind, FRAME_BYTES, findFrame, findMark, frameAt, lengthAt, SEGMENT_HEADER_BYTES,
  type MessagesIn,
} from './record-frame.ts';

/** Bytes of a segment: [start, end). */
export interface Area {
  readonly start: number;
  readonly end: number;
}

/** What a segment holds. */
export interface Scan {
  /** Behind the last frame that counts: where a further batch may begin. */
  readonly end: number;
  /** Bytes behind `end` that are not zero, up to the last such: a batch cut short by a crash. */
  readonly tornBytes: number;
  /** What was durable once and cannot be read any more. */
  readonly damages: readonly Area[];
  /** Where the last record begins; 0 where there is none. */
  readonly lastRecord: number;
  /** Whether a mark ends it, as after a regular end. */
  readonly sealed: boolean;
}

/**
 * Looks through a whole segment. A batch is written only after the one before it was synced, so
 * what cannot be read before an undamaged mark was damaged later; what cannot be read behind the
 * last mark is the batch that a crash cut short. All before `durableEnd` is known to have been
 * durable, by a mark of the next segment; 0 where nothing is known. All before `durableAtLeast` was
 * durable too, by the mark in the header, and there may be more.
 */
export function scanSegment(
  block: Block, salt: number, durableEnd = 0, durableAtLeast = 0,
): Scan {
  const limit = durableEnd || block.bytes.length;
  const used = trimZeros(block, SEGMENT_HEADER_BYTES);
  const damages: Area[] = [];
  let at = SEGMENT_HEADER_BYTES;
  let end = at;
  let lastRecord = 0;
  let sealed = false;
  let inGroup = false;
  while (at < limit) {
    const kind = frameAt(block, at, salt);
    if (kind === undefined || inGroup !== continuesGroup(kind)) {
      const mark = at < used ? findMark(block, at + 1, salt) : undefined;
      const until = mark ?? (durableEnd || Math.min(durableAtLeast, limit));
      if (until <= at) break;
      at = findFrame(block, at, until, salt);
      damages.push({ start: end, end: at });
      end = at;
      inGroup = false;
      continue;
    }
    inGroup = kind === FrameKind.first || kind === FrameKind.middle;
    if (kind < FrameKind.mark && !inGroup) lastRecord = at;
    at += FRAME_BYTES + lengthAt(block, at);
    if (inGroup) continue;
    end = at;
    sealed = kind === FrameKind.mark;
  }
  // A group that was durable ends before its segment does.
  if (end < durableEnd) damages.push({ start: end, end: durableEnd });
  if (end < durableAtLeast) {
    // What was looked at last is damaged too, where the file ends in it.
    const start = damages.at(-1)?.end === end ? damages.pop()!.start : end;
    damages.push({ start, end: durableAtLeast });
    end = durableAtLeast;
  }
  return { end, tornBytes: Math.max(0, used - end), damages, lastRecord, sealed };
}

function continuesGroup(kind: FrameKind): boolean {
  return kind === FrameKind.middle || kind === FrameKind.last;
}

/** How many messages are left in a segment that was scanned, beside what is damaged. */
export function countMessages(
  block: Block, end: number, damages: readonly Area[], messagesIn: MessagesIn,
): number {
  let messages = 0;
  for (let at = SEGMENT_HEADER_BYTES; at < end; ) {
    const damage = damages.find(({ start }) => start === at);
    if (damage !== undefined) {
      at = damage.end;
      continue;
    }
    const start = at + FRAME_BYTES;
    const next = start + lengthAt(block, at);
    if (block.bytes[at]! >>> 5 < FrameKind.mark) messages += messagesIn(block, start, next);
    at = next;
  }
  return messages;
}

/** The records of a segment that was scanned, up to `end`, with where each frame begins. */
export function* recordsOf(
  block: Block, end: number,
): Generator<{ readonly offset: number; readonly record: Uint8Array }> {
  for (let at = SEGMENT_HEADER_BYTES; at < end; ) {
    const start = at + FRAME_BYTES;
    const next = start + lengthAt(block, at);
    const kind = block.bytes[at]! >>> 5;
    if (kind < FrameKind.mark) yield { offset: at, record: block.bytes.subarray(start, next) };
    at = next;
  }
}

/** Behind the last byte from `from` on that is not zero. */
export function trimZeros({ bytes, view }: Block, from: number): number {
  let end = bytes.length;
  // After a crash most of the last segment is zero.
  while (end - 4 >= from && view.getInt32(end - 4) === 0) end -= 4;
  while (end > from && bytes[end - 1] === 0) end--;
  return end;
}
