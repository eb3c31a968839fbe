import { decodeRecord } from '../broker/durable/records.ts';
import { StoredMessage } from '../broker/message/stored-message.ts';
import { blockOf } from '../protocol/bytes.ts';
import { SEGMENT_UNIT, segmentNumberOf, type Journal, type Lsn } from '../storage/journal.ts';
import { FRAME_BYTES, lengthAt } from '../storage/record-frame.ts';
import { segmentName } from '../storage/segment-name.ts';
import type { MemoryDisk } from '../testing/memory-disk.ts';
import { check } from './violation.ts';

/** A message that the journal alone has, without a read that the process would notice. */
export function peekMessage(disk: MemoryDisk, journal: Journal, lsn: Lsn): StoredMessage {
  const record = decodeRecord(lsn > journal.durable ? pending(journal, lsn) : stored(disk, lsn));
  check(record.kind === 'message', 'paging', () => `record ${lsn} is a ${record.kind}`);
  const { tail, namesBytes, bodyBytes, marks } = record;
  const block = blockOf(tail);
  return new StoredMessage({ block, start: 0, end: tail.length, namesBytes, bodyBytes }, marks);
}

/** What is not durable yet is in memory as well. */
function pending(journal: Journal, lsn: Lsn): Uint8Array {
  const record = journal.peek(lsn);
  check(record !== undefined, 'paging', () => `record ${lsn} is neither here nor there`);
  return record;
}

function stored(disk: MemoryDisk, lsn: Lsn): Uint8Array {
  const number = segmentNumberOf(lsn);
  const bytes = disk.bytes(segmentName(number));
  const at = lsn - number * SEGMENT_UNIT;
  const start = at + FRAME_BYTES;
  return bytes.slice(start, start + lengthAt(blockOf(bytes), at));
}
