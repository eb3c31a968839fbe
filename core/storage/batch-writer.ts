import { Subject } from 'rxjs';
import { limits } from '../limits.ts';
import type { Cancel, Clock } from '../ports.ts';
import type { Batch } from './batch.ts';
import { writeAll, type Directory, type DirectoryFile } from './directory.ts';
import type { JournalTrouble } from './journal.ts';
import { synced, type Segment } from './segment.ts';

/**
 * Writes batches in their order, each with one write and one sync. While a batch is on its way
 * the next one fills, so what arrives during a sync shares the next (group commit).
 */
export class BatchWriter {
  readonly durable$ = new Subject<Batch>();
  readonly trouble$ = new Subject<JournalTrouble>();
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #segmentBytes: number;
  /** Those not durable yet, oldest first. */
  readonly #batches: Batch[] = [];
  /** The segment whose file is open for writing. */
  #segment: Segment;
  /** The one that was written before, while it does not say that another one follows. */
  #finished: Segment | undefined;
  #running = false;
  /** Nothing can be written for want of space. */
  #full = false;
  /** What space is left is kept for what makes room. */
  #scarce = false;
  /** Bytes written since somebody asked how much space is left. */
  #unasked = Infinity;
  #stopAsking: Cancel = () => {};
  #closing = false;
  #failure: Error | undefined;
  #retry: () => void = () => {};
  #idle: () => void = () => {};

  constructor(directory: Directory, clock: Clock, segmentBytes: number, segment: Segment) {
    this.#directory = directory;
    this.#clock = clock;
    this.#segmentBytes = segmentBytes;
    this.#segment = segment;
  }

  /** Why nothing will be durable any more. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** The batch that takes records still. */
  get open(): Batch | undefined {
    const batch = this.#batches.at(-1);
    return batch?.sealed === false ? batch : undefined;
  }

  /** The oldest segment that is not wholly written. */
  get segment(): Segment {
    return this.#segment;
  }

  /** The batch that a frame lies in, unless it is durable. */
  find(segment: Segment, offset: number): Batch | undefined {
    return this.#batches.find((batch) => batch.covers(segment, offset));
  }

  /** Takes a batch, which is filled until its turn comes. */
  add(batch: Batch): void {
    this.#batches.push(batch);
    if (this.#running) return;
    this.#running = true;
    this.#clock.defer(() => void this.#run());
  }

  /** Tries at once where the disk was full: something was deleted. */
  retry(): void {
    this.#retry();
  }

  /** Waits for all batches; a disk that is full from now on is a failure. */
  async drain(): Promise<void> {
    this.#closing = true;
    this.#stopAsking();
    this.#retry();
    if (this.#running) await new Promise<void>((resolve) => (this.#idle = resolve));
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #run(): Promise<void> {
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      batch.sealed = true;
      try {
        await this.#write(batch);
      } catch (error) {
        this.#fail(batch, error);
        break;
      }
      this.#batches.shift();
      batch.segment.durableEnd = batch.start + batch.used;
      batch.segment.durableMessages += batch.messages;
      this.#unasked += batch.used;
      if (this.#unasked > limits.journalSpaceCheckBytes) void this.#askSpace();
      this.durable$.next(batch);
      await batch.segment.note();
      await this.#finished?.noteContinued(this.#directory);
      this.#finished = undefined;
    }
    this.#running = false;
    this.#idle();
  }

  async #write(batch: Batch): Promise<void> {
    const { segment } = batch;
    if (segment !== this.#segment) {
      await this.#segment.finish();
      this.#finished = this.#segment;
      this.#segment = segment;
    }
    const file = await this.#whileFull(batch, () => this.#fileOf(segment));
    await this.#whileFull(batch, () => writeAll(file, batch.bytes, batch.start));
    await synced(file.sync());
  }

  #fileOf(segment: Segment): Promise<DirectoryFile> {
    return segment.create(this.#directory, this.#segmentBytes);
  }

  /** Does what needs space, again and again while there is none. */
  async #whileFull<T>({ segment }: Batch, run: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const result = await run();
        this.#setSpace(false, this.#scarce, '');
        return result;
      } catch (error) {
        if (this.#closing || !this.#directory.isFull(error)) throw error;
        this.#setSpace(true, this.#scarce, textOf(segment, error));
        await this.#pause();
      }
    }
  }

  async #askSpace(): Promise<void> {
    this.#unasked = 0;
    this.#stopAsking();
    const space = await this.#directory.space?.().catch(() => undefined);
    if (space === undefined || this.#closing || this.#failure !== undefined) return;
    const { freeBytes, totalBytes } = space;
    const reserve = Math.min(limits.journalReserveBytes, totalBytes * limits.journalReserveShare);
    this.#setSpace(this.#full, freeBytes < reserve, `only ${freeBytes} bytes are left`);
    if (!this.#scarce) return;
    this.#stopAsking = this.#clock.setTimer(limits.journalRetryMs, () => void this.#askSpace());
  }

  #setSpace(full: boolean, scarce: boolean, text: string): void {
    const before = this.#full || this.#scarce;
    this.#full = full;
    this.#scarce = scarce;
    if (before === (full || scarce)) return;
    this.trouble$.next(before ? { kind: 'space' } : { kind: 'full', text });
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      let cancel: Cancel = () => {};
      this.#retry = () => {
        cancel();
        resolve();
      };
      cancel = this.#clock.setTimer(limits.journalRetryMs, this.#retry);
    });
  }

  #fail({ segment }: Batch, error: unknown): void {
    const text = textOf(segment, error);
    this.#failure = new Error(text, { cause: error });
    for (const batch of this.#batches) batch.sealed = true;
    if (!this.#closing) this.trouble$.next({ kind: 'failed', text });
  }
}

function textOf(segment: Segment, error: unknown): string {
  return `${segment.name}: ${(error as Error).message}`;
}
