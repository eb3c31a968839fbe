import { limits } from '../../limits.ts';
import { addressOf, isPersistent, slotOf, type Address, type Slot } from '../message/address.ts';
import type { MessageStore } from '../message/store.ts';
import { LOST } from '../message/table.ts';
import { Fifo } from '../turn/fifo.ts';
import type { Turn } from '../turn/turn.ts';
import type { Destinations } from './destinations.ts';
import type { DurableLog } from './durable-log.ts';
import type { Pager, Residence } from '../turn/keeper.ts';
import { tailOf } from './records.ts';

interface Waiting {
  readonly address: Address;
  readonly run: () => void;
  readonly lost: () => void;
}

/** What is paged. */
interface PagedLog extends DurableLog {
  readonly destinations: Destinations;
}

/**
 * Decides which persistent messages have their bytes in memory, and brings bytes back from the
 * journal. The messages that came last to a long queue go first, for they are needed last.
 */
export class Paging implements Pager {
  readonly #log: PagedLog;
  readonly #store: MessageStore;
  /** Work that waits for bytes, each after the one before it. */
  readonly #line = new Fifo<Waiting>();
  readonly #turn: Turn;
  /** Whether the line moves on by itself. */
  #advances = false;

  constructor(log: PagedLog, store: MessageStore, turn: Turn) {
    this.#log = log;
    this.#turn = turn;
    this.#store = store;
  }

  /** The journal keeps the message: its bytes may go, if there are too many. */
  kept(slot: Slot): void {
    const { residentBytes } = this.#store;
    const { destinations, options } = this.#log;
    const { residentBytesMax, residentMessagesPerQueue } = options;
    if (residentBytes <= residentBytesMax) return;
    const destination = this.#store.table.destination(slot);
    const waiting = destinations.find(destination)?.readyCount ?? Infinity;
    const isNear = waiting <= residentMessagesPerQueue;
    // What is delivered soon stays, unless that alone is too much.
    if (isNear && residentBytes <= 2 * residentBytesMax) return;
    this.#unload(slot);
  }

  /** The message went out to a receiver: its bytes are not needed for a while. */
  delivered(address: Address): void {
    const { residentBytesMax } = this.#log.options;
    if (!isPersistent(address) || this.#store.residentBytes <= residentBytesMax) return;
    if (this.#store.table.lsn(slotOf(address)) !== 0) this.#unload(slotOf(address));
  }

  /** Brings the bytes of a message back; where they are coming, `then` is called after that. */
  load(address: Address, then: () => void): Residence {
    if (this.#store.isResident(address)) return 'here';
    const slot = slotOf(address);
    const { table } = this.#store;
    if (table.bytesAddress(slot) === LOST) return 'lost';
    const record = this.#log.journal.peek(table.lsn(slot));
    if (record !== undefined) {
      this.#fill(slot, record);
      return 'here';
    }
    void this.#fetch(slot, then);
    return 'coming';
  }

  /** Runs when the bytes are in memory, and after whatever waits before; or `lost`. */
  whenResident(address: Address, run: () => void, lost: () => void): void {
    this.#store.retain(address);
    this.#line.push({ address, run, lost });
    if (this.#line.length === 1) this.#advance();
  }

  /** Resolves when nothing waits for bytes any more. */
  async idle(): Promise<void> {
    for (let last = this.#line.last; last !== undefined; last = this.#line.last) {
      const { address } = last;
      await new Promise<void>((resolve) => this.whenResident(address, resolve, resolve));
    }
  }

  /**
   * Runs `use` while the bytes of these messages are in memory: from the first one on as many as
   * `limits.lentBytesMax` lets. Those that were brought for it leave again, if there are too many.
   */
  async lend<T>(addresses: readonly Address[], use: () => T): Promise<T> {
    const store = this.#store;
    for (const address of addresses) store.retain(address);
    const absent = addresses.filter((address) => !store.isResident(address));
    let bytes = 0;
    try {
      for (const address of absent) {
        bytes += store.table.tailBytes(slotOf(address));
        if (bytes > limits.lentBytesMax && address !== absent[0]) break;
        await this.bring(address);
      }
      return use();
    } finally {
      for (const address of addresses) store.release(address);
      for (const address of absent) this.delivered(address);
    }
  }

  /** Brings the bytes of a message back, if they can be read. */
  bring(address: Address): Promise<void> {
    return new Promise((resolve) => {
      if (this.load(address, resolve) !== 'coming') resolve();
    });
  }

  /** As far as bytes are here, over as many turns as that takes. */
  #advance(): void {
    if (this.#advances) return;
    this.#advances = true;
    this.#turn.stepwise(() => this.#step(), () => {
      this.#advances = false;
    });
  }

  /** Whether the next one may go on. */
  #step(): boolean {
    const { first } = this.#line;
    if (first === undefined) return false;
    const residence = this.load(first.address, () => this.#advance());
    if (residence === 'coming') return false;
    this.#line.shift();
    this.#turn.spend(1);
    if (residence === 'here') first.run();
    else first.lost();
    this.#store.release(first.address);
    return this.#line.length > 0;
  }

  async #fetch(slot: Slot, then: () => void): Promise<void> {
    // While the bytes are on their way the row stays what it is.
    this.#store.retain(addressOf(slot));
    try {
      const record = await this.#log.readMoving(() => this.#store.table.lsn(slot));
      this.#fill(slot, record);
    } catch (error) {
      // What was settled meanwhile may be gone.
      if (this.#store.table.lsn(slot) !== 0) this.#lose(slot, error);
    }
    this.#store.release(addressOf(slot));
    then();
  }

  #lose(slot: Slot, error: unknown): void {
    this.#store.table.setBytesAddress(slot, LOST);
    this.#log.unreadable((error as Error).message);
  }

  #fill(slot: Slot, record: Uint8Array): void {
    const { table } = this.#store;
    if (this.#store.isResident(addressOf(slot))) return;
    this.#store.load(slot, tailOf(record, table.tailBytes(slot)));
  }

  /** Who else refers to the message than the queues that the journal knows of needs its bytes. */
  #unload(slot: Slot): void {
    const { table } = this.#store;
    if (table.references(slot) <= table.entryCount(slot)) this.#store.unload(slot);
  }
}
