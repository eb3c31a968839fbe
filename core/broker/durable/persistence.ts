import { BehaviorSubject, Subject, type Observable } from 'rxjs';
import { assert } from '../../assert.ts';
import { AmqpError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Clock } from '../../ports.ts';
import type { Journal, JournalTrouble, Lsn } from '../../storage/journal.ts';
import { MARK_PERSISTENT, type Address, type MessageStore } from '../message-store.ts';
import type { Turn } from '../turn.ts';
import { Compaction } from './compaction.ts';
import { Definitions } from './definitions.ts';
import { DurableStreams, type DurableStream } from './streams.ts';
import { LiveMessages, type LiveMessage } from './live-messages.ts';
import {
  encodeDefinition, encodeMessageRecord, encodeSettled,
  type DefinitionName, type RecordArgs, type SettledPair,
} from './records.ts';

/** A durable queue or exchange, which messages lie in. */
export interface DurableDestination {
  readonly gone: boolean;
}

/** Something that waits for a record to be durable, and hears it if that will never be. */
interface Waiting {
  readonly lsn: Lsn;
  readonly run: () => void;
  readonly refuse: () => void;
}

/**
 * Keeps the durable part of a broker in a journal. What one turn changes is written at its end as
 * one atomic group: a dead letter is in its source or its target after a crash, and a transaction
 * is whole or absent. What came and went within a turn is never written at all.
 */
export class Persistence {
  readonly trouble$: Observable<JournalTrouble>;
  /** Whether so much waits for the disk that publishers have to wait as well. */
  readonly behind$ = new BehaviorSubject(false);
  readonly live = new LiveMessages();
  readonly definitions = new Definitions();
  readonly streams = new DurableStreams(this);
  readonly #compaction = new Compaction(this);
  readonly #journal: Journal;
  readonly #store: MessageStore;
  readonly #clock: Clock;
  readonly #turn: Turn;
  readonly #trouble = new Subject<JournalTrouble>();
  readonly #numbers = new Map<DurableDestination, number>();
  #lastNumber = 0;
  /** Records of the turn at hand; nothing is recorded before the broker has recovered. */
  #recording = false;
  #changes: Uint8Array[] = [];
  #arrivals = new Map<Address, LiveMessage>();
  #settled: SettledPair[] = [];
  #waiting: Waiting[] = [];
  #failed = false;

