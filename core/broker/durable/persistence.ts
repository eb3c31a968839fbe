import { BehaviorSubject, Subject, type Observable } from 'rxjs';
import { AmqpError } from '../../errors.ts';
import type { Clock } from '../../ports.ts';
import type { Journal, JournalTrouble, Lsn } from '../../storage/journal.ts';
import { RecordGroup } from '../../storage/record-group.ts';
import type { SettingKeeper, SettingKind } from '../definition/setting-table.ts';
import { addressOf, isPersistent, slotOf, type Address, type Slot } from '../message/address.ts';
import { MARK_TRANSIENT, type MessageStore } from '../message/store.ts';
import type { Entry } from '../message/entries.ts';
import { NO_ENTRY, type MessageTable, type MutableEntry } from '../message/table.ts';
import type { DurableDestination, Keeper } from '../turn/keeper.ts';
import type { Turn } from '../turn/turn.ts';
import { work } from '../turn/work.ts';
import { Checkpoint } from './checkpoint.ts';
import { Compaction } from './compaction.ts';
import { Definitions } from './definitions.ts';
import { Destinations } from './destinations.ts';
import { LiveMessages } from './live-messages.ts';
import type { DurabilityOptions } from './options.ts';
import { Paging } from './paging.ts';
import type { DurableStream } from '../queue/queue-host.ts';
import { DurableStreams } from './streams.ts';
import {
  encodeDefinition, timeOf, writeMessageRecord, writeSettled,
  type DefinitionName, type MessageHead, type MutableHead, type Changed, type RecordArgs,
} from './records.ts';


/** What a message that is to be read met with. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly text: string;
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
 * is whole or absent. Only messages that came one by one are not tied together, so that damage to
 * one of them costs no other. What came and went within a turn is never written at all.
 */
