import { Subject } from 'rxjs';
import { assert } from '../assert.ts';
import { limits } from '../limits.ts';
import type { Cancel, Clock } from '../ports.ts';
import {
  SEGMENT_UNIT, segmentNumberOf, type Journal, type JournalRecord, type JournalSegment,
  type JournalTrouble, type Lsn,
} from './journal.ts';
import { FRAME_BYTES } from './record-frame.ts';
import { RecordGroup } from './record-group.ts';

export interface MemoryJournalOptions {
  /** Makes records durable after the turn in which they came. Absent: at once. */
  readonly clock?: Clock;
  /** Size at which the next segment begins. Default: `limits.journalSegmentBytes`. */
  readonly segmentBytes?: number;
}

interface MemorySegment {
  readonly number: number;
  bytes: number;
  readonly records: Map<Lsn, Uint8Array>;
}

/**
 * The reference: a log in memory. What a disk does, tests do by hand: they hold durability back,
 * fill the journal up, break it, and look at what a crash leaves.
 */
export class MemoryJournal implements Journal {
  readonly #options: MemoryJournalOptions;
  readonly #segmentBytes: number;
  readonly #durable$ = new Subject<Lsn>();
  readonly #trouble$ = new Subject<JournalTrouble>();
  #segments: MemorySegment[] = [{ number: 1, bytes: 0, records: new Map() }];
  /** The last record there was when the journal was opened. */
  #opened: Lsn = 0;
  #last: Lsn = 0;
  #durable: Lsn = 0;
  #pendingBytes = 0;
  #deferred = false;
  #held = false;
  #full = false;
  #failure: string | undefined;
  #closed = false;

  constructor(options: MemoryJournalOptions = {}) {
    this.#options = options;
    this.#segmentBytes = options.segmentBytes ?? limits.journalSegmentBytes;
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
    return this.#segments.map(({ number, bytes }) => ({ number, bytes }));
  }

  append(record: Uint8Array): Lsn {
    return this.appendAll(RecordGroup.of([record]))[0]!;
  }

  appendAll(records: RecordGroup): readonly Lsn[] {
    assert(!this.#closed, 'nothing is appended to a closed journal');
    const { bytes } = records;
    const active = this.#active;
    if (active.bytes > 0 && active.bytes + bytes > this.#segmentBytes) this.rotate();
    const lsns = Array.from(records, (record) => this.#add(record));
    this.#pendingBytes += bytes;
    this.#settleSoon();
    return lsns;
  }

  onDurable(run: (upTo: Lsn) => void): Cancel {
    const subscription = this.#durable$.subscribe(run);
    return () => subscription.unsubscribe();
  }

  onTrouble(run: (trouble: JournalTrouble) => void): Cancel {
    const subscription = this.#trouble$.subscribe(run);
    return () => subscription.unsubscribe();
  }

  async read(lsn: Lsn): Promise<Uint8Array> {
    const record = this.peek(lsn);
    if (record === undefined) throw new Error(`there is no record ${lsn}`);
    return record.slice();
  }

  peek(lsn: Lsn): Uint8Array | undefined {
    const number = segmentNumberOf(lsn);
    return this.#segments.findLast((segment) => segment.number <= number)?.records.get(lsn);
  }

  async *replay(fromSegment = 0): AsyncGenerator<JournalRecord> {
    const kept = this.#segments.filter(({ number }) => number >= fromSegment);
    for (const { records } of kept) {
      for (const [lsn, record] of records) {
        if (lsn <= this.#opened) yield { lsn, record };
      }
    }
  }

  trim(beforeSegment: number): void {
    while (this.#segments.length > 1 && this.#segments[1]!.number <= beforeSegment) {
      this.#segments.shift();
    }
  }

  rotate(): void {
    const { number, bytes } = this.#active;
    if (bytes === 0) return;
    const following = number + Math.ceil(bytes / SEGMENT_UNIT);
    this.#segments.push({ number: following, bytes: 0, records: new Map() });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#settle();
    if (this.#durable < this.#last) throw new Error(this.#failure ?? 'no space is left');
  }

  /** Lets nothing become durable, until told to go on. */
  hold(on: boolean): void {
    this.#held = on;
    this.#settleSoon();
  }

  /** Has no space, until told to have some. */
  setFull(on: boolean): void {
    if (on === this.#full) return;
    this.#full = on;
    this.#trouble$.next(on ? { kind: 'full', text: 'no space is left' } : { kind: 'space' });
    this.#settleSoon();
  }

  /** Fails as a disk does: nothing becomes durable any more. */
  fail(text: string): void {
    this.#failure = text;
    this.#trouble$.next({ kind: 'failed', text });
  }

  /** The journal as it is found after a crash, or after a regular end: what was durable. */
  reopen(): MemoryJournal {
    const found = new MemoryJournal(this.#options);
    found.#segments = this.#segments.map(({ number, bytes, records }) => {
      const durable = [...records].filter(([lsn]) => lsn <= this.#durable);
      return { number, bytes: durable.length === 0 ? 0 : bytes, records: new Map(durable) };
    });
    found.#opened = found.#last = found.#durable = this.#durable;
    return found;
  }

  get #active(): MemorySegment {
    return this.#segments.at(-1)!;
  }

  #add(record: Uint8Array): Lsn {
    const { number, bytes, records } = this.#active;
    const lsn = number * SEGMENT_UNIT + bytes;
    if (this.#failure === undefined) records.set(lsn, record.slice());
    this.#active.bytes += FRAME_BYTES + record.length;
    this.#last = lsn;
    return lsn;
  }

  #settleSoon(): void {
    const { clock } = this.#options;
    if (clock === undefined) return this.#settle();
    if (this.#deferred) return;
    this.#deferred = true;
    clock.defer(() => {
      this.#deferred = false;
      this.#settle();
    });
  }

  #settle(): void {
    const stuck = this.#held || this.#full || this.#failure !== undefined;
    if (stuck || this.#durable === this.#last) return;
    this.#durable = this.#last;
    this.#pendingBytes = 0;
    this.#durable$.next(this.#durable);
  }
}
