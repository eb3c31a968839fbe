/** Any order of work and crashes, with paging, checkpoints and compaction, against what was done turn by turn. */
import { expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import { Broker, durableIn, type IncomingMessage } from '../../core/index.ts';
import type { SegmentJournal } from '../../core/storage/index.ts';
import { text } from '../support/fixture.ts';
import { Bench } from '../storage/disk.ts';

const QUEUES = ['a', 'b', 'c'] as const;
type Name = (typeof QUEUES)[number];

type Operation =
  | { readonly kind: 'publish'; readonly queue: Name; readonly sizes: readonly number[] }
  | { readonly kind: 'fan-out'; readonly size: number }
  | { readonly kind: 'ack' | 'reject' | 'requeue'; readonly queue: Name; readonly count: number }
  | { readonly kind: 'purge' | 'replace'; readonly queue: Name }
  | { readonly kind: 'settle' | 'reopen' }
  | { readonly kind: 'crash'; readonly seed: number; readonly hold: boolean };

const queue = fc.constantFrom(...QUEUES);
const size = fc.oneof({ weight: 5, arbitrary: fc.nat(100) }, fc.nat(1500), fc.constant(5000));
const count = fc.integer({ min: 1, max: 12 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const), queue, sizes: fc.array(size, { minLength: 1, maxLength: 8 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fan-out' as const), size }) },
  { weight: 7, arbitrary: fc.record({ kind: fc.constantFrom('ack', 'ack', 'reject', 'requeue'), queue, count }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('purge', 'replace'), queue }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('settle', 'settle', 'reopen') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), seed: fc.nat(), hold: fc.boolean() }) },
);

/** What waits in each queue, oldest first. */
type State = Record<Name, string[]>;

/** The broker on a disk, and what it must hold after each of its turns. */
class Model {
  readonly bench = new Bench();
  #broker!: Broker;
  #journal!: SegmentJournal;
  /** The state after each turn, and the last record of that turn. */
  #history: { readonly lsn: number; readonly state: State }[] = [];
  #state: State = { a: [], b: [], c: [] };
  #count = 0;

  async start(): Promise<void> {
    await this.#open(await this.bench.open());
    this.#broker.turn.within(() => QUEUES.forEach((name) => this.#declare(name)));
    await this.bench.settle();
    this.#remember();
  }

