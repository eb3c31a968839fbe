import { assert } from '../assert.ts';
import { limits } from '../limits.ts';
import type { Cancel, Clock, Random } from '../ports.ts';
import { blockOf, type Block } from '../protocol/bytes.ts';
import { Batch } from './batch.ts';
import { BatchWriter } from './batch-writer.ts';
import { JournalDamage, type Dropped } from './damage.ts';
import type { Directory } from './directory.ts';
import type {
  Journal, JournalRecord, JournalSegment, JournalTrouble, Lsn,
} from './journal.ts';
import { SEGMENT_UNIT, segmentNumberOf } from './journal.ts';
import { ReadAhead } from './read-ahead.ts';
import {
  FRAME_BYTES, MARK_BYTES, RECORD_BYTES_MAX, TALLY_BYTES, type MessagesIn,
} from './record-frame.ts';
import type { RecordGroup } from './record-group.ts';
import { Remover } from './remover.ts';
import { Segment, drawSalt } from './segment.ts';
import { recordsOf, scanSegment } from './segment-scan.ts';
import { lsnOf, readSegment } from './segment-survey.ts';

/** What a journal needs of the world. */
export interface SegmentJournalEnv {
  readonly directory: Directory;
  readonly clock: Clock;
  readonly random: Random;
  /** Size at which the next segment begins. */
  readonly segmentBytes: number;
  /** How many messages a record is. */
  readonly messagesIn: MessagesIn;
}

/** A segment as it was when the journal was opened. */
export interface OpenedSegment {
  readonly segment: Segment;
  readonly end: number;
  /** Whether its records were checked already. */
  readonly verified: boolean;
}

/** What opening a journal found. */
export interface OpenedJournal {
  /** Oldest first; the last one is ready to be written. */
  readonly segments: readonly OpenedSegment[];
  readonly last: Lsn;
  /** Whether the journal was closed by rule, so that nothing needs to be marked at its end. */
  readonly sealed: boolean;
  /** The batch that a crash had cut short, and that was cut off. */
  readonly torn: Dropped | undefined;
  /** What a salvage gave up. */
  readonly dropped: readonly Dropped[];
}

/** A journal in segments, files of a directory: in Node, in a browser, on a simulated disk. */
export class SegmentJournal implements Journal {
  readonly opened: OpenedJournal;
  readonly #env: SegmentJournalEnv;
  readonly #writer: BatchWriter;
  readonly #reader: ReadAhead;
  readonly #remover: Remover;
  readonly #segments: Segment[];
  /** Buffers for batches to come. */
  readonly #spare: Block[] = [];
  #active: Segment;
  /** The one that was active before. */
  #previous: Segment | undefined;
  /** Made while the active one fills, so that nobody waits for it. */
  #next: Segment | undefined;
  #last: Lsn;
  #durable: Lsn;
  #pendingBytes = 0;
  #sealed: boolean;
  #trimmedBefore = 0;
  /** Those that are trimmed and not deleted. */
  readonly #trimmed: Segment[] = [];
  #closed: Promise<void> | undefined;

