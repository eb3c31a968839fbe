/** Streams over a restart: a second broker on the journal of the first. */
import { lastValueFrom, map, takeWhile, toArray } from 'rxjs';
import { describe, expect, test, vi } from 'vitest';
import { StreamQueue } from '../../core/broker/queue/stream-queue.ts';
import { Broker, durableIn, VirtualClock, type IncomingMessage } from '../../core/index.ts';
import { peek } from '../../core/management/messages.ts';
import type { FieldTable, FieldValue } from '../../core/protocol/types.ts';
import { MemoryJournal } from '../../core/storage/index.ts';
import { text } from '../support/fixture.ts';
import { declareQueue, names, publishAll } from '../support/steps.ts';
import { connect } from '../support/test-client.ts';
import { nextTask } from '../support/task.ts';

const HOUR_MS = 3_600_000;

class Store {
  readonly clock = new VirtualClock();
  journal: MemoryJournal;
  broker!: Broker;

  constructor(journal = new MemoryJournal()) {
    this.journal = journal;
  }

  async start(options: Parameters<typeof durableIn>[1] = {}): Promise<this> {
    const durability = durableIn(this.journal, options);
    this.broker = new Broker({ clock: this.clock, random: () => 0.5, durability });
    await this.broker.recover();
    return this;
  }

  /** What a crash leaves, in the hands of a new broker. */
  restart(): Promise<this> {
    this.journal = this.journal.reopen();
    return this.start();
  }

  declare(queue: string, table: FieldTable = {}): void {
    const options = { queue, durable: true, arguments: { 'x-queue-type': 'stream', ...table } };
    this.broker.turn.within(() => this.broker.vhost().declareQueue(options));
  }

  /** A turn for each message. */
  publish(routingKey: string, ...bodies: string[]): void {
    for (const body of bodies) this.broker.vhost().exchange('').publish({ routingKey, body });
  }

  /** `offset body` of all that a consumer gets, the last message of the stream at the latest. */
  async read(queue: string, offset: FieldValue = 'first'): Promise<string[]> {
    const { next } = this.stream(queue).log;
    const offsetOf = ({ properties }: IncomingMessage): number => Number(properties.headers!['x-stream-offset']);
    const messages = this.broker.vhost().queue(queue)
      .consume({ prefetch: 60_000, arguments: { 'x-stream-offset': offset } })
      .pipe(
        takeWhile((message) => offsetOf(message) < next - 1, true),
        map((message) => `${offsetOf(message)} ${text(message.body)}`),
        toArray(),
      );
    return lastValueFrom(messages);
  }

  stream(queue: string): StreamQueue {
    const found = this.broker.vhost().queue(queue);
    if (!(found instanceof StreamQueue)) throw new TypeError(`${queue} is no stream`);
    return found;
  }
}

const started = (journal?: MemoryJournal): Promise<Store> => new Store(journal).start();
const numbered = (count: number, bytes = 1): string[] =>
  Array.from({ length: count }, (_each, index) => `${index}`.padEnd(bytes, '.'));

