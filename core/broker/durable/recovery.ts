import { assert } from '../../assert.ts';
import { segmentNumberOf, type Lsn } from '../../storage/journal.ts';
import type { Broker } from '../broker.ts';
import { DelayedMessages } from '../exchange/delayed-messages.ts';
import { Exchange } from '../exchange/exchange.ts';
import { MARK_PERSISTENT } from '../message/store.ts';
import { addressOf, type Slot } from '../message/address.ts';
import type { Entry } from '../message/entries.ts';
import { ABSENT, NO_ENTRY, type MessageTable, type MutableEntry } from '../message/table.ts';
import type { Queue } from '../queue/abstract-queue.ts';
import { ClassicQueue } from '../queue/classic-queue.ts';
import { StreamQueue } from '../queue/stream-queue.ts';
import type { VirtualHost } from '../virtual-host.ts';
import { catchUp } from './overdue.ts';
import type { Persistence } from './persistence.ts';
import { StreamRecovery } from './stream-recovery.ts';
import {
  decodeRecord, isCheckpoint, timeOf,
  type BrokerRecord, type CheckpointRecord, type DefinitionRecord, type MessageHead,
  type Changed, type RecordArgs, type Returned, type SettledPairs,
} from './records.ts';

/** What recovery brought back. */
export interface Recovered {
  readonly exchanges: number;
  readonly queues: number;
  readonly messages: number;
  /** Whether the broker had stopped in good order. */
  readonly clean: boolean;
}

/**
 * Brings what the journal keeps into a broker that has just been made: durable exchanges, queues
 * and bindings, and the persistent messages in them, each in its place. Their bytes stay where
 * they are. It reads the checkpoints, and the records that none stands for. After a crash nobody
 * knows which messages were out with consumers, so all of them count as redelivered.
 */
export class Recovery {
  readonly #broker: Broker;
  readonly #persistence: Persistence;
  readonly #table: MessageTable;
  readonly #streams = new StreamRecovery();
  readonly #onlyEntry: MutableEntry = { ...NO_ENTRY };
  /** Whether messages are in another order than their records. */
  #moved = false;
  #clean = true;

  constructor(broker: Broker, persistence: Persistence) {
    this.#broker = broker;
    this.#persistence = persistence;
    this.#table = persistence.table;
  }

