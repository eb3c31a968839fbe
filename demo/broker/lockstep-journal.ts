import { Subject } from 'rxjs';
import type { Cancel } from '../../core/ports.ts';
import type {
  Journal, JournalRecord, JournalSegment, JournalTrouble, Lsn, RecordGroup,
} from '../../core/storage/index.ts';

/**
 * A journal whose disk is waited for while time stands still: what became durable is told when the
 * world asks for it, and at no moment of the disk's choosing. So the same start leads to the same
 * frames, however fast the disk is.
 */
export class LockstepJournal implements Journal {
  durable: Lsn;
  readonly #inner: Journal;
  readonly #durable$ = new Subject<Lsn>();
  #troubled = false;

  constructor(inner: Journal) {
    this.#inner = inner;
    this.durable = inner.durable;
    inner.onTrouble(({ kind }) => (this.#troubled = kind !== 'space'));
  }

  /** Waits for the disk, and tells what is durable; whether there was anything to tell. */
  async settle(): Promise<boolean> {
    let { last } = this.#inner;
    if (this.durable >= last || this.#troubled) return false;
    await this.#until(last);
    // What came meanwhile is waited for as well: it is told of all at once, however slow the disk.
    while (!this.#troubled && this.#inner.last > last) {
      ({ last } = this.#inner);
      await this.#until(last);
    }
    const reached = Math.min(this.#inner.durable, last);
    if (reached <= this.durable) return false;
    this.durable = reached;
    this.#durable$.next(reached);
    return true;
  }

  append(record: Uint8Array): Lsn {
    return this.#inner.append(record);
  }

  appendAll(records: RecordGroup): readonly Lsn[] {
    return this.#inner.appendAll(records);
  }

  get last(): Lsn {
    return this.#inner.last;
  }

  get pendingBytes(): number {
    return this.#inner.pendingBytes;
  }

  get segments(): readonly JournalSegment[] {
    return this.#inner.segments;
  }

  onDurable(run: (upTo: Lsn) => void): Cancel {
    const subscription = this.#durable$.subscribe(run);
    return () => subscription.unsubscribe();
  }

  onTrouble(run: (trouble: JournalTrouble) => void): Cancel {
    return this.#inner.onTrouble(run);
  }

  read(lsn: Lsn): Promise<Uint8Array> {
    return this.#inner.read(lsn);
  }

  peek(lsn: Lsn): Uint8Array | undefined {
    return this.#inner.peek(lsn);
  }

  replay(fromSegment?: number): AsyncIterable<JournalRecord> {
    return this.#inner.replay(fromSegment);
  }

  trim(beforeSegment: number): void {
    this.#inner.trim(beforeSegment);
  }

  rotate(): void {
    this.#inner.rotate();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** Resolves once the disk has this record, or has said that it cannot take it. */
  #until(lsn: Lsn): Promise<void> {
    if (this.#inner.durable >= lsn) return Promise.resolve();
    return new Promise((resolve) => {
      const over = (): void => {
        stopDurable();
        stopTrouble();
        resolve();
      };
      const stopDurable = this.#inner.onDurable((upTo) => upTo >= lsn && over());
      const stopTrouble = this.#inner.onTrouble(over);
    });
  }
}