describe('a stream survives a restart [QUE-32]', () => {
  test('with its offsets, and goes on where it was', async () => {
    const store = await started();
    store.declare('s');
    store.publish('s', 'a', 'b');
    expect(await store.restart()).toBe(store);
    expect(await store.read('s')).toEqual(['0 a', '1 b']);
    store.publish('s', 'c');
    await store.restart();
    expect(await store.read('s')).toEqual(['0 a', '1 b', '2 c']);
    expect(await store.read('s', 1)).toEqual(['1 b', '2 c']);
  });

  test('with the times at which messages came', async () => {
    const store = await started();
    store.declare('s');
    store.publish('s', 'old');
    store.clock.advanceBy(2 * HOUR_MS);
    store.publish('s', 'new');
    await store.restart();
    expect(await store.read('s', '1h')).toEqual(['1 new']);
  });

  test('with all that one turn brought, in a transaction or not', async () => {
    const store = await started();
    store.declare('s');
    store.broker.turn.within(() => store.publish('s', ...numbered(1000, 3000)));
    await store.restart();
    expect(await store.read('s')).toEqual(numbered(1000, 3000).map((body, index) => `${index} ${body}`));
  });

  test('not if it was deleted; its name begins anew', async () => {
    const store = await started();
    store.declare('s');
    store.publish('s', 'a');
    store.broker.turn.within(() => store.broker.vhost().removeQueue(store.stream('s')));
    await store.restart();
    expect(store.broker.vhost().queues.size).toBe(0);
    store.declare('s');
    store.publish('s', 'b');
    await store.restart();
    expect(await store.read('s')).toEqual(['0 b']);
  });

  test('beside queues that the same messages went to', async () => {
    const store = await started();
    store.declare('s');
    const vhost = store.broker.vhost();
    store.broker.turn.within(() => {
      const queue = vhost.declareQueue({ queue: 'q', durable: true });
      for (const each of [queue, store.stream('s')]) vhost.bind(vhost.exchange('amq.fanout'), each, '', {});
    });
    vhost.exchange('amq.fanout').publish({ body: 'both', properties: { deliveryMode: 2 } });
    vhost.exchange('amq.fanout').publish({ body: 'stream alone' });
    await store.restart();
    expect(await store.read('s')).toEqual(['0 both', '1 stream alone']);
    expect(store.broker.vhost().queue('q').readyCount).toBe(1);
  });

  test('in pieces that are joined when a segment is full', async () => {
    const store = await started();
    store.declare('s', { 'x-stream-max-segment-size-bytes': 10_000 });
    store.publish('s', ...numbered(250, 100));
    const before = await store.read('s');
    const { segments } = store.stream('s').log;
    expect(segments.length).toBeGreaterThan(2);
    for (const { chunks } of segments.slice(0, -1)) expect(chunks.length).toBe(1);
    await store.restart();
    expect(await store.read('s')).toEqual(before);
    expect(store.stream('s').log.segments.map(({ first }) => first)).toEqual(segments.map(({ first }) => first));
  });
});

describe('retention and a restart [QUE-31]', () => {
  test('what was dropped does not come back', async () => {
    const store = await started();
    store.declare('s', { 'x-max-length-bytes': 10_000 });
    store.publish('s', ...numbered(500, 100));
    const before = await store.read('s');
    expect(before.length).toBeLessThan(100);
    await store.restart();
    expect(await store.read('s')).toEqual(before);
  });

  test('what a turn brings and drops at once leaves nothing behind', async () => {
    const store = await new Store().start({ streamResidentBytes: 0 });
    store.declare('s', { 'x-max-length-bytes': 300, 'x-stream-max-segment-size-bytes': 1 });
    store.broker.turn.within(() => store.publish('s', ...numbered(50, 100)));
    store.publish('s', 'last');
    const before = await store.read('s');
    expect(before.at(-1)).toBe('50 last');
    expect(before.length).toBeLessThan(4);
    await store.restart();
    expect(await store.read('s')).toEqual(before);
  });

  test('what a turn adds to a segment that was brought back, and drops at once, stops nobody', async () => {
    const store = await new Store().start();
    store.declare('s', { 'x-max-length-bytes': 4000 });
    store.publish('s', 'old');
    store.journal = store.journal.reopen();
    await store.start({ streamResidentBytes: 0 });
    expect(await store.read('s')).toEqual(['0 old']);
    store.broker.turn.within(() => store.publish('s', ...numbered(100, 100)));
    store.publish('s', 'last');
    const read = await store.read('s');
    expect(read.at(-1)).toBe('101 last');
    expect(read.length).toBeLessThan(50);
  });

  test('the time that passes while the broker is down counts', async () => {
    const store = await started();
    store.declare('s', { 'x-max-age': '1h', 'x-stream-max-segment-size-bytes': 1 });
    store.publish('s', 'a', 'b', 'c');
    const { journal, clock } = store;
    const later = new VirtualClock(clock.wall() + 2 * HOUR_MS);
    const broker = new Broker({ clock: later, random: () => 0.5, durability: durableIn(journal.reopen()) });
    await broker.recover();
    expect(broker.vhost().queue('s').readyCount).toBe(1);
  });

  test('disk space comes back, and what lies between the dropped is moved', async () => {
    const store = await started(new MemoryJournal({ segmentBytes: 1_048_576 }));
    store.declare('quiet');
    store.declare('busy', { 'x-max-length-bytes': 1_048_576 });
    store.publish('quiet', 'a', 'b');
    for (let round = 0; round < 100; round++) {
      store.broker.turn.within(() => store.publish('busy', ...numbered(10, 100_000)));
      if (round === 50) store.publish('quiet', 'c');
      // What is to be moved is read, which takes turns of its own.
      await nextTask();
    }
    const bytes = store.journal.segments.reduce((sum, segment) => sum + segment.bytes, 0);
    expect(bytes).toBeLessThan(40_000_000);
    const before = await store.read('busy');
    await store.restart();
    expect(await store.read('quiet')).toEqual(['0 a', '1 b', '2 c']);
    expect(await store.read('busy')).toEqual(before);
  });
});

