/** The write-ahead log: its port, its reference in memory, and the journal in files. */
export { crc32c } from './crc32c.ts';
export { JournalDamage, NewerFormat, describeDropped, type Dropped } from './damage.ts';
export { readInto, type Directory, type DirectoryFile, type DiskSpace } from './directory.ts';
export {
  SEGMENT_UNIT, segmentNumberOf, type Journal, type JournalRecord, type JournalSegment,
  type JournalTrouble, type Lsn,
} from './journal.ts';
export { MemoryJournal, type MemoryJournalOptions } from './memory-journal.ts';
export type { MessagesIn } from './record-frame.ts';
export { openSegmentJournal, type SegmentJournalOptions } from './open-segment-journal.ts';
export { overlayDirectory } from './overlay-directory.ts';
export { SegmentJournal, type OpenedJournal } from './segment-journal.ts';
export { SEGMENT_HEADER_BYTES } from './record-frame.ts';
export { RecordGroup } from './record-group.ts';
export { isSegmentName } from './segment-name.ts';
export { surveyJournal, type SegmentState, type Survey } from './segment-survey.ts';