  /** Use `openSegmentJournal`. */
  constructor(env: SegmentJournalEnv, opened: OpenedJournal) {
    const { directory, clock, segmentBytes } = env;
    this.#env = env;
    this.opened = opened;
    this.#segments = opened.segments.map(({ segment }) => segment);
    this.#active = this.#segments.at(-1)!;
    this.#previous = this.#segments.at(-2);
    this.#last = opened.last;
    this.#durable = opened.last;
    this.#sealed = opened.sealed;
    this.#reader = new ReadAhead(directory);
    this.#writer = new BatchWriter(directory, clock, segmentBytes, this.#active);
    const noteOldest = (): Promise<void> => {
      const [first] = this.#segments as [Segment];
      return first.noteOldest(directory, first.number < this.#writer.segment.number);
    };
    this.#remover = new Remover(directory, noteOldest, () => this.#writer.retry());
    // The first to hear of it, so that listeners find the watermark where they are told it is.
    this.#writer.durable$.subscribe((batch) => this.#settle(batch));
  }

  get durable(): Lsn {
    return this.#durable;
  }

  get last(): Lsn {
    return this.#last;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get segments(): readonly JournalSegment[] {
    return this.#segments.map(({ number, end }) => ({ number, bytes: end }));
  }

  append(record: Uint8Array): Lsn {
    assert(record.length <= RECORD_BYTES_MAX, 'a record fits a frame');
    const bytes = FRAME_BYTES + record.length;
    const batch = this.#batchFor(bytes);
    const offset = batch.addRecord(record);
    return this.#added(batch, offset, bytes);
  }

  appendAll(records: RecordGroup): readonly Lsn[] {
    const { bytes, count } = records;
    if (count === 0) return [];
    const batch = this.#batchFor(bytes);
    const offsets = batch.addGroup(records);
    this.#added(batch, offsets.at(-1)!, bytes);
    return offsets.map((offset) => lsnOf(batch.segment.number, offset));
  }

  onDurable(run: (upTo: Lsn) => void): Cancel {
    const subscription = this.#writer.durable$.subscribe((batch) => run(batch.last));
    return () => subscription.unsubscribe();
  }

  onTrouble(run: (trouble: JournalTrouble) => void): Cancel {
    const subscription = this.#writer.trouble$.subscribe(run);
    return () => subscription.unsubscribe();
  }

  async read(lsn: Lsn): Promise<Uint8Array> {
    const segment = this.#segmentAt(segmentNumberOf(lsn));
    if (segment === undefined) throw new Error(`record ${lsn} is trimmed`);
    return this.peek(lsn)?.slice() ?? this.#reader.read(segment, offsetIn(segment, lsn));
  }

  peek(lsn: Lsn): Uint8Array | undefined {
    const segment = this.#segmentAt(segmentNumberOf(lsn));
    if (segment === undefined) return undefined;
    const offset = offsetIn(segment, lsn);
    // Most of what is peeked at was written long ago.
    if (offset < segment.durableEnd) return this.#reader.peek(segment, offset);
    return this.#writer.find(segment, offset)?.peek(offset);
  }

  async *replay(fromSegment = 0): AsyncGenerator<JournalRecord> {
    for (const { segment, end, verified } of this.opened.segments) {
      if (segment.number < fromSegment || !this.#segments.includes(segment)) continue;
      const block = await readSegment(this.#env.directory, segment.number, end);
      if (!verified) check(segment, block, end);
      for (const { offset, record } of recordsOf(block, end)) {
        yield { lsn: lsnOf(segment.number, offset), record };
      }
    }
  }

  trim(beforeSegment: number): void {
    this.#trimmedBefore = Math.max(this.#trimmedBefore, beforeSegment);
    this.#removeTrimmed();
  }

  rotate(): void {
    if (this.#active.isEmpty) return;
    const { number, end } = this.#active;
    const following = number + Math.ceil(end / SEGMENT_UNIT);
    const next = this.#next;
    this.#next = undefined;
    // One made in advance has the wrong number where its predecessor took several.
    if (next !== undefined && next.number !== following) this.#remover.remove(next);
    this.#previous = this.#active;
    this.#active = next?.number === following ? next : this.#makeSegment(following);
    this.#segments.push(this.#active);
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    try {
      await this.#writer.drain();
      if (!this.#sealed || this.#trimmed.length > 0) {
        this.#begin();
        await this.#writer.drain();
      }
      await this.#writer.segment.finish();
      if (this.#next !== undefined) this.#remover.remove(this.#next);
      await this.#remover.done();
    } finally {
      await this.#writer.segment.abandon();
      await this.#next?.abandon();
      await this.#env.directory.close();
    }
  }

  /** So many bytes are in the batch now, the last record of them here. */
  #added(batch: Batch, offset: number, bytes: number): Lsn {
    const lsn = lsnOf(batch.segment.number, offset);
    this.#pendingBytes += bytes;
    batch.last = lsn;
    this.#last = lsn;
    this.#sealed = false;
    return lsn;
  }

  /** The batch that takes so many bytes more, all of them in one segment. */
  #batchFor(bytes: number): Batch {
    assert(this.#closed === undefined, 'nothing is appended to a closed journal');
    let batch = this.#openBatch();
    const needed = bytes + (batch === undefined ? MARK_BYTES + TALLY_BYTES : 0);
    if (this.#active.end + needed > this.#env.segmentBytes && !this.#active.isEmpty) {
      this.rotate();
      batch = undefined;
    }
    batch ??= this.#begin();
    batch.reserve(bytes);
    return batch;
  }

  /** The segment that has addresses under this number. */
  #segmentAt(number: number): Segment | undefined {
    const segments = this.#segments;
    // Numbers mostly follow each other, so that the place of a segment tells its number.
    const likely = segments[number - segments[0]!.number];
    if (likely?.number === number) return likely;
    return segments.findLast((segment) => segment.number <= number);
  }

  #openBatch(): Batch | undefined {
    const batch = this.#writer.open;
    return batch?.segment === this.#active ? batch : undefined;
  }

  /** Begins a batch with its mark. After a failure it goes nowhere. */
  #begin(): Batch {
    const { segmentBytes, directory, messagesIn } = this.#env;
    const active = this.#active;
    const failed = this.#writer.failure !== undefined;
    const block = failed ? blockOf(new Uint8Array(0)) : this.#takeBlock();
    const batch = new Batch(active, block, this.#last, messagesIn);
    batch.reserve(MARK_BYTES + TALLY_BYTES);
    const begins = active.isEmpty;
    const before = begins ? this.#previous : active;
    batch.addMark({ number: before?.number ?? 0, offset: before?.end ?? 0 });
    if (begins) batch.addTally(before?.messages ?? 0);
    this.#pendingBytes += batch.used;
    this.#sealed = true;
    if (failed) return batch;
    this.#writer.add(batch);
    if (this.#next === undefined && active.end > segmentBytes / 2) {
      this.#next = this.#makeSegment(active.number + 1);
      // Whoever needs the file finds out what is wrong, and tries again.
      this.#next.create(directory, segmentBytes).catch(() => {});
    }
    return batch;
  }

  #takeBlock(): Block {
    return this.#spare.pop() ?? blockOf(new Uint8Array(limits.journalBatchBytes));
  }

  #makeSegment(number: number): Segment {
    return new Segment(number, drawSalt(this.#env.random));
  }

  #settle(batch: Batch): void {
    this.#durable = batch.last;
    this.#pendingBytes -= batch.used;
    if (batch.block.bytes.length <= limits.journalBatchKeptBytesMax && this.#spare.length < 2) {
      this.#spare.push(batch.block);
    }
    this.#removeTrimmed();
  }

  #removeTrimmed(): void {
    const segments = this.#segments;
    while (segments.length > 1 && segments[1]!.number <= this.#trimmedBefore) {
      const [segment] = segments as [Segment];
      if (segment.durableEnd < segment.end) break;
      segments.shift();
      this.#reader.drop(segment);
      this.#trimmed.push(segment);
    }
    // The last file stays until there is a later one, or its number would be given away again.
    while ((this.#trimmed[0]?.number ?? Infinity) < this.#writer.segment.number) {
      this.#remover.remove(this.#trimmed.shift()!);
    }
  }
}

function offsetIn(segment: Segment, lsn: Lsn): number {
  return lsn - segment.number * SEGMENT_UNIT;
}

function check(segment: Segment, block: Block, end: number): void {
  const { damages } = scanSegment(block, segment.salt, end);
  if (damages.length === 0) return;
  throw new JournalDamage(
    damages.map(({ start, end }) => ({ file: segment.name, offset: start, bytes: end - start })),
  );
}