describe('a stream that is larger than memory', () => {
  /** 100 MB in a hundred segments. */
  async function large(): Promise<Store> {
    const store = await started();
    store.declare('s');
    const bodies = numbered(10, 100_000);
    for (let round = 0; round < 100; round++) {
      store.broker.turn.within(() => store.publish('s', ...bodies));
    }
    return store;
  }

  const residentBytes = (store: Store): number => store.stream('s').log.segments
    .reduce((sum, { isResident, used }) => sum + (isResident ? used : 0), 0);

  test('leaves it, and comes back as it is read', async () => {
    const store = await large();
    expect(store.stream('s').log.bytes).toBeGreaterThan(100_000_000);
    expect(residentBytes(store)).toBeLessThan(70_000_000);
    const [first, second] = await Promise.all([store.read('s'), store.read('s', 500)]);
    expect(first.map((each) => each.split('.')[0])).toEqual(numbered(1000).map((n) => `${n} ${Number(n) % 10}`));
    expect(second).toEqual(first.slice(500));
    expect(residentBytes(store)).toBeLessThan(70_000_000);
    await store.restart();
    expect(residentBytes(store)).toBe(0);
    const shown = await peek(store.broker, store.stream('s'), { from: 500, count: 3, payloadBytes: 1 });
    expect(shown.map(({ position, payload }) => `${position} ${text(payload)}`)).toEqual(['500 0', '501 1', '502 2']);
    expect(await store.read('s', 990)).toEqual(first.slice(990));
  });

  test('is known after a restart, times included, without a look at its history', async () => {
    const store = await large();
    store.clock.advanceBy(2 * HOUR_MS);
    store.publish('s', 'new');
    const pieces = (): number[][] => store.stream('s').log.segments
      .map(({ first, count, used, firstTimestamp, lastTimestamp }) =>
        [first, count, used, firstTimestamp, lastTimestamp]);
    const before = pieces();
    const journal = store.journal.reopen();
    const read = vi.spyOn(journal, 'read');
    const replay = vi.spyOn(journal, 'replay');
    store.journal = journal;
    await store.start();
    expect(pieces()).toEqual(before);
    const { number: newest } = journal.segments.at(-1)!;
    for (const [fromSegment] of replay.mock.calls) expect(fromSegment).toBeGreaterThanOrEqual(newest - 1);
    const records = await Promise.all(read.mock.calls.map(([lsn]) => journal.read(lsn)));
    // Checkpoints, no chunks: 100 kB a message.
    expect(records.length).toBeGreaterThan(0);
    expect(Math.max(...records.map(({ length }) => length))).toBeLessThan(50_000);
    expect(await store.read('s', '1h')).toEqual(['1000 new']);
  });

  test('is read by several at their own places, though only one of these fits into memory', async () => {
    const store = await new Store().start({ streamResidentBytes: 0 });
    store.declare('s', { 'x-stream-max-segment-size-bytes': 1000 });
    store.publish('s', ...numbered(20, 900));
    const read = vi.spyOn(store.journal, 'read');
    const all = await Promise.all([0, 3, 6, 9, 12, 15].map((offset) => store.read('s', offset)));
    const counts = all.map(({ length }) => length);
    expect(counts).toEqual([20, 17, 14, 11, 8, 5]);
    // What was brought for one reader is there until that had it, however many there are.
    expect(read.mock.calls.length).toBeLessThanOrEqual(counts.reduce((sum, count) => sum + count));
  });

  test('a part that cannot be read is passed over', async () => {
    const store = await large();
    const { journal } = store;
    const [, second, third] = store.stream('s').log.segments;
    const lost = second!.chunks.map(({ lsn }) => lsn);
    const read = journal.read.bind(journal);
    journal.read = (lsn) => (lost.includes(lsn) ? Promise.reject(new Error('damaged')) : read(lsn));
    const offsets = (await store.read('s')).map((each) => Number(each.split(' ')[0]));
    expect(offsets).toEqual([...Array(1000).keys()].filter((n) => n < second!.first || n >= third!.first));
  });
});

