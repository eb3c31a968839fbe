import { limits } from '../limits.ts';
import type { Clock, Random } from '../ports.ts';
import { JournalDamage } from './damage.ts';
import type { Directory } from './directory.ts';
import { readTally, type MessagesIn, type Place } from './record-frame.ts';
import { Segment, drawSalt } from './segment.ts';
import { SegmentJournal, type OpenedSegment, type SegmentJournalEnv } from './segment-journal.ts';
import { repairSegment } from './segment-repair.ts';
import { segmentName } from './segment-name.ts';
import { surveyJournal, type SegmentState, type Survey } from './segment-survey.ts';

export interface SegmentJournalOptions {
  readonly directory: Directory;
  readonly clock: Clock;
  /** Seeds the checksums of each segment. */
  readonly random: Random;
  /** Default: `limits.journalSegmentBytes`. */
  readonly segmentBytes?: number;
  /**
   * Bytes of records that are checked before the journal counts as open, the newest first, beside
   * those that must be to append. Each of the others is checked when it is replayed or read.
   * Default: all.
   */
  readonly verifyBytes?: number;
  /** How many messages a record is, so that damage can tell what it costs. Absent: it cannot. */
  readonly messagesIn?: MessagesIn;
  /** Opens a damaged journal with what can be read of it, and gives up the rest for good. */
  readonly salvage?: boolean;
}

/**
 * Opens the journal in a directory. Rejects with JournalDamage where records that were durable
 * cannot be read, and with NewerFormat; the directory is closed then, and untouched.
 */
export async function openSegmentJournal(options: SegmentJournalOptions): Promise<SegmentJournal> {
  const { directory, clock, random, messagesIn, salvage = false } = options;
  const segmentBytes = options.segmentBytes ?? limits.journalSegmentBytes;
  const env: SegmentJournalEnv = {
    directory, clock, random, segmentBytes, messagesIn: messagesIn ?? (() => 0),
  };
  try {
    const verifyBytes = salvage ? Infinity : options.verifyBytes;
    const survey = await surveyJournal(directory, verifyBytes, messagesIn);
    if (survey.damages.length > 0 && !salvage) throw new JournalDamage(survey.damages);
    const states = await repair(env, survey.segments);
    for (const number of survey.empty) await directory.remove(segmentName(number));
    const segments = await activate(env, states, survey);
    const { last, sealed, torn, damages: dropped } = survey;
    return new SegmentJournal(env, { segments, last, sealed, torn, dropped });
  } catch (error) {
    await directory.close();
    throw error;
  }
}

async function repair(
  { directory, random }: SegmentJournalEnv, states: readonly SegmentState[],
): Promise<SegmentState[]> {
  const repaired: SegmentState[] = [];
  let before: Place = { number: 0, offset: 0 };
  for (const state of states) {
    repaired.push(await repairSegment(directory, state, before, drawSalt(random)));
    before = { number: state.number, offset: state.end };
  }
  return repaired;
}

/** Makes the last segment ready to be written, or the first one where there is none. */
async function activate(
  { directory, random, segmentBytes }: SegmentJournalEnv, states: readonly SegmentState[],
  { empty }: Survey,
): Promise<OpenedSegment[]> {
  const opened = states.map(({ number, salt, end, verified, oldest }) => {
    return { segment: new Segment(number, salt!, end, oldest), end, verified };
  });
  const last = opened.at(-1);
  if (last !== undefined) {
    const { head, messagesLeft, salt } = states.at(-1)!;
    const before = head && readTally(head, salt!)?.before;
    last.segment.goOn(messagesLeft, before === undefined ? undefined : head!.bytes, before ?? 0);
    await last.segment.resume(directory, segmentBytes);
    return opened;
  }
  // Numbers that were given away once are not given away again.
  const number = Math.max(1, ...empty);
  const segment = new Segment(number, drawSalt(random), undefined, true);
  await segment.create(directory, segmentBytes);
  return [{ segment, end: segment.end, verified: true }];
}
