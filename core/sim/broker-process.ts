import { Broker } from '../broker/broker.ts';
import { durableIn } from '../broker/durable/index.ts';
import { messagesIn } from '../broker/durable/records.ts';
import { slotOf, type Address } from '../broker/message/address.ts';
import type { ClassicQueue } from '../broker/queue/classic-queue.ts';
import type { StreamQueue } from '../broker/queue/stream-queue.ts';
import type { VirtualClock } from '../clock/virtual-clock.ts';
import type { Journal } from '../storage/journal.ts';
import { openSegmentJournal } from '../storage/open-segment-journal.ts';
import type { Chance } from './chance.ts';
import type { BrokerView, Seen, SeenStream } from './broker-view.ts';
import { STREAM } from './model-stream.ts';
import { NEIGHBOUR } from './neighbour.ts';
import { peekMessage } from './peek.ts';
import { bindingsOf, DELAYED, LATE, type Plan } from './plan.ts';
import type { ProcessClock } from './process-clock.ts';
import type { SimDisk } from './sim-disk.ts';
import { check } from './violation.ts';

/** What a process of the broker is made of; a test may put a worse one in its place. */
export type MakeBroker = (parts: {
  readonly clock: ProcessClock; readonly random: () => number; readonly journal: Journal;
  readonly plan: Plan;
}) => Broker;

export interface World {
  readonly clock: VirtualClock;
  readonly disk: SimDisk;
  readonly chance: Chance;
  readonly plan: Plan;
  readonly makeBroker: MakeBroker;
  afterTask(): void;
  /** The broker let somebody go on. */
  served(broker: Broker): void;
  /** The broker ended a turn. */
  turnEnded(broker: Broker): void;
  onFault(fault: unknown): void;
}

export const makeBroker: MakeBroker = ({ journal, plan, ...env }) =>
  new Broker({ ...env, durability: durableIn(journal, plan.durability) }, {
    turnWork: plan.turnWork,
  });

/** One life of the broker, from start to kill or stop. */
export class BrokerProcess implements BrokerView {
  readonly clock: ProcessClock;
  readonly broker: Broker;
  readonly journal: Journal;
  troubled = false;
  /** The journal will not be durable any more. */
  failed = false;
  readonly #disk: SimDisk;
  readonly #plan: Plan;

  private constructor(world: World, clock: ProcessClock, journal: Journal) {
    this.clock = clock;
    this.journal = journal;
    this.#disk = world.disk;
    this.#plan = world.plan;
    const { chance, plan } = world;
    // Before the broker hears of it, and tells those whom it concerns.
    journal.onTrouble(({ kind }) => {
      this.troubled = true;
      this.failed ||= kind === 'failed';
    });
    this.broker = world.makeBroker({ clock, random: () => chance.next(), journal, plan });
    this.broker.parties.served = () => world.served(this.broker);
    this.broker.turn.ended = () => world.turnEnded(this.broker);
    this.broker.events$.subscribe((event) => {
      if (event.type === 'connection.failed') world.onFault(event.error);
    });
  }

  /** Starts on what is on the disk. */
  static async start(
    world: World, clock: ProcessClock, onRecovered: (process: BrokerProcess) => void,
  ): Promise<BrokerProcess> {
    const random = (): number => world.chance.next();
    const { segmentBytes } = world.plan;
    const directory = world.disk.open(clock);
    const journal = await openSegmentJournal({
      directory, clock, random, segmentBytes, messagesIn,
    });
    const read = journal.read.bind(journal);
    // What a process had begun to read when it was killed ends there, memory or disk.
    journal.read = (lsn) => (clock.killed ? new Promise(() => {}) : read(lsn));
    const process = new BrokerProcess(world, clock, journal);
    await process.broker.recover();
    // What a process that was killed has at hand still runs, but it does nothing more to the world.
    if (clock.killed) await new Promise(() => {});
    onRecovered(process);
    process.#declare(world.plan);
    return process;
  }

  get written(): number {
    return this.journal.last;
  }

  get durable(): number {
    return this.journal.durable;
  }