  async run(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case 'publish': return this.#publish(operation.queue, operation.sizes);
      case 'fan-out': return this.#fanOut(operation.size);
      case 'ack':
      case 'reject':
      case 'requeue': return this.#consume(operation.queue, operation.count, operation.kind);
      case 'purge': return this.#purge(operation.queue);
      case 'replace': return this.#replace(operation.queue);
      case 'settle': return this.bench.settle();
      case 'reopen': return this.#reopen();
      case 'crash': return this.#crash(operation.seed, operation.hold);
    }
  }

  async finish(): Promise<void> {
    await this.#reopen();
    for (const name of QUEUES) this.#purge(name);
    await this.bench.settle();
    expect([this.#broker.store.liveBytes, this.#broker.store.table.keptBytes]).toEqual([0, 0]);
    const stopped = this.#broker.stop();
    await this.bench.settle();
    await stopped;
  }

  async #open(journal: SegmentJournal): Promise<void> {
    this.#journal = journal;
    const { clock } = this.bench;
    const limits = { residentBytesMax: 2000, journalBytesKept: 6000 };
    this.#broker = new Broker({ clock, random: () => 0.5, durability: durableIn(journal, limits) });
    this.#broker.persistence!.trouble$.subscribe((trouble) => expect.fail(JSON.stringify(trouble)));
    await this.#broker.recover();
  }

  #declare(name: Name): void {
    const vhost = this.#broker.vhost();
    // What a rejects goes to b.
    const table = name === 'a' ? { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'b' } : {};
    const queue = vhost.declareQueue({ queue: name, durable: true, arguments: table });
    vhost.bind(vhost.exchange('amq.fanout'), queue, '', {});
  }

  #remember(): void {
    const state = structuredClone(this.#state);
    this.#history.push({ lsn: this.#journal.last, state });
  }

  #send(exchange: string, routingKey: string, size: number): string {
    const body = `${this.#count++}`.padEnd(size, '.');
    this.#broker.vhost().exchange(exchange).publish({ routingKey, body, properties: { deliveryMode: 2 } });
    return body;
  }

  #publish(queue: Name, sizes: readonly number[]): void {
    this.#broker.turn.within(() => {
      for (const size of sizes) this.#state[queue].push(this.#send('', queue, size));
    });
    this.#remember();
  }

  #fanOut(size: number): void {
    const body = this.#send('amq.fanout', '', size);
    for (const name of QUEUES) this.#state[name].push(body);
    this.#remember();
  }

  /** Takes messages out and settles them one turn each. */
  async #consume(name: Name, count: number, outcome: 'ack' | 'reject' | 'requeue'): Promise<void> {
    const taken: IncomingMessage[] = [];
    const subscription = this.#broker.vhost().queue(name).consume({ prefetch: count })
      .subscribe((message) => taken.push(message));
    await this.bench.settle();
    expect(taken.map(({ body }) => text(body))).toEqual(this.#state[name].slice(0, count));
    if (outcome !== 'requeue') for (const message of taken.splice(0)) await this.#settle(name, message, outcome);
    subscription.unsubscribe();
    this.#remember();
  }

  async #settle(name: Name, message: IncomingMessage, outcome: 'ack' | 'reject'): Promise<void> {
    const [body] = this.#state[name].splice(0, 1);
    if (outcome === 'reject' && name === 'a') this.#state.b.push(body!);
    if (outcome === 'ack') message.ack();
    else message.nack({ requeue: false });
    // A dead letter may have to be read first.
    if (outcome === 'reject') await this.bench.settle();
    this.#remember();
  }

  #purge(name: Name): void {
    this.#broker.turn.within(() => this.#broker.vhost().queue(name).purge());
    this.#state[name] = [];
    this.#remember();
  }

  #replace(name: Name): void {
    const vhost = this.#broker.vhost();
    this.#broker.turn.within(() => {
      vhost.removeQueue(vhost.queue(name));
      this.#declare(name);
    });
    this.#state[name] = [];
    this.#remember();
  }

  async #reopen(): Promise<void> {
    const stopped = this.#broker.stop();
    await this.bench.settle();
    await stopped;
    await this.#open(await this.bench.open());
    this.#history = this.#history.slice(-1);
    await this.#compare();
  }

  async #crash(seed: number, hold: boolean): Promise<void> {
    // Whatever is under way is cut off, a sync that has begun as well.
    if (hold) this.bench.clock.runDeferred();
    const { durable } = this.#journal;
    const before = this.#history.findLastIndex(({ lsn }) => lsn <= durable);
    this.#history = this.#history.slice(Math.max(before, 0));
    await this.#open(await this.bench.crashAndOpen(seed));
    await this.#compare();
  }

  /** What is found is the state after one of the turns, the last durable one or a later. */
  async #compare(): Promise<void> {
    const found: State = { a: [], b: [], c: [] };
    for (const name of QUEUES) {
      const bodies = found[name];
      const subscription = this.#broker.vhost().queue(name).consume().subscribe(({ body }) => bodies.push(text(body)));
      await this.bench.settle();
      subscription.unsubscribe();
    }
    await this.bench.settle();
    expect(this.#history.map(({ state }) => state)).toContainEqual(found);
    this.#state = found;
    this.#history = [];
    this.#remember();
  }
}

test('after a crash the broker is what it was after one of its last turns', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 20, maxLength: 100, size: 'max' }), async (operations) => {
      const model = new Model();
      await model.start();
      for (const each of operations) await model.run(each);
      await model.finish();
    }),
    { numRuns: 40 },
  );
});