  /** Without checkpoints it reads all that there is: after damage they may tell of what is lost. */
  async run(withCheckpoints: boolean): Promise<Recovered> {
    const { journal, checkpoint } = this.#persistence;
    checkpoint.fromSegment = journal.segments[0]!.number;
    if (withCheckpoints) await this.#recoverCheckpoints();
    for await (const { lsn, record } of journal.replay(checkpoint.fromSegment)) {
      this.#apply(lsn, decodeRecord(record));
    }
    if (!this.#clean) this.#crashed();
    const messages = (await this.#restoreMessages()) + this.#streams.restore();
    // A new segment begins with a checkpoint: nobody asks the old ones again.
    if (!withCheckpoints) journal.rotate();
    this.#persistence.start(this.#clean && withCheckpoints);
    const recovered = { ...this.#count(), messages, clean: this.#clean };
    await this.#catchUp();
    return recovered;
  }

  async #recoverCheckpoints(): Promise<void> {
    const { checkpoint } = this.#persistence;
    const last = await this.#findCheckpoint();
    if (last === undefined) return;
    const { earlier, beforeSegment } = last.record;
    const firstSegment = checkpoint.fromSegment;
    const kept = earlier.filter((lsn) => segmentNumberOf(lsn) >= firstSegment);
    this.#defineAll(last.record);
    // One at a time: with a long backlog all of them together are large.
    for (const lsn of kept) {
      this.#applyCheckpoint(await this.#readCheckpoint(lsn), firstSegment);
    }
    this.#applyCheckpoint(last.record, firstSegment);
    checkpoint.fromSegment = beforeSegment;
    checkpoint.all = [...kept, last.lsn];
  }

  /** The last checkpoint: it lies in the last segment, or in one shortly before. */
  async #findCheckpoint(): Promise<{ lsn: Lsn; record: CheckpointRecord } | undefined> {
    const { journal } = this.#persistence;
    for (const { number } of journal.segments.toReversed()) {
      let found: { lsn: Lsn; record: CheckpointRecord } | undefined;
      for await (const { lsn, record } of journal.replay(number)) {
        if (!isCheckpoint(record)) continue;
        found = { lsn, record: await this.#readCheckpoint(lsn) };
      }
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #readCheckpoint(lsn: Lsn): Promise<CheckpointRecord> {
    const record = decodeRecord(await this.#persistence.journal.read(lsn));
    assert(record.kind === 'checkpoint', 'a checkpoint is where another says');
    return record;
  }

  #applyCheckpoint(
    { messages, settled, changed, returned, crashed, chunks }: CheckpointRecord,
    firstSegment: number,
  ): void {
    // What these segments hold counts itself, all before does not.
    if (crashed !== 0) this.#crashed();
    for (const { lsn, head, tailBytes } of messages) {
      if (segmentNumberOf(lsn) >= firstSegment) this.#message(lsn, head, tailBytes);
    }
    for (const chunk of chunks) {
      if (segmentNumberOf(chunk.lsn) >= firstSegment) this.#streams.kept(chunk);
    }
    this.#settle(settled);
    for (const each of changed) this.#change(each);
    for (const each of returned) this.#return(each);
  }

  #apply(lsn: Lsn, record: BrokerRecord): void {
    this.#clean = record.kind === 'broker.closed';
    const { checkpoint } = this.#persistence;
    switch (record.kind) {
      case 'message':
        this.#message(lsn, record, record.tail.length);
        if (record.supersedes === 0) return;
        checkpoint.settled(0, record.supersedes);
        this.#settle([0, record.supersedes]);
        return;
      case 'settled':
        for (let i = 0; i < record.pairs.length; i += 2) {
          checkpoint.settled(record.pairs[i]!, record.pairs[i + 1]!);
        }
        this.#settle(record.pairs);
        return;
      case 'message.changed':
        checkpoint.changed(record.args);
        this.#change(record.args);
        return;
      case 'message.returned':
        this.#return(record.args, (changed) => checkpoint.changed(changed));
        return;
      case 'stream.chunk':
        this.#streams.found(lsn, record.args);
        return;
      case 'broker.crashed':
        checkpoint.crashed(lsn);
        this.#crashed();
        return;
      case 'checkpoint':
        this.#defineAll(record);
        return;
      case 'broker.closed':
      case 'broker.opened':
        return;
      default:
        this.#define(record);
    }
  }

  #defineAll({ definitions, lastNumber }: CheckpointRecord): void {
    const { destinations } = this.#persistence;
    for (const definition of definitions) this.#define(definition);
    destinations.lastNumber = Math.max(destinations.lastNumber, lastNumber);
  }

  #define(record: DefinitionRecord): void {
    switch (record.kind) {
      case 'setting.changed':
      case 'setting.removed':
        this.#set(record);
        return;
      case 'exchange.declared':
        this.#declareExchange(record.args);
        return;
      case 'queue.declared':
        this.#declareQueue(record.args);
        return;
      case 'exchange.deleted':
        remove(this.#vhost(record.args.vhost).exchanges.get(record.args.exchange));
        return;
      case 'queue.deleted':
        remove(this.#vhost(record.args.vhost).queues.get(record.args.queue));
        return;
      case 'binding.added':
      case 'binding.removed':
        this.#bind(record.args, record.kind === 'binding.added');
    }
  }

  /** Nothing is recorded yet: that it is defined only has the next checkpoint say it again. */
  #set(record: Extract<DefinitionRecord, { kind: `setting.${string}` }>): void {
    const { kind, vhost, name } = record.args;
    if (record.kind === 'setting.removed') {
      this.#persistence.define({}, record.kind, record.args);
      this.#broker.restoreSetting(kind, vhost, name, undefined);
    } else {
      this.#persistence.define({}, record.kind, record.args);
      this.#broker.restoreSetting(kind, vhost, name, JSON.parse(record.args.value));
    }
  }

  /** Any message may have been out with a consumer. */
  #crashed(): void {
    this.#persistence.live.forEach((slot) => this.#table.redeliver(slot));
  }