test('a confirm waits for the disk even if the message is transient [CNF-02]', async () => {
  const store = await started();
  const channel = connect(store.broker, store.clock).channel();
  declareQueue(channel, 's', { 'x-queue-type': 'stream' }, { durable: true });
  channel.call('confirm.select');
  store.journal.hold(true);
  publishAll(channel, 's', 'x');
  expect(names(channel)).not.toContain('basic.ack');
  store.journal.hold(false);
  channel.client.run();
  expect(names(channel)).toContain('basic.ack');
});

describe('consumers have what a crash does not take back', () => {
  /** `offset body` of what a consumer got so far, which asks for more at once. */
  function follow(store: Store, prefetch = 100): { got: string[]; ackAll: () => void } {
    const got: string[] = [];
    const unsettled: IncomingMessage[] = [];
    store.stream('s').consume({ prefetch, arguments: { 'x-stream-offset': 'first' } }).subscribe((message) => {
      got.push(`${String(message.properties.headers!['x-stream-offset'])} ${text(message.body)}`);
      unsettled.push(message);
    });
    return { got, ackAll: () => unsettled.splice(0).forEach((message) => message.ack()) };
  }

  test('what is not durable yet waits, and an offset that is used again was seen by nobody', async () => {
    const store = await started();
    store.declare('s');
    store.publish('s', 'kept');
    store.journal.hold(true);
    store.publish('s', 'lost');
    expect(follow(store).got).toEqual(['0 kept']);
    await store.restart();
    store.publish('s', 'other');
    expect(await store.read('s')).toEqual(['0 kept', '1 other']);
  });

  test('what a full disk held up comes when there is space, and nothing comes from a disk that failed', async () => {
    const store = await started();
    store.declare('s');
    const { got } = follow(store);
    store.journal.setFull(true);
    store.publish('s', 'a', 'b');
    expect(got).toEqual([]);
    store.journal.setFull(false);
    expect(got).toEqual(['0 a', '1 b']);
    store.journal.fail('a sync failed');
    store.publish('s', 'c');
    expect(got).toEqual(['0 a', '1 b']);
  });

  test('not even where retention dropped all that was durable', async () => {
    const store = await started();
    store.declare('s', { 'x-max-length-bytes': 1000, 'x-stream-max-segment-size-bytes': 200 });
    store.publish('s', 'a', 'b');
    const { got, ackAll } = follow(store, 1);
    store.journal.hold(true);
    store.publish('s', ...numbered(30, 100));
    expect(store.stream('s').log.first).toBeGreaterThan(2);
    ackAll();
    expect(got).toEqual(['0 a']);
    store.journal.hold(false);
    expect(got.slice(1)).toEqual([`${store.stream('s').log.first} ${got[1]!.split(' ')[1]}`]);
  });
});
