import type { Random } from '../ports.ts';
import { blockOf } from '../protocol/bytes.ts';
import { withFile, writeAll, type Directory, type DirectoryFile } from './directory.ts';
import {
  DURABLE_MARK, NO_MARK, SEGMENT_HEAD_BYTES, SEGMENT_HEADER_BYTES, writeSegmentHeader, writeTally,
} from './record-frame.ts';
import { segmentName } from './segment-name.ts';

/** The salt of a new segment: a signed integer of 32 bits. */
export function drawSalt(random: Random): number {
  return Math.floor(random() * 2 ** 32) | 0;
}

/** One file of a journal, as its writer knows it. */
export class Segment {
  readonly number: number;
  readonly salt: number;
  /** Behind the last frame appended. */
  end: number;
  /** Behind the last frame that is durable. */
  durableEnd: number;
  /** Whether nothing is needed any more of what came before it. */
  oldest: boolean;
  /** Messages that were appended to it, and those that are durable. */
  messages = 0;
  durableMessages = 0;
  /** All before its first record; undefined where a version made it that kept no tally. */
  head: Uint8Array | undefined;
  #messagesBefore = 0;
  /** The file, while it is being written or made ready for that. */
  #file: Promise<DirectoryFile> | undefined;

  constructor(number: number, salt: number, end = SEGMENT_HEADER_BYTES, oldest = number === 1) {
    this.oldest = oldest;
    this.number = number;
    this.salt = salt;
    this.end = end;
    this.durableEnd = end;
  }

  /** Its first mark is to be written, and its tally with that. */
  begin(mark: Uint8Array, messagesBefore: number): void {
    this.head = new Uint8Array(SEGMENT_HEAD_BYTES);
    this.head.set(mark, SEGMENT_HEADER_BYTES);
    this.#messagesBefore = messagesBefore;
    this.#writeHead(false);
  }

  /** It is there already, with so many messages, and perhaps a tally. */
  goOn(messages: number, head: Uint8Array | undefined, messagesBefore: number): void {
    this.messages = messages;
    this.durableMessages = messages;
    this.head = head;
    this.#messagesBefore = messagesBefore;
  }

  get name(): string {
    return segmentName(this.number);
  }

  /** Whether the segment holds no record, nor will by what was appended. */
  get isEmpty(): boolean {
    return this.end === SEGMENT_HEADER_BYTES;
  }

  /**
   * Makes the file, its size included, so that a batch need not wait for it and its sync has no
   * change of size to write down. After a failure it may be called again.
   */
  create(directory: Directory, bytes: number): Promise<DirectoryFile> {
    return this.#file ??= this.#keep(this.#create(directory, bytes));
  }

  /** Opens the file that is there, cuts off what a crash left behind the last whole record. */
  resume(directory: Directory, bytes: number): Promise<DirectoryFile> {
    return this.#file ??= this.#keep(this.#resume(directory, bytes));
  }

  /** Ends the file behind its last durable frame, and lets go of it. */
  async finish(): Promise<void> {
    const file = await this.#file;
    this.#file = undefined;
    await file?.resize(this.durableEnd);
    await file?.close();
  }

  /** Lets go of the file as it stands. */
  async abandon(): Promise<void> {
    const file = await this.#file?.catch(() => undefined);
    this.#file = undefined;
    await file?.close();
  }

  /**
   * Writes down how far the segment is durable, behind a sync. Nothing waits for it: the next sync
   * carries it, and where it is lost less is known. So who opens the journal can tell what was
   * damaged from what a crash cut short.
   */
  async note(): Promise<void> {
    try {
      const file = await this.#file;
      const mark = this.#writeHead(false).subarray(DURABLE_MARK);
      await (file?.note?.(mark, DURABLE_MARK) ?? file?.write(mark, DURABLE_MARK));
    } catch {
      // The next batch finds out what is wrong.
    }
  }

  /** The same once it is finished, and a later one holds what was durable. */
  async noteContinued(directory: Directory): Promise<void> {
    try {
      const mark = this.#writeHead(true).subarray(DURABLE_MARK);
      await withFile(directory, this.name, (file) => writeAll(file, mark, DURABLE_MARK));
    } catch {
      // It may be deleted by now. What is not written down is not known.
    }
  }

  /** Writes down for good that what came before it may go. */
  async noteOldest(directory: Directory, continued: boolean): Promise<void> {
    if (this.oldest) return;
    this.oldest = true;
    try {
      await withFile(directory, this.name, async (file) => {
        await writeAll(file, this.#writeHead(continued).subarray(DURABLE_MARK), DURABLE_MARK);
        await synced(file.sync());
      });
    } catch (error) {
      // Whoever wants to remove what came before it writes it down again first.
      this.oldest = false;
      throw error;
    }
  }

  /** The head as it is by now: what is known to be durable, and the tally of that. */
  #writeHead(continued: boolean): Uint8Array {
    const head = blockOf(this.head ?? new Uint8Array(SEGMENT_HEADER_BYTES));
    const mark = { end: this.durableEnd, continued, oldest: this.oldest };
    writeSegmentHeader(head, this.number, this.salt, mark);
    if (this.head === undefined) return head.bytes;
    writeTally(head, { messages: this.durableMessages, before: this.#messagesBefore }, this.salt);
    return head.bytes;
  }

  #keep(opening: Promise<DirectoryFile>): Promise<DirectoryFile> {
    // Who waits for the file learns of the failure; the one who comes next tries again.
    opening.catch(() => {
      this.#file = undefined;
    });
    return opening;
  }

  async #create(directory: Directory, bytes: number): Promise<DirectoryFile> {
    const header = blockOf(new Uint8Array(SEGMENT_HEADER_BYTES));
    const mark = { ...NO_MARK, oldest: this.oldest };
    writeSegmentHeader(header, this.number, this.salt, mark);
    return prepare(await directory.create(this.name), async (file) => {
      await writeAll(file, header.bytes, 0);
      await file.resize(bytes);
      await synced(file.sync());
      await synced(directory.sync());
    });
  }

  async #resume(directory: Directory, bytes: number): Promise<DirectoryFile> {
    return prepare(await directory.open(this.name), async (file) => {
      await file.resize(this.end);
      await file.resize(Math.max(bytes, this.end));
      await synced(file.sync());
    });
  }
}

/** Closes the file again where it cannot be prepared. */
async function prepare(
  file: DirectoryFile, run: (file: DirectoryFile) => Promise<void>,
): Promise<DirectoryFile> {
  try {
    await run(file);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * A sync that fails is never tried again, whatever the reason: the system may have dropped what
 * it could not write, and would report success. So the error must not pass for a full disk.
 */
export async function synced(sync: Promise<void>): Promise<void> {
  try {
    await sync;
  } catch (error) {
    throw new Error(`sync failed: ${(error as Error).message}`, { cause: error });
  }
}
