/** What the journal does for memory, for the disk and for the next start, on a disk in memory. */
import { take } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { Broker, durableIn, type DurabilityOptions, type IncomingMessage } from '../../core/index.ts';
import type { Slot } from '../../core/broker/message/address.ts';
import { managementApi, type MessageView } from '../../core/management/index.ts';
import { segmentNumberOf, type SegmentJournal } from '../../core/storage/index.ts';
import { Bench } from '../storage/disk.ts';
import { text } from '../support/fixture.ts';

const SEGMENT_BYTES = 16_384;
const options = {
  residentBytesMax: 20_000, journalBytesKept: 2 * SEGMENT_BYTES, compactionSettledBytes: SEGMENT_BYTES,
} satisfies Partial<DurabilityOptions>;

/** A broker on a disk, which holds little in memory and little on the disk. */
class Store {
  readonly bench = new Bench();
  broker!: Broker;
  journal!: SegmentJournal;

  #options: Partial<DurabilityOptions> = options;

  static async open(residentBytesMax = options.residentBytesMax): Promise<Store> {
    const store = new Store();
    store.#options = { ...options, residentBytesMax };
    await store.#start();
    return store;
  }

  async #start(): Promise<void> {
    this.journal = await this.bench.open({ segmentBytes: SEGMENT_BYTES, verifyBytes: 0 });
    const durability = durableIn(this.journal, this.#options);
    this.broker = new Broker({ clock: this.bench.clock, random: () => 0.5, durability });
    await this.broker.recover();
  }

  async stop(): Promise<void> {
    const stopped = this.broker.stop();
    await this.bench.settle();
    await stopped;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.#start();
  }