  constructor(journal: Journal, store: MessageStore, clock: Clock, turn: Turn) {
    this.#journal = journal;
    this.#store = store;
    this.#clock = clock;
    this.#turn = turn;
    this.trouble$ = this.#trouble.asObservable();
    journal.onDurable((upTo) => this.#release(upTo));
    journal.onTrouble((trouble) => this.#onTrouble(trouble));
  }

  get journal(): Journal {
    return this.#journal;
  }

  /**
   * Recovery is over: from now on changes are recorded. That there was a crash is recorded too:
   * what it made redelivered stays so when the broker has stopped in good order meanwhile.
   */
  start(clean: boolean): void {
    this.#recording = true;
    if (!clean) this.#journal.append(encodeDefinition('broker.crashed', {}));
  }

  /** Refuses to declare what would have to be durable, where nothing will be any more. */
  checkUsable(): void {
    if (this.#failed) throw new AmqpError('INTERNAL_ERROR', 'the disk failed, nothing is durable');
  }

  /** Number under which the journal knows a destination. */
  numberOf(destination: DurableDestination): number {
    const known = this.#numbers.get(destination);
    if (known !== undefined) return known;
    this.#numbers.set(destination, ++this.#lastNumber);
    return this.#lastNumber;
  }

  /** The number that a destination had before the restart. */
  restoreNumber(destination: DurableDestination, number: number): void {
    this.#numbers.set(destination, number);
    this.#lastNumber = Math.max(this.#lastNumber, number);
  }

  forget(destination: DurableDestination): void {
    this.#numbers.delete(destination);
  }

  /** A definition changed; it is written with the turn. */
  define<N extends DefinitionName>(name: N, args: RecordArgs<N>): void {
    const record = encodeDefinition(name, args);
    this.definitions.apply(name, args, record);
    if (this.#recording) this.#changes.push(record);
  }

  /** A message came to a durable destination. `until` is on the broker's clock. */
  arrived(destination: DurableDestination, address: Address, until: number): void {
    if (!this.#recording || (this.#store.marksOf(address) & MARK_PERSISTENT) === 0) return;
    const entry = { destination, until, deliveryCount: 0 };
    const known = this.#arrivals.get(address);
    if (known !== undefined) {
      known.entries.push(entry);
      return;
    }
    this.#store.retain(address);
    this.#arrivals.set(address, { address, order: 0, bytes: 0, entries: [entry] });
  }

  /** Messages came to a stream, all of which it keeps, persistent or not. */
  grown(stream: DurableStream): void {
    if (this.#recording) this.streams.grown(stream);
  }

  /** A message left a durable destination for good. */
  left(destination: DurableDestination, address: Address): void {
    if (!this.#recording) return;
    const message = this.#store.lsnOf(address);
    if (message === 0) {
      removeEntry(this.#arrivals.get(address), destination);
      return;
    }
    this.#settled.push({ destination: this.numberOf(destination), message });
    if (removeEntry(this.live.get(message), destination)) this.live.delete(message);
  }

  /** A message came back to its queue. */
  returned(queue: DurableDestination, address: Address, deliveryCount: number): void {
    const message = this.#store.lsnOf(address);
    if (!this.#recording || message === 0) return;
    const entries = this.live.get(message)?.entries;
    const entry = entries?.find(({ destination }) => destination === queue);
    if (entry !== undefined) entry.deliveryCount = deliveryCount;
    const record = { destination: this.numberOf(queue), message, deliveryCount };
    this.#changes.push(encodeDefinition('message.returned', record));
  }

  /** Writes what the turn changed, all or none of it. */
  commit(): void {
    const arrivals = [...this.#arrivals.values()];
    const kept = arrivals.filter(({ entries }) =>
      entries.some(({ destination }) => !destination.gone));
    const settled = this.#settled.length === 0 ? [] : [encodeSettled(this.#settled)];
    const chunks = this.streams.take();
    const records = [
      ...this.#changes, ...chunks, ...kept.map((live) => this.messageRecord(live, 0)), ...settled,
    ];
    const firstChunk = this.#changes.length;
    const first = firstChunk + chunks.length;
    this.#changes = [];
    this.#settled = [];
    this.#arrivals = new Map();
    if (records.length > 0 && !this.#failed) {
      const numbers = this.#journal.appendAll(records);
      this.streams.written(numbers.slice(firstChunk, first));
      kept.forEach((live, index) => this.keep(live, numbers[first + index]!));
    }
    for (const { address } of arrivals) this.#store.release(address);
    if (records.length === 0 || this.#failed) return;
    this.#compaction.step();
    this.#updateBehind();
  }

  /** The message lies in the journal under this number from now on. */
  keep(live: LiveMessage, lsn: Lsn): void {
    this.#store.setLsn(live.address, lsn);
    live.order ||= lsn;
    this.live.set(lsn, live);
  }

  /** Runs when all that was written so far is durable; at once, where it is. */
  whenDurable(run: () => void, refuse: () => void): void {
    const lsn = this.#journal.last;
    if (this.#failed) refuse();
    else if (lsn <= this.#journal.durable) run();
    else this.#waiting.push({ lsn, run, refuse });
  }

  /** Something in the journal cannot be read that should be there. */
  unreadable(text: string): void {
    this.#trouble.next({ kind: 'failed', text });
  }

  /** The broker stops in good order: what happens to it afterwards is not recorded. */
  async close(): Promise<void> {
    if (this.#recording) {
      this.#changes.push(encodeDefinition('broker.closed', {}));
      this.commit();
      this.#recording = false;
    }
    await this.#journal.close();
  }

  /** The record of a message; `supersedes` is the one that it takes the place of. */
  messageRecord(live: LiveMessage, supersedes: Lsn): Uint8Array {
    const { address, order, entries } = live;
    const store = this.#store;
    store.locate(address);
    const record = encodeMessageRecord({
      kind: 'message',
      order,
      supersedes,
      marks: store.marks,
      entries: entries.filter(({ destination }) => !destination.gone).map((entry) => ({
        destination: this.numberOf(entry.destination),
        until: this.#wallTime(entry.until),
      })),
      tail: store.block.bytes.subarray(store.start, store.end),
      namesBytes: store.namesBytes,
      bodyBytes: store.bodyBytes,
    });
    live.bytes = record.length;
    return record;
  }

  /** Deadlines hold over a restart, so they are written in wall-clock time. QUE-14. */
  #wallTime(at: number): number {
    return at === Infinity ? Infinity : at - this.#clock.now() + this.#clock.wall();
  }

  /** What one sync made durable is told of in one turn. */
  #release(upTo: Lsn): void {
    const due = this.#waiting.findIndex(({ lsn }) => lsn > upTo);
    const ready = due === -1 ? this.#waiting.splice(0) : this.#waiting.splice(0, due);
    this.#turn.within(() => {
      for (const { run } of ready) run();
      this.#updateBehind();
    });
  }

  /** It ends at half of what began it, so that it does not flap. */
  #updateBehind(): void {
    const isBehind = this.behind$.value;
    const bytesMax = limits.journalPendingBytesMax / (isBehind ? 2 : 1);
    const behind = this.#journal.pendingBytes > bytesMax;
    if (behind !== isBehind) this.behind$.next(behind);
  }

  #onTrouble(trouble: JournalTrouble): void {
    this.#failed ||= trouble.kind === 'failed';
    this.#turn.within(() => {
      if (trouble.kind !== 'space') {
        // What is in flight is not confirmed any more: its publishers are told so. CNF-02.
        for (const { refuse } of this.#waiting.splice(0)) refuse();
      }
      this.#trouble.next(trouble);
    });
  }
}

/** Takes a destination out of a message's entries; whether none is left. */
function removeEntry(live: LiveMessage | undefined, destination: DurableDestination): boolean {
  if (live === undefined) return false;
  const index = live.entries.findIndex((entry) => entry.destination === destination);
  assert(index !== -1, 'a message leaves a destination that it came to');
  live.entries.splice(index, 1);
  return live.entries.length === 0;
}
