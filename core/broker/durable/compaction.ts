import { assert } from '../../assert.ts';
import { limits } from '../../limits.ts';
import { blockOf } from '../../protocol/bytes.ts';
import { segmentNumberOf, type Lsn } from '../../storage/journal.ts';
import { RecordGroup } from '../../storage/record-group.ts';
import type { Slot } from '../message/address.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { DurableLog } from './durable-log.ts';
import type { LiveMessages } from './live-messages.ts';
import { decodeRecord, writeMessageRecord } from './records.ts';
import type { DurableStreams } from './streams.ts';

/** A message of the segment to be dropped, and its record there. */
interface Moved {
  readonly slot: Slot;
  readonly lsn: Lsn;
  readonly record: Uint8Array;
}

/** What is compacted. */
interface CompactedLog extends DurableLog {
  readonly live: LiveMessages;
  readonly streams: DurableStreams;
  readonly checkpoint: Checkpoint;
}

/**
 * Gives disk space back. Segments are dropped from the oldest on, so that no settlement outlives
 * the message that it is about; what is live in the segment to be dropped is written anew at the
 * end first (copy-forward). Definitions need no copies: each checkpoint has all of them.
 */
export class Compaction {
  readonly #log: CompactedLog;
  #running = false;
  /** The end of the journal, and the bytes of live messages, when it was last looked at. */
  #lookedNumber = 0;
  #lookedBytes = 0;
  #full = false;

  constructor(log: CompactedLog) {
    this.#log = log;
  }

  /** Drops the oldest segments while that is worth it. */
  step(): void {
    if (this.#running || !this.#hasChanged() || !this.#isWorthIt()) return;
    void this.#begin();
  }

  /** The disk is full, or has space again. While it is full, nothing is kept that need not be. */
  setFull(full: boolean): void {
    this.#full = full;
    this.#lookedNumber = 0;
    this.step();
  }

  async #begin(): Promise<void> {
    this.#running = true;
    const log = this.#log;
    try {
      await this.#run();
    } catch (error) {
      // What cannot be read is not dropped: from now on nothing is, and whoever looks is told.
      if (log.recording) log.unreadable((error as Error).message);
      return;
    }
    this.#running = false;
    // Perhaps a queue was emptied meanwhile, and nothing will happen any more.
    if (this.#settledBytes >= log.options.compactionSettledBytes) this.step();
  }

  /** Bytes of messages that were settled since somebody looked. */
  get #settledBytes(): number {
    return this.#lookedBytes - this.#log.live.bytes;
  }

  /** Whether there is a new segment, or much was settled: to look costs something. */
  #hasChanged(): boolean {
    const { journal, live, options } = this.#log;
    const number = segmentNumberOf(journal.last);
    if (number === this.#lookedNumber && this.#settledBytes < options.compactionSettledBytes) {
      this.#lookedBytes = Math.max(this.#lookedBytes, live.bytes);
      return false;
    }
    this.#lookedNumber = number;
    this.#lookedBytes = live.bytes;
    return true;
  }

  #isWorthIt(): boolean {
    const { journal, live, streams, recording, options } = this.#log;
    const { segments } = journal;
    if (!recording || segments.length < 2) return false;
    const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    const liveBytes = live.bytes + streams.bytes;
    const bytesKept = this.#full ? 0 : options.journalBytesKept;
    return bytes > bytesKept && bytes > limits.journalBytesPerLiveByte * liveBytes;
  }

  async #run(): Promise<void> {
    const log = this.#log;
    const { journal, live, streams } = log;
    // What this run writes is not looked at again: in small segments, checkpoints alone take so
    // much that there would be no end.
    const end = journal.segments.at(-1)!.number;
    while (this.#isWorthIt() && journal.segments[0]!.number < end) {
      const [oldest, next] = journal.segments;
      const append = (record: Uint8Array): Lsn => this.#appendChunk(record);
      await streams.move(oldest!.number, next!.number, append);
      const moved = await this.#move(live.between(oldest!.number, next!.number));
      if (!moved || !(await log.allDurable())) return;
      journal.trim(next!.number);
      live.trim(next!.number);
    }
  }

  #appendChunk(record: Uint8Array): Lsn {
    const { journal, checkpoint, recording } = this.#log;
    assert(recording, 'nothing is moved in a journal that is closed');
    const lsn = journal.append(record);
    checkpoint.written(lsn);
    return lsn;
  }

  /**
   * Writes messages anew, some at a time, so that no turn waits long for its own; whether that
   * was done for all of them.
   */
  async #move(slots: readonly Slot[]): Promise<boolean> {
    const { journal, table, options } = this.#log;
    let moved: Moved[] = [];
    let bytes = 0;
    for (const slot of slots) {
      const lsn = table.lsn(slot);
      if (lsn === 0) continue;
      const record = journal.peek(lsn)?.slice() ?? (await journal.read(lsn));
      moved.push({ slot, lsn, record });
      bytes += record.length;
      if (bytes < options.compactionGroupBytes) continue;
      if (!this.#append(moved)) return false;
      moved = [];
      bytes = 0;
      // The disk takes these before there are more.
      if (!(await this.#log.allDurable())) return false;
    }
    return this.#append(moved);
  }

  /** Appends those that were not settled while they were read; false: nothing is any more. */
  #append(moved: readonly Moved[]): boolean {
    const log = this.#log;
    const { journal, live, table, checkpoint } = log;
    // The number of a record is that of one message for ever, that of a row is not.
    const kept = moved.filter(({ slot, lsn }) => table.lsn(slot) === lsn);
    if (!log.recording) return false;
    if (kept.length === 0) return true;
    const group = new RecordGroup();
    for (const { slot, lsn, record } of kept) {
      const message = decodeRecord(record);
      if (message.kind !== 'message') throw new Error(`record ${lsn} is no message`);
      const { tail } = message;
      const head = log.headOf(slot);
      writeMessageRecord(group.next(), head, lsn, blockOf(tail), 0, tail.length);
    }
    const numbers = journal.appendAll(group);
    checkpoint.written(numbers[0]!);
    kept.forEach(({ slot, lsn }, index) => {
      checkpoint.settled(EVERYWHERE, lsn);
      table.setOrder(slot, table.order(slot));
      live.add(slot, numbers[index]!);
    });
    return true;
  }
}

/** Stands for all destinations of a message. */
const EVERYWHERE = 0;