  get diskBytes(): number {
    return this.journal.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get liveBytes(): number {
    return this.broker.store.table.keptBytes;
  }

  declare(queue: string, table = {}): void {
    this.broker.turn.within(() => {
      this.broker.vhost().declareQueue({ queue, durable: true, arguments: table });
    });
  }

  /** Publishes messages numbered from `first` on, of 200 octets and more. */
  async publish(routingKey: string, first: number, count: number): Promise<void> {
    const exchange = this.broker.vhost().exchange('');
    this.broker.turn.within(() => {
      for (let i = first; i < first + count; i++) {
        exchange.publish({ routingKey, body: `${i} `.padEnd(200, '.'), properties: { deliveryMode: 2 } });
      }
    });
    await this.bench.settle();
  }

  /** Takes messages out and acknowledges them; answers their numbers. */
  async take(queue: string, count: number): Promise<number[]> {
    const numbers: number[] = [];
    const messages$ = this.broker.vhost().queue(queue).consume({ prefetch: 10 }).pipe(take(count));
    const subscription = messages$.subscribe((message) => {
      numbers.push(Number.parseInt(text(message.body), 10));
      message.ack();
    });
    await this.bench.settle();
    subscription.unsubscribe();
    return numbers;
  }
}

const range = (first: number, count: number): number[] => Array.from({ length: count }, (_, index) => first + index);

describe('memory', () => {
  test('bodies beyond the limit leave it, and come back in order', async () => {
    const store = await Store.open();
    store.declare('q');
    for (let first = 0; first < 3000; first += 500) await store.publish('q', first, 500);
    expect(store.broker.store.residentBytes).toBeLessThan(2 * options.residentBytesMax + 500 * 300);
    expect(store.broker.vhost().queue('q').readyCount).toBe(3000);
    expect(await store.take('q', 3000)).toEqual(range(0, 3000));
    expect([store.broker.store.residentBytes, store.broker.store.liveBytes]).toEqual([0, 0]);
    await store.stop();
  });

  test('a peek shows what the journal alone has, and a move takes it along; neither keeps it in memory', async () => {
    const store = await Store.open();
    store.declare('q');
    store.declare('other');
    for (let first = 0; first < 2000; first += 50) await store.publish('q', first, 50);
    await store.restart();
    const api = managementApi(store.broker);
    const ask = async (path: string, body?: object): Promise<unknown> => {
      const method = body === undefined ? 'GET' : 'POST';
      const answer = api({ method, path: `/api/queues/%2F/${path}`, body });
      await store.bench.settle();
      return (await answer).body;
    };
    const peek = async (queue: string, query: string): Promise<MessageView[]> =>
      await ask(`${queue}/messages?state=ready&${query}`) as MessageView[];
    const numbersOf = (views: MessageView[]) => views.map(({ payload }) => Number.parseInt(text(payload), 10));
    const whole = await peek('q', 'count=2000');
    expect(numbersOf(whole)).toEqual(range(0, 2000));
    expect(store.broker.store.residentBytes).toBeLessThan(2 * options.residentBytesMax);
    const [first] = await peek('q', 'from=1500&count=1');
    expect([first!.position, ...numbersOf([first!])]).toEqual([1500, 1500]);
    await ask('q/messages/move', { ids: [first!.id], to: 'other' });
    expect(numbersOf(await peek('other', 'count=9'))).toEqual([1500]);
    expect(numbersOf(await peek('q', 'from=1499&count=2'))).toEqual([1499, 1501]);
    await store.stop();
  });

  test('what is short stays in it beside what is long', async () => {
    // More than the thousand that stay of each queue, so that the long one has what may go.
    const residentBytesMax = 400_000;
    const store = await Store.open(residentBytesMax);
    store.declare('long');
    store.declare('short');
    for (let first = 0; first < 3000; first += 50) await store.publish('long', first, 50);
    expect(store.broker.store.residentBytes).toBeGreaterThan(0.9 * residentBytesMax);
    expect(store.liveBytes).toBeGreaterThan(1.5 * residentBytesMax);
    await store.publish('short', 0, 10);
    const seen: number[] = [];
    store.broker.vhost().queue('short').forEachReady(({ body }) => seen.push(Number.parseInt(text(body), 10)));
    expect(seen).toEqual(range(0, 10));
    await store.stop();
  });

  test('a dead letter that the journal alone has is brought back, and keeps its place', async () => {
    const store = await Store.open();
    store.declare('dead');
    store.declare('q', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' });
    for (let first = 0; first < 2000; first += 50) await store.publish('q', first, 50);
    await store.restart();
    const taken: IncomingMessage[] = [];
    const consumer = store.broker.vhost().queue('q').consume().subscribe((message) => taken.push(message));
    await store.bench.settle();
    for (const message of taken) message.nack({ requeue: false });
    await store.bench.settle();
    consumer.unsubscribe();
    expect(await store.take('dead', 2000)).toEqual(range(0, 2000));
    await store.stop();
  });

  test('basic.get waits for a message that the journal alone has', async () => {
    const store = await Store.open();
    store.declare('q');
    for (let first = 0; first < 2000; first += 50) await store.publish('q', first, 50);
    expect(await store.take('q', 1500)).toHaveLength(1500);
    const queue = store.broker.vhost().queue('q');
    const got: boolean[] = [];
    const asker = { closed: false };
    const get = (who: { closed: boolean }): void => store.broker.turn.within(() => queue.get(who, (delivery) => {
      got.push(delivery!.redelivered);
      queue.settle(delivery!, 'ack');
    }));
    get(asker);
    expect(got).toEqual([]);
    // Whoever is gone by then has not had it: it is not redelivered to the next one.
    asker.closed = true;
    await store.bench.settle();
    expect(got).toEqual([]);
    get({ closed: false });
    expect(got).toEqual([false]);
    await store.stop();
  });

  test('a message that cannot be read is passed over, and told of', async () => {
    const store = await Store.open();
    store.declare('q');
    for (let first = 0; first < 300; first += 50) await store.publish('q', first, 50);
    await store.restart();
    const { table } = store.broker.store;
    const troubles: string[] = [];
    store.broker.events$.subscribe((event) => {
      if (event.type === 'journal.trouble') troubles.push(event.kind);
    });
    // The last one that waits; it came in the second segment or later, and its bytes are not in memory.
    const last = 300 as Slot;
    const slot = table.lsn(last) === 0 ? 299 as Slot : last;
    const lsn = table.lsn(slot);
    const number = String(segmentNumberOf(lsn)).padStart(10, '0');
    const name = store.bench.disk.names.find((each) => each.startsWith(number))!;
    store.bench.disk.bytes(name)[(lsn % 2 ** 24) + 100]! ^= 1;
    const numbers = await store.take('q', 300);
    expect(numbers).toEqual(range(0, 299));
    expect(new Set(troubles)).toEqual(new Set(['unreadable']));
    await store.stop();
  });
});

describe('the disk', () => {
  test('gives space back after a drain', async () => {
    const store = await Store.open();
    store.declare('q');
    for (let first = 0; first < 2000; first += 50) await store.publish('q', first, 50);
    expect(store.diskBytes).toBeGreaterThan(20 * SEGMENT_BYTES);
    await store.take('q', 2000);
    await store.bench.settle();
    expect(store.diskBytes).toBeLessThanOrEqual(options.journalBytesKept + 2 * SEGMENT_BYTES);
    await store.stop();
  });

  test('holds less than three times what a slow queue holds, whatever passes a busy one', async () => {
    const store = await Store.open();
    store.declare('slow');
    store.declare('busy');
    await store.publish('slow', 0, 400);
    let most = 0;
    for (let round = 0; round < 100; round++) {
      await store.publish('busy', 0, 60);
      // One more of the slow queue, and one less: it keeps its length and its order.
      await store.publish('slow', 400 + round, 1);
      expect(await store.take('slow', 1)).toEqual([round]);
      expect(await store.take('busy', 60)).toHaveLength(60);
      most = Math.max(most, store.diskBytes / store.liveBytes);
    }
    expect(most).toBeGreaterThan(1.5);
    expect(most).toBeLessThan(3);
    await store.restart();
    expect(await store.take('slow', 400)).toEqual(range(100, 400));
    await store.stop();
  });
});

test('a start reads the checkpoints and the last segments, and no history', async () => {
  const store = await Store.open();
  store.declare('q');
  for (let first = 0; first < 2000; first += 50) await store.publish('q', first, 50);
  await store.take('q', 20);
  await store.stop();
  const journal = await store.bench.open({ segmentBytes: SEGMENT_BYTES, verifyBytes: 0 });
  const { replay } = journal;
  const from: number[] = [];
  journal.replay = (number = 0) => {
    from.push(number);
    return replay.call(journal, number);
  };
  const broker = new Broker({ clock: store.bench.clock, random: () => 0.5, durability: durableIn(journal, options) });
  expect(await broker.recover()).toEqual({ exchanges: 0, queues: 1, messages: 1980, clean: true });
  expect(journal.segments.length).toBeGreaterThan(20);
  expect(Math.min(...from)).toBeGreaterThanOrEqual(journal.segments.at(-2)!.number);
  const stopped = broker.stop();
  await store.bench.settle();
  await stopped;
});