  #vhost(name: string): VirtualHost {
    return this.#broker.restoreVhost(name);
  }

  #declareExchange({ destination, ...args }: RecordArgs<'exchange.declared'>): void {
    const vhost = this.#vhost(args.vhost);
    if (vhost.exchanges.has(args.exchange)) return;
    this.#persistence.destinations.reserve(destination);
    vhost.addExchange({ ...args, durable: true });
  }

  #declareQueue({ destination, ...args }: RecordArgs<'queue.declared'>): void {
    const vhost = this.#vhost(args.vhost);
    if (vhost.queues.has(args.queue)) return;
    this.#persistence.destinations.reserve(destination);
    const queue = vhost.addQueue(args.queue, { ...args, durable: true }, undefined);
    if (queue instanceof ClassicQueue) queue.suspend();
    if (queue instanceof StreamQueue) this.#streams.declared(destination, queue);
  }

  #bind(args: RecordArgs<'binding.added'>, adds: boolean): void {
    const vhost = this.#vhost(args.vhost);
    const source = vhost.findExchange(args.source);
    const ends = args.destinationKind === 'queue' ? vhost.queues : vhost.exchanges;
    const destination = ends.get(args.destination);
    if (source === undefined || destination === undefined) return;
    const { routingKey, arguments: table } = args;
    const binding = { destination, routingKey, arguments: table };
    if (adds) vhost.addBinding(source, binding);
    else source.unbind(binding);
  }

  #message(lsn: Lsn, head: MessageHead, tailBytes: number): void {
    const table = this.#table;
    const { marks, namesBytes, bodyBytes, priority, order, entries } = head;
    const slot = table.add(ABSENT, tailBytes, bodyBytes, namesBytes, marks | MARK_PERSISTENT);
    for (const entry of entries) {
      const isTimed = entry.until !== Infinity || entry.readyAt !== 0;
      table.enter(slot, isTimed ? this.#timed(entry) : entry);
    }
    if (priority > 0) table.setPriority(slot, priority);
    if (order !== 0 && order !== lsn) {
      table.setOrder(slot, order);
      this.#moved = true;
    }
    this.#persistence.live.add(slot, lsn);
  }

  /** The entry with its times on the broker's clock. */
  #timed(entry: Entry): Entry {
    return {
      ...entry,
      until: this.#clockTime(entry.until),
      readyAt: entry.readyAt === 0 ? 0 : this.#clockTime(entry.readyAt),
    };
  }

  #clockTime(wallTime: number): number {
    const { clock } = this.#broker;
    return wallTime - clock.wall() + clock.now();
  }

  #settle(pairs: SettledPairs): void {
    for (let i = 0; i < pairs.length; i += 2) {
      const slot = this.#persistence.live.find(pairs[i + 1]!);
      if (slot === undefined) continue;
      // 0 stands for all.
      const left = pairs[i] === 0
        ? this.#table.entries(slot).map(({ destination }) => destination)
        : [pairs[i]!];
      for (const destination of left) this.#table.leave(slot, destination);
    }
  }

  #change({ message, until, ...changed }: Changed): void {
    const slot = this.#persistence.live.find(message);
    if (slot === undefined) return;
    this.#table.change(slot, this.#timed({ ...changed, until: until || Infinity }));
  }

  /** As a version before wrote it: all else that is known of the message stays as it is. */
  #return(
    { destination, message, outCount }: Returned, note: (changed: Changed) => void = () => {},
  ): void {
    const slot = this.#persistence.live.find(message);
    const entry = slot && this.#table.entry(slot, destination);
    if (slot === undefined || entry === undefined) return;
    this.#table.change(slot, { ...entry, outCount });
    const { clock } = this.#broker;
    const until = timeOf(entry.until + clock.wall() - clock.now());
    note({ destination, message, outCount, death: 0, until, readyAt: 0 });
  }

  async #restoreMessages(): Promise<number> {
    const { live } = this.#persistence;
    const sorted = this.#moved ? this.#sorted() : undefined;
    await this.#loadFirst(sorted ?? live.all());
    let count = 0;
    (sorted ?? live).forEach((slot: Slot) => {
      if (this.#restore(slot)) count++;
      this.#broker.store.release(addressOf(slot));
    });
    return count;
  }

  /** Those that were moved are mostly in order among themselves, which is soon sorted. */
  #sorted(): Slot[] {
    const table = this.#table;
    return [...this.#persistence.live.all()].sort((a, b) => table.order(a) - table.order(b));
  }

  /** Brings back the bytes of the oldest messages, so that consumers need not wait for them. */
  async #loadFirst(inOrder: Iterable<Slot>): Promise<void> {
    const { paging, options } = this.#persistence;
    const { store } = this.#broker;
    const bytesMax = Math.min(options.residentBytesMax, options.residentBytesAtStart);
    for (const slot of inOrder) {
      if (store.residentBytes >= bytesMax) return;
      if (this.#table.entryCount(slot) === 0) continue;
      await paging.bring(addressOf(slot));
    }
  }

  /** Gives the message back to its destinations; whether there is any left. */
  #restore(slot: Slot): boolean {
    const table = this.#table;
    // The usual case costs no garbage: there may be a million.
    if (table.readOnlyEntry(slot, this.#onlyEntry)) return this.#restoreTo(this.#onlyEntry, slot);
    return table.entries(slot).map((entry) => this.#restoreTo(entry, slot)).includes(true);
  }

  /** Gives the message back to one destination, if that is still there. */
  #restoreTo(entry: Entry, slot: Slot): boolean {
    const destination = this.#destination(entry.destination);
    if (destination === undefined) return false;
    this.#broker.store.retain(addressOf(slot));
    destination.restore(addressOf(slot), entry, this.#table.priority(slot));
    return true;
  }

  /** A destination that keeps messages by their addresses. */
  #destination(number: number): ClassicQueue | Exchange | undefined {
    const found = this.#persistence.destinations.find(number);
    return found instanceof ClassicQueue || found instanceof Exchange ? found : undefined;
  }

  /** What fell due while the broker was down comes out before anything else happens. */
  #catchUp(): Promise<void> {
    const { destinations, journal, options, paging } = this.#persistence;
    const all = destinations.all
      .flatMap((each) => each instanceof Exchange ? each.delayed ?? [] : each)
      .filter((each) => each instanceof ClassicQueue || each instanceof DelayedMessages);
    const settled = async (): Promise<void> => {
      await paging.idle();
      if (journal.pendingBytes <= options.journalPendingBytesMax) return;
      await this.#persistence.allDurable();
    };
    const { turn, clock } = this.#broker;
    return catchUp(all, { turn, clock, settled });
  }

  #count(): { exchanges: number; queues: number } {
    const { all } = this.#persistence.destinations;
    const exchanges = all.filter((destination) => destination instanceof Exchange).length;
    return { exchanges, queues: all.length - exchanges };
  }
}

function remove(thing: Queue | Exchange | undefined): void {
  thing?.subscription.unsubscribe();
}