export class Persistence implements Keeper, SettingKeeper {
  readonly trouble$: Observable<JournalTrouble | Unreadable>;
  /** Whether so much waits for the disk that publishers have to wait as well. */
  readonly behind$ = new BehaviorSubject(false);
  readonly journal: Journal;
  readonly options: DurabilityOptions;
  readonly table: MessageTable;
  readonly live: LiveMessages;
  readonly definitions = new Definitions();
  readonly destinations = new Destinations();
  readonly streams = new DurableStreams(this);
  readonly checkpoint = new Checkpoint(this);
  readonly paging: Paging;
  readonly #compaction = new Compaction(this);
  readonly #store: MessageStore;
  readonly #clock: Clock;
  readonly #turn: Turn;
  readonly #trouble = new Subject<JournalTrouble | Unreadable>();
  #started = false;
  #failed = false;
  /** What `headOf` answers. */
  readonly #head: MutableHead = {
    order: 0, marks: 0, priority: 0, namesBytes: 0, bodyBytes: 0, entries: [],
  };
  readonly #onlyEntry: readonly [MutableEntry] = [
    { ...NO_ENTRY },
  ];
  /** What the turn at hand changed. */
  readonly #group = new RecordGroup();
  #arrivals: Slot[] = [];
  /** Pairs of destination and message. */
  #settled: number[] = [];
  #changed: Changed[] = [];
  #waiting: Waiting[] = [];
  /** Whether the turn changes a definition, and the last record of a turn that did. */
  #defines = false;
  /** Whether the messages of the turn belong together. */
  #isOne = false;
  #defined: Lsn = 0;

  constructor(
    journal: Journal, store: MessageStore, clock: Clock, turn: Turn, options: DurabilityOptions,
  ) {
    this.journal = journal;
    this.options = options;
    this.#store = store;
    this.table = store.table;
    this.live = new LiveMessages(store.table);
    this.#clock = clock;
    this.#turn = turn;
    this.paging = new Paging(this, store, turn);
    this.trouble$ = this.#trouble.asObservable();
    journal.onDurable((upTo) => this.#release(upTo));
    journal.onTrouble((trouble) => this.#onTrouble(trouble));
  }

  /** Whether changes are recorded: from the end of the recovery to that of the broker. */
  get recording(): boolean {
    return this.#started && !this.#failed;
  }

  /**
   * Recovery is over: from now on changes are recorded. Writes `broker.opened` at once: deliveries
   * are not journaled, so without it an unclean stop would look clean. That there was a crash is
   * recorded too: what it made redelivered stays so when the broker has
   * stopped in good order meanwhile.
   */
  start(clean: boolean): void {
    this.#started = true;
    const name = clean ? 'broker.opened' : 'broker.crashed';
    const lsn = this.journal.append(encodeDefinition(name, {}));
    this.checkpoint.written(lsn);
    if (!clean) this.checkpoint.crashed(lsn);
  }

  /**
   * Refuses what somebody wants declared or deleted, before it is, where nothing will be durable
   * any more. What is there, and was on disk before, may be declared again.
   */
  checkChange(there?: object): void {
    if (!this.#failed) return;
    if (there !== undefined && !this.definitions.isPending(there)) return;
    throw new AmqpError('INTERNAL_ERROR', 'the disk failed, nothing is durable');
  }

  numberOf(destination: DurableDestination): number {
    return this.destinations.numberOf(destination);
  }

  forget(destination: DurableDestination): void {
    this.destinations.forget(destination);
  }

  /** A definition changed, that of `subject`; it is written with the turn. */
  define<N extends DefinitionName>(subject: object, name: N, args: RecordArgs<N>): void {
    const record = encodeDefinition(name, args);
    this.definitions.apply(name, args, record);
    if (!this.#started) return;
    this.#group.add(record);
    this.definitions.pending(subject);
    this.#defines = true;
  }

  settingChanged(kind: SettingKind, vhost: string, name: string, value: unknown): void {
    this.#turn.within(() => {
      this.define({}, 'setting.changed', { kind, vhost, name, value: JSON.stringify(value) });
    });
  }

  settingRemoved(kind: SettingKind, vhost: string, name: string): void {
    this.#turn.within(() => this.define({}, 'setting.removed', { kind, vhost, name }));
  }

  /** A message came to a durable destination. `until` is on the broker's clock. */
  arrived(
    destination: DurableDestination, address: Address, until: number, priority = 0,
  ): void {
    if (!this.#started || !this.#keeps(destination, address)) return;
    const slot = slotOf(address);
    const { table } = this;
    if (table.arrive(slot)) {
      this.#store.retain(address);
      this.#arrivals.push(slot);
    }
    table.enter(slot, { ...NO_ENTRY, destination: this.numberOf(destination), until });
    if (priority > table.priority(slot)) table.setPriority(slot, priority);
  }

  /** Messages came to a stream, all of which it keeps, persistent or not. */
  grown(stream: DurableStream): void {
    if (this.#started) this.streams.grown(stream);
  }

  /** A message left a durable destination for good. */
  left(destination: DurableDestination, address: Address): void {
    if (!this.#started || !this.#keeps(destination, address)) return;
    const slot = slotOf(address);
    const { table } = this;
    const number = this.numberOf(destination);
    const lsn = table.lsn(slot);
    if (lsn !== 0) this.#settled.push(number, lsn);
    if (table.leave(slot, number) && lsn !== 0) table.setLsn(slot, 0);
  }

  /** A message came back to its queue, so often by now; 0 or when it is ready again there. */
  returned(
    queue: DurableDestination, address: Address, deliveryCount: number, readyAt = 0,
  ): void {
    this.#change(queue, address, { outCount: deliveryCount + 1, readyAt });
  }

  /** A message died in its queue and waits there for another one to take it over. */
  died(queue: DurableDestination, address: Address, death: number, at: number): void {
    this.#change(queue, address, { death, until: at, readyAt: 0 });
  }

  #change(queue: DurableDestination, address: Address, change: Partial<Entry>): void {
    if (!this.#started || !this.#keeps(queue, address)) return;
    const { table } = this;
    const before = table.entry(slotOf(address), this.numberOf(queue));
    if (before === undefined) return;
    const entry = { ...before, ...change };
    table.change(slotOf(address), entry);
    const message = table.lsn(slotOf(address));
    // What came in this turn is written with what changed of it since.
    if (message === 0) return;
    const { destination, outCount, death } = entry;
    const until = timeOf(this.#wallTime(entry.until));
    const readyAt = entry.readyAt === 0 ? 0 : timeOf(this.#wallTime(entry.readyAt));
    const changed = { destination, message, outCount, death, until, readyAt };
    this.#changed.push(changed);
    this.#turn.spend(work.changedRecord);
    this.#group.add(encodeDefinition('message.changed', changed));
  }

  /** All that comes in this turn is there after a crash, or nothing of it: a transaction. */
  keepAsOne(): void {
    this.#isOne = true;
  }

  /** Writes what the turn changed: all or none of it, but for messages that came one by one. */
  commit(): void {
    const group = this.#group;
    const firstChunk = group.count;
    for (const chunk of this.streams.take()) group.add(chunk);
    const first = group.count;
    const arrivals = this.#takeArrivals();
    for (const slot of arrivals) this.#writeMessage(slot);
    if (this.#settled.length > 0) writeSettled(group.next(), this.#settled);
    const written = group.count > 0;
    // Messages that came one by one, and nothing else, do not depend on each other.
    group.isAtomic = this.#isOne || first > 0 || this.#settled.length > 0;
    this.#isOne = false;
    if (written && !this.#failed) {
      const numbers = this.journal.appendAll(group);
      if (this.#defines) {
        this.#defined = this.journal.last;
        this.definitions.written(this.#defined);
      }
      this.#written(numbers, arrivals, first);
      this.streams.written(numbers.slice(firstChunk, first));
    }
    group.clear();
    for (const slot of arrivals) {
      if (this.#store.release(addressOf(slot)) || this.#failed) continue;
      this.paging.kept(slot);
    }
    this.#settled = [];
    this.#changed = [];
    this.#defines = false;
    if (!written || this.#failed) return;
    this.#compaction.step();
    this.#updateBehind();
  }

  /** Runs when all that was written so far is durable; at once, where it is. */
  whenDurable(run: () => void, refuse: () => void): void {
    const lsn = this.journal.last;
    if (this.#failed) refuse();
    else if (lsn <= this.journal.durable) run();
    else this.#waiting.push({ lsn, run, refuse });
  }

  /** Runs when all that was declared so far is durable; at once, where it is. */
  whenDefined(run: () => void, refuse: () => void): void {
    if (this.#defined <= this.journal.durable) run();
    else this.whenDurable(run, refuse);
  }

  /** Reads a record, and again where it was moved meanwhile, and is not where it was. */
  async readMoving(lsnOf: () => Lsn): Promise<Uint8Array> {
    for (;;) {
      const lsn = lsnOf();
      try {
        return await this.journal.read(lsn);
      } catch (error) {
        if (lsnOf() === lsn) throw error;
      }
    }
  }

  /** Resolves when all that was written so far is durable; false: it will never be. */
  allDurable(): Promise<boolean> {
    return new Promise((resolve) => {
      this.whenDurable(() => resolve(true), () => resolve(false));
    });
  }

  /** Something in the journal cannot be read that should be there. */
  unreadable(text: string): void {
    this.#trouble.next({ kind: 'unreadable', text });
  }

  /** The broker stops in good order: what happens to it afterwards is not recorded. */
  async close(): Promise<void> {
    if (this.#started) {
      this.#group.add(encodeDefinition('broker.closed', {}));
      this.commit();
      this.#started = false;
    }
    await this.journal.close();
  }

  /** What the journal says of a message, its bytes aside; until it is asked for another one. */
  headOf(slot: Slot): MessageHead {
    const { table } = this;
    const head = this.#head;
    head.order = table.order(slot);
    head.marks = table.marks(slot);
    head.priority = table.priority(slot);
    head.namesBytes = table.namesBytes(slot);
    head.bodyBytes = table.bodyBytes(slot);
    head.entries = this.#entriesOf(slot);
    return head;
  }

  /** Deadlines hold over a restart, so they are written in wall-clock time. QUE-14. */
  #entriesOf(slot: Slot): readonly Entry[] {
    const { table, destinations } = this;
    const [only] = this.#onlyEntry;
    // The usual case costs no garbage: one destination, no deadline.
    if (table.readOnlyEntry(slot, only) && only.until === Infinity && only.readyAt === 0 &&
      destinations.find(only.destination) !== undefined) return this.#onlyEntry;
    return table.entries(slot)
      .filter(({ destination }) => destinations.find(destination) !== undefined)
      .map((entry) => ({
        ...entry,
        until: this.#wallTime(entry.until),
        readyAt: entry.readyAt === 0 ? 0 : this.#wallTime(entry.readyAt),
      }));
  }

  /** What no queue keeps has no row; what is not persistent may have one for another queue. */
  #keeps(destination: DurableDestination, address: Address): boolean {
    if (!isPersistent(address)) return false;
    if (destination.keepsAll === true) return true;
    return (this.table.marks(slotOf(address)) & MARK_TRANSIENT) === 0;
  }

  /** The messages of this turn that are somewhere at its end; the others are let go. */
  #takeArrivals(): readonly Slot[] {
    const arrivals = this.#arrivals;
    if (arrivals.length === 0) return arrivals;
    this.#arrivals = [];
    return arrivals.filter((slot) => {
      this.table.endArrival(slot);
      return this.#isKept(slot) || void this.#store.release(addressOf(slot));
    });
  }

  #isKept(slot: Slot): boolean {
    const { table, destinations } = this;
    if (destinations.find(table.destination(slot)) !== undefined) return true;
    return table.entries(slot).some(({ destination }) =>
      destinations.find(destination) !== undefined);
  }

  #writeMessage(slot: Slot): void {
    const store = this.#store;
    store.locate(addressOf(slot));
    const { block, start, end } = store;
    const supersedes = this.table.lsn(slot);
    writeMessageRecord(this.#group.next(), this.headOf(slot), supersedes, block, start, end);
  }

  #written(numbers: readonly Lsn[], arrivals: readonly Slot[], first: number): void {
    const { checkpoint, live, table } = this;
    checkpoint.written(numbers[0]!);
    arrivals.forEach((slot, index) => {
      const before = table.lsn(slot);
      if (before !== 0) {
        checkpoint.settled(0, before);
        table.setOrder(slot, table.order(slot));
      }
      live.add(slot, numbers[first + index]!);
    });
    const settled = this.#settled;
    for (let i = 0; i < settled.length; i += 2) checkpoint.settled(settled[i]!, settled[i + 1]!);
    for (const changed of this.#changed) checkpoint.changed(changed);
  }

  #wallTime(at: number): number {
    return at === Infinity ? Infinity : at - this.#clock.now() + this.#clock.wall();
  }

  /** What one sync made durable is told of in one turn. */
  #release(upTo: Lsn): void {
    const due = this.#waiting.findIndex(({ lsn }) => lsn > upTo);
    const ready = due === -1 ? this.#waiting.splice(0) : this.#waiting.splice(0, due);
    this.#turn.within(() => {
      this.definitions.durable(upTo);
      this.streams.durable(upTo);
      for (const { run } of ready) run();
      this.#updateBehind();
    });
  }

  /** It ends at half of what began it, so that it does not flap. */
  #updateBehind(): void {
    const isBehind = this.behind$.value;
    const bytesMax = this.options.journalPendingBytesMax / (isBehind ? 2 : 1);
    const behind = this.journal.pendingBytes > bytesMax;
    if (behind !== isBehind) this.behind$.next(behind);
  }

  #onTrouble(trouble: JournalTrouble): void {
    this.#failed ||= trouble.kind === 'failed';
    this.#turn.within(() => {
      if (trouble.kind !== 'space') {
        // What is in flight is not confirmed any more: its publishers are told so. CNF-02.
        for (const { refuse } of this.#waiting.splice(0)) refuse();
        // Of what is not durable, nobody will be told any more.
        if (this.#failed) this.#defined = this.journal.durable;
      }
      if (trouble.kind !== 'failed') this.#compaction.setFull(trouble.kind === 'full');
      this.#trouble.next(trouble);
    });
  }
}
