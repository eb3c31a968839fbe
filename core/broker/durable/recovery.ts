import type { Broker } from '../broker.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Address } from '../message-store.ts';
import type { Queue } from '../queue/abstract-queue.ts';
import { ClassicQueue } from '../queue/classic-queue.ts';
import { StreamQueue } from '../queue/stream-queue.ts';
import type { VirtualHost } from '../virtual-host.ts';
import { blockOf } from '../../protocol/bytes.ts';
import type { Lsn } from '../../storage/journal.ts';
import type { LiveEntry } from './live-messages.ts';
import type { Persistence } from './persistence.ts';
import { StreamRecovery } from './stream-recovery.ts';
import { decodeRecord, type BrokerRecord, type MessageRecord, type RecordArgs } from './records.ts';

/** A message of the journal that is not settled as far as it was read. */
interface Found {
  readonly lsn: Lsn;
  readonly order: Lsn;
  readonly address: Address;
  /** Where it lies, by the destination's number. */
  readonly entries: Map<number, FoundEntry>;
}

interface FoundEntry {
  /** On the wall clock. */
  readonly until: number;
  deliveryCount: number;
}

/** What recovery brought back. */
export interface Recovered {
  readonly exchanges: number;
  readonly queues: number;
  readonly messages: number;
  /** Whether the broker had stopped in good order. */
  readonly clean: boolean;
}

/**
 * Replays the journal into a broker that has just been made: durable exchanges, queues and
 * bindings, and the persistent messages in them, each in its place. After a crash nobody knows
 * which messages were out with consumers, so all of them count as redelivered.
 */
export class Recovery {
  readonly #broker: Broker;
  readonly #persistence: Persistence;
  readonly #destinations = new Map<number, ClassicQueue | Exchange>();
  readonly #streams = new StreamRecovery();
  #found = new Map<Lsn, Found>();
  #clean = true;

  constructor(broker: Broker, persistence: Persistence) {
    this.#broker = broker;
    this.#persistence = persistence;
  }

  async run(): Promise<Recovered> {
    for await (const { lsn, record } of this.#persistence.journal.replay()) {
      this.#apply(lsn, decodeRecord(record));
    }
    if (!this.#clean) this.#crashed();
    const messages = this.#restoreMessages() + this.#streams.restore();
    this.#persistence.start(this.#clean);
    return { ...this.#count(), messages, clean: this.#clean };
  }

  #apply(lsn: Lsn, record: BrokerRecord): void {
    this.#clean = record.kind === 'broker.closed';
    switch (record.kind) {
      case 'message':
        this.#message(lsn, record);
        return;
      case 'settled':
        for (const { destination, message } of record.pairs) this.#settle(message, destination);
        return;
      case 'message.returned': {
        const { message, destination, deliveryCount } = record.args;
        const entry = this.#found.get(message)?.entries.get(destination);
        if (entry !== undefined) entry.deliveryCount = deliveryCount;
        return;
      }
      case 'stream.chunk':
        this.#streams.found(lsn, record.args);
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
      case 'broker.crashed':
        this.#crashed();
        return;
      case 'binding.added':
      case 'binding.removed':
        this.#bind(record.args, record.kind === 'binding.added');
    }
  }

  /** Any message may have been out with a consumer. */
  #crashed(): void {
    for (const { entries } of this.#found.values()) {
      for (const entry of entries.values()) entry.deliveryCount ||= 1;
    }
  }

  #vhost(name: string): VirtualHost {
    return this.#broker.ensureVhost(name);
  }

  #declareExchange({ destination, ...args }: RecordArgs<'exchange.declared'>): void {
    const vhost = this.#vhost(args.vhost);
    if (vhost.exchanges.has(args.exchange)) return;
    const exchange = vhost.addExchange({ ...args, durable: true });
    this.#persistence.restoreNumber(exchange, destination);
    this.#destinations.set(destination, exchange);
  }

  #declareQueue({ destination, ...args }: RecordArgs<'queue.declared'>): void {
    const vhost = this.#vhost(args.vhost);
    if (vhost.queues.has(args.queue)) return;
    const queue = vhost.addQueue(args.queue, { ...args, durable: true }, undefined);
    this.#persistence.restoreNumber(queue, destination);
    if (queue instanceof StreamQueue) this.#streams.declared(destination, queue);
    if (queue instanceof ClassicQueue) this.#destinations.set(destination, queue);
  }

  #bind(args: RecordArgs<'binding.added'>, adds: boolean): void {
    const vhost = this.#vhost(args.vhost);
    const source = vhost.exchanges.get(args.source);
    const ends = args.destinationKind === 'queue' ? vhost.queues : vhost.exchanges;
    const destination = ends.get(args.destination);
    if (source === undefined || destination === undefined) return;
    const { routingKey, arguments: table } = args;
    if (adds) vhost.bind(source, destination, routingKey, table);
    else source.unbind({ destination, routingKey, arguments: table });
  }

  #message(lsn: Lsn, record: MessageRecord): void {
    const { tail, namesBytes, bodyBytes, marks, supersedes } = record;
    this.#drop(supersedes);
    const address = this.#broker.store.append({
      block: blockOf(tail),
      namesStart: 0,
      namesEnd: namesBytes,
      contentStart: namesBytes + 1,
      contentEnd: tail.length,
      bodyBytes,
      canonical: true,
    }, marks);
    const entries = new Map(record.entries.map(({ destination, until }) => {
      return [destination, { until, deliveryCount: 0 }];
    }));
    const order = record.order === 0 ? lsn : record.order;
    this.#found.set(lsn, { lsn, order, address, entries });
  }

  #settle(message: Lsn, destination: number): void {
    const found = this.#found.get(message);
    found?.entries.delete(destination);
    if (found?.entries.size === 0) this.#drop(message);
  }

  #drop(message: Lsn): void {
    const found = this.#found.get(message);
    if (found === undefined) return;
    this.#broker.store.release(found.address);
    this.#found.delete(message);
  }

  #restoreMessages(): number {
    let count = 0;
    const inOrder = [...this.#found.values()].sort((a, b) => a.order - b.order);
    this.#found = new Map();
    for (const found of inOrder) {
      if (this.#restore(found)) count++;
      this.#broker.store.release(found.address);
    }
    return count;
  }

  /** Gives the message back to its destinations; whether there is any left. */
  #restore({ lsn, order, address, entries }: Found): boolean {
    const { clock, store } = this.#broker;
    const kept: LiveEntry[] = [];
    for (const [number, { until: wallTime, deliveryCount }] of entries) {
      const destination = this.#destinations.get(number);
      if (destination === undefined || destination.gone) continue;
      const until = wallTime === Infinity ? Infinity : wallTime - clock.wall() + clock.now();
      store.retain(address);
      destination.restore(address, until, deliveryCount);
      kept.push({ destination, until, deliveryCount });
    }
    if (kept.length === 0) return false;
    const live = { address, order, bytes: store.tailBytesOf(address), entries: kept };
    this.#persistence.keep(live, lsn);
    return true;
  }

  #count(): { exchanges: number; queues: number } {
    const alive = [...this.#destinations.values()].filter(({ gone }) => !gone);
    const queues = alive.filter((destination) => destination instanceof ClassicQueue).length;
    return { exchanges: alive.length - queues, queues };
  }
}

function remove(thing: Queue | Exchange | undefined): void {
  thing?.subscription.unsubscribe();
}