  numberOf(name: string): number | undefined {
    if (name === DELAYED) return 0;
    const queue = this.#queue(name);
    return queue && this.broker.persistence!.numberOf(queue);
  }

  get stream(): SeenStream | undefined {
    const queue = this.broker.vhost().queues.get(STREAM) as StreamQueue | undefined;
    if (queue === undefined) return undefined;
    const { log: { first, next, bytes }, unackedCount: unacked } = queue;
    return { first, next, bytes, unacked };
  }

  isBound(name: string): boolean {
    const vhost = this.broker.vhost();
    const destination = vhost.queues.get(name);
    return destination !== undefined && bindingsOf(this.#plan, name).every(
      ({ exchange, routingKey, arguments: table }) =>
        vhost.exchange(exchange).find({ destination, routingKey, arguments: table }),
    );
  }

  readyCount(name: string): number {
    if (name === DELAYED) return this.#held().length;
    return this.#queue(name)?.readyCount ?? 0;
  }

  readyBytes(name: string): number {
    return this.#queue(name)?.readyBytes ?? 0;
  }

  unackedCount(name: string): number {
    return this.#queue(name)?.unackedCount ?? 0;
  }

  ready(name: string): readonly Seen[] {
    if (name === DELAYED) return this.#held();
    const seen: Seen[] = [];
    this.#queue(name)?.forEachWaiting((delivery) => {
      const { redelivered, deliveryCount: returns, expiresAt: deadline } = delivery;
      seen.push({ id: this.#idOf(delivery.address), redelivered, returns, deadline });
    });
    return seen;
  }

  /** What is declared at the first start is there at every other, but what may be gone. */
  checkDeclared({ queues, exchanges, stream }: Plan, mayBeGone: ReadonlySet<string>): void {
    const vhost = this.broker.vhost();
    for (const { name } of queues) {
      check(vhost.queues.has(name) || mayBeGone.has(name), 'definitions', () => `${name} is lost`);
    }
    check(stream === undefined || vhost.queues.has(STREAM), 'definitions', () => 'no stream');
    for (const { name } of exchanges) {
      check(vhost.exchanges.has(name), 'definitions', () => `${name} is lost`);
    }
  }

  #declare({ queues, exchanges, stream, neighbour }: Plan): void {
    const { broker } = this;
    const vhost = broker.vhost();
    broker.turn.within(() => {
      for (const { name, deadQueue, arguments: table } of queues) {
        if (deadQueue !== undefined) vhost.declareQueue({ queue: deadQueue, durable: true });
        vhost.declareQueue({ queue: name, durable: true, arguments: table });
      }
      vhost.declareQueue({ queue: LATE, durable: true });
      if (neighbour) vhost.declareQueue({ queue: NEIGHBOUR, durable: true });
      if (stream !== undefined) {
        vhost.declareQueue({ queue: STREAM, durable: true, arguments: stream });
      }
      for (const { name, type, bindings, arguments: table = {} } of exchanges) {
        const exchange = vhost.declareExchange({
          exchange: name, type, durable: true, arguments: table,
        });
        for (const { queue, key, arguments: wanted = {} } of bindings) {
          vhost.bind(exchange, vhost.queue(queue), key, wanted);
        }
      }
    });
  }

  /** What a delayed exchange holds back. */
  #held(): Seen[] {
    const held: Seen[] = [];
    this.broker.vhost().exchanges.get(DELAYED)?.delayed?.forEachHeld((address, deadline) => {
      held.push({ id: this.#idOf(address), redelivered: false, returns: 0, deadline });
    });
    return held;
  }

  #idOf(address: Address): string {
    const { store } = this.broker;
    const message = store.isResident(address)
      ? this.broker.vhost().readMessage(address)
      : peekMessage(this.#disk.memory, this.journal, store.table.lsn(slotOf(address)));
    return message.properties.messageId!;
  }

  #queue(name: string): ClassicQueue | undefined {
    return this.broker.vhost().queues.get(name) as ClassicQueue | undefined;
  }
}
