import { blockOf } from '../protocol/bytes.ts';
import { withFile, writeAll, type Directory, type DirectoryFile } from './directory.ts';
import {
  FRAME_BYTES, FrameKind, MARK_BYTES, NO_MARK, SEGMENT_HEADER_BYTES, writeFrame, writeMark,
  writeSegmentHeader, type Place,
} from './record-frame.ts';
import type { Area } from './segment-scan.ts';
import { segmentName } from './segment-name.ts';
import type { SegmentState } from './segment-survey.ts';

/**
 * Makes a damaged segment whole: what cannot be read becomes a gap, in its place, so that each
 * record keeps its address. Only heads of frames are written; the damaged bytes stay for whoever
 * wants to look at them. `newSalt` is for a segment whose own is lost.
 */
export async function repairSegment(
  directory: Directory, state: SegmentState, before: Place, newSalt: number,
): Promise<SegmentState> {
  const { number, headerIntact, damages, salt = newSalt } = state;
  const oldest = state.oldest || before.number === 0;
  if (headerIntact && damages.length === 0) return state;
  const name = segmentName(number);
  if (state.size === 0) {
    await (await directory.create(name)).close();
    await directory.sync();
  }
  await withFile(directory, name, async (file) => {
    if (!headerIntact) {
      const header = blockOf(new Uint8Array(SEGMENT_HEADER_BYTES));
      writeSegmentHeader(header, number, salt, { ...NO_MARK, oldest });
      await writeAll(file, header.bytes, 0);
    }
    if (state.size < state.end) await file.resize(state.end);
    for (const area of damages) await writeGap(file, area, before, salt);
    await file.sync();
  });
  const size = Math.max(state.size, state.end);
  return { ...state, salt, size, oldest, headerIntact: true, damages: [] };
}

/** A gap over an area; at the beginning of a segment, behind the mark that must be there. */
async function writeGap(
  file: DirectoryFile, { start, end }: Area, before: Place, salt: number,
): Promise<void> {
  const block = blockOf(new Uint8Array(MARK_BYTES + FRAME_BYTES));
  let used = 0;
  if (start === SEGMENT_HEADER_BYTES) {
    writeMark(block, 0, before, salt, start);
    used = MARK_BYTES;
  }
  const gap = start + used;
  if (gap < end) {
    writeFrame(block, used, FrameKind.gap, end - gap - FRAME_BYTES, salt, gap);
    used += FRAME_BYTES;
  }
  await writeAll(file, block.bytes.subarray(0, used), start);
}
