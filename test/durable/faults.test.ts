/** A disk that is full, and one that fails: what publishers are told, and what is there afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Broker, durableIn, limits, type BrokerEvent } from '../../core/index.ts';
import type { Directory, Journal } from '../../core/storage/index.ts';
import { openFileJournal } from '../../node/file-journal.ts';
import { nodeClock } from '../../node/host-clock.ts';
import { Bench, seeded } from '../storage/disk.ts';
import { ack, bind, declareExchange, declareQueue, drain, get, names, only, refusal } from '../support/steps.ts';
import { connect, type TestChannel } from '../support/test-client.ts';
import { text } from '../support/fixture.ts';
import { durable, persistent } from './lives.ts';

/** A broker on a disk in memory that can be full and fail. */
class World {
  readonly bench = new Bench();
  broker!: Broker;
  journal!: Journal;
  readonly troubles: string[] = [];

  static async begin(): Promise<World> {
    const world = new World();
    await world.#start(await world.bench.open());
    return world;
  }

  /** A channel in confirm mode, with the durable queue q there. */
  async publisher(): Promise<TestChannel> {
    const channel = this.open();
    declareUnanswered(channel);
    channel.call('confirm.select');
    await this.settle();
    channel.take();
    return channel;
  }

  open(): TestChannel {
    return connect(this.broker, this.bench.clock).channel();
  }

  async publish(channel: TestChannel, ...bodies: string[]): Promise<void> {
    for (const body of bodies) channel.publish('', 'q', body, persistent);
    await this.settle();
  }

  /** All that was set off has happened, on the disk and behind it. */
  async settle(): Promise<void> {
    await this.bench.settle();
    this.bench.clock.runUntilIdle();
    await this.bench.settle();
  }

  /** What waits in q, which stays there. */
  waiting(): string[] {
    const found: string[] = [];
    this.broker.vhost().queue('q').forEachReady(({ body }) => found.push(text(body)));
    return found;
  }

  async after(ms: number): Promise<void> {
    this.bench.clock.advanceBy(ms);
    await this.settle();
  }

  /** The machine loses power, and comes back with a disk that works. */
  async crash(seed = 1): Promise<void> {
    await this.#start(await this.bench.crashAndOpen(seed));
  }

  async #start(journal: Journal): Promise<void> {
    this.journal = journal;
    this.broker = new Broker({ clock: this.bench.clock, random: seeded(1), durability: durableIn(journal) });
    this.broker.events$.subscribe((event: BrokerEvent) => {
      if (event.type === 'journal.trouble') this.troubles.push(`${event.kind}: ${event.text}`);
    });
    await this.broker.recover();
  }
}

/** Declares the durable queue q; its answer would wait for the disk. */
const declareUnanswered = (channel: TestChannel): void =>
  channel.send('queue.declare', { queue: 'q', durable: true, noWait: true });

/** Confirms that came on a channel: `+` and the tag, `-` and the tag, with `*` where it is for all up to it. */
const confirms = (channel: TestChannel): string[] =>
  channel.received.flatMap(({ name, args }) => {
    if (name !== 'basic.ack' && name !== 'basic.nack') return [];
    return `${name === 'basic.ack' ? '+' : '-'}${args.deliveryTag}${args.multiple ? '*' : ''}`;
  });

const told = (channel: TestChannel): unknown[] =>
  channel.client.received.map(({ name, args }) => ('reason' in args ? [name, args.reason] : name));

describe('a full disk', () => {
  test('blocks publishers, refuses what is in flight, and goes on by itself [CON-33]', async () => {
    const world = await World.begin();
    const channel = await world.publisher();
    await world.publish(channel, 'kept');
    world.bench.disk.faults.full = true;
    await world.publish(channel, 'in flight', 'as well');
    expect(confirms(channel)).toEqual(['+1', '-3*']);
    expect(told(channel)).toEqual([['connection.blocked', 'low on disk']]);
    expect(world.troubles).toEqual(['full: 0000000001.segment: no space left on device']);
    // It is not read while there is no space, and so is neither confirmed nor refused.
    await world.publish(channel, 'later');
    await world.after(limits.journalRetryMs);
    expect(confirms(channel)).toEqual(['+1', '-3*']);

    world.bench.disk.faults.full = false;
    await world.after(limits.journalRetryMs);
    expect(told(channel)).toEqual([['connection.blocked', 'low on disk'], 'connection.unblocked']);
    expect(world.troubles[1]).toBe('space: there is space again');
    await world.publish(channel, 'last');
    expect(confirms(channel).slice(2)).toEqual(['+4', '+5']);
    await world.crash();
    // What was refused may be there; what was confirmed must be.
    expect(drain(world.open(), 'q')).toEqual(['kept', 'in flight', 'as well', 'later', 'last']);
  });

  test('counts as full while there is room for acknowledgements, which make room', async () => {
    const world = await World.begin();
    const channel = await world.publisher();
    world.bench.disk.faults.freeBytes = limits.journalReserveBytes - 1;
    await world.publish(channel, 'a', 'x'.repeat(limits.journalSpaceCheckBytes));
    expect(told(channel)).toEqual([['connection.blocked', 'low on disk']]);
    expect(world.troubles).toEqual([`full: only ${limits.journalReserveBytes - 1} bytes are left`]);
    const consumer = world.open();
    const { durable: before } = world.journal;
    ack(consumer, get(consumer, 'q', false)!.args.deliveryTag);
    // The clock has a timer for the delivery now, and one for space.
    for (let turn = 0; turn < 5; turn++) await world.settle();
    expect(world.journal.durable).toBeGreaterThan(before);
    expect(world.journal.durable).toBe(world.journal.last);
    consumer.client.close();
    world.bench.disk.faults.freeBytes = limits.journalReserveBytes;
    await world.after(limits.journalRetryMs);
    expect(told(channel)[1]).toBe('connection.unblocked');
    await world.after(10 * limits.journalRetryMs);
    expect(world.bench.clock.pending).toBe(0);
  });

  test('refuses a transaction that is on its way', async () => {
    const world = await World.begin();
    const channel = world.open();
    declareUnanswered(channel);
    channel.call('tx.select');
    await world.settle();
    world.bench.disk.faults.full = true;
    channel.publish('', 'q', 'a', persistent);
    channel.send('tx.commit');
    await world.settle();
    expect(channel.closed).toMatchObject({ replyCode: 406, message: 'the transaction could not be stored' });
  });

  test('lets consumers go on, so that there may be space again', async () => {
    const world = await World.begin();
    const channel = await world.publisher();
    await world.publish(channel, 'a', 'b');
    world.bench.disk.faults.full = true;
    await world.publish(channel, 'c');
    const consumer = world.open();
    for (const text of ['a', 'b', 'c']) {
      const got = get(consumer, 'q', false)!;
      expect(got.text).toBe(text);
      ack(consumer, got.args.deliveryTag);
    }
    world.bench.disk.faults.full = false;
    await world.after(limits.journalRetryMs);
    await world.crash();
    expect(drain(world.open(), 'q')).toEqual([]);
  });

  test('gives back what was consumed, of which some is kept where there is space', async () => {
    const world = await World.begin();
    const channel = await world.publisher();
    for (let index = 0; index < 10; index++) await world.publish(channel, `${index}`.repeat(2000));
    const before = world.journal.segments.length;
    expect(before).toBeGreaterThan(4);
    world.bench.disk.faults.freeBytes = 0;
    await world.publish(channel, 'x'.repeat(limits.journalSpaceCheckBytes));
    expect(told(channel)).toEqual([['connection.blocked', 'low on disk']]);
    const consumer = world.open();
    for (let left = 11; left > 0; left--) ack(consumer, get(consumer, 'q', false)!.args.deliveryTag);
    for (let turn = 0; turn < 100 && world.journal.segments.length > 2; turn++) await world.settle();
    expect(world.journal.segments.length).toBeLessThan(3);
    consumer.client.close();
    world.bench.disk.faults.freeBytes = Infinity;
    await world.after(limits.journalRetryMs);
    expect(told(channel)[1]).toBe('connection.unblocked');
  });

  test('loses nothing that was confirmed when it comes to a crash', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const world = await World.begin();
      const channel = await world.publisher();
      await world.publish(channel, 'a', 'b');
      world.bench.disk.faults.full = true;
      await world.publish(channel, 'c');
      world.bench.disk.faults.full = false;
      await world.crash(seed);
      expect(world.waiting().slice(0, 2)).toEqual(['a', 'b']);
    }
  });
});

describe.each(['writeError', 'syncError'] as const)('a disk that fails: %s', (fault) => {
  async function failed(): Promise<{ world: World; channel: TestChannel }> {
    const world = await World.begin();
    const channel = await world.publisher();
    await world.publish(channel, 'kept');
    world.bench.disk.faults[fault] = 'input/output error';
    await world.publish(channel, 'lost?', 'lost? 2');
    return { world, channel };
  }

  test('is told to the log and to publishers, who get no confirm any more', async () => {
    const { world, channel } = await failed();
    expect(confirms(channel)).toEqual(['+1', '-3*']);
    const reason = 'the disk failed, nothing is confirmed any more';
    expect(told(channel)).toEqual([['connection.blocked', reason]]);
    expect(world.troubles).toEqual([expect.stringMatching(/^failed: 0000000001.segment: .*input.output error$/)]);
    const other = await world.publisher();
    await world.publish(other, 'a');
    expect(confirms(other)).toEqual(['-1']);
    expect(told(other)).toEqual([['connection.blocked', reason]]);
  });

  test('is not asked again, though it may have come to its senses', async () => {
    const { world, channel } = await failed();
    const { syncs } = world.bench.disk;
    world.bench.disk.faults[fault] = undefined;
    await world.after(10 * limits.journalRetryMs);
    const other = await world.publisher();
    await world.publish(other, 'a');
    expect(confirms(other)).toEqual(['-1']);
    expect(confirms(channel)).toEqual(['+1', '-3*']);
    expect(world.bench.disk.syncs).toBe(syncs);
  });

  test('declares and commits nothing durable any more', async () => {
    const { world } = await failed();
    for (const declare of [
      (channel: TestChannel) => declareQueue(channel, 'new', {}, durable),
      (channel: TestChannel) => declareExchange(channel, 'new', 'fanout', {}, durable),
      (channel: TestChannel) => bind(channel, 'amq.fanout', 'q'),
    ]) expect(refusal(() => declare(world.open()))).toMatch(/^541 INTERNAL_ERROR - the disk failed/);
    declareQueue(world.open(), 'passing');
    const channel = world.open();
    channel.call('tx.select');
    channel.publish('', 'q', 'a', persistent);
    channel.send('tx.commit');
    await world.settle();
    expect(names(channel)).not.toContain('tx.commit-ok');
  });

  test('has all that it confirmed when it is opened again', async () => {
    const { world } = await failed();
    for (let seed = 0; seed < 10; seed++) {
      await world.crash(seed);
      expect(world.waiting()[0]).toBe('kept');
    }
    // And it confirms again.
    const channel = await world.publisher();
    await world.publish(channel, 'new');
    expect(confirms(channel)).toEqual(['+1']);
  });

  test('ends a stop in good order with an error', async () => {
    const { world } = await failed();
    const stopped = world.broker.stop();
    stopped.catch(() => {});
    world.bench.clock.runUntilIdle();
    await world.settle();
    await expect(stopped).rejects.toThrow('input/output error');
  });
});

test('a crash at any time leaves what was confirmed, in order, and nothing that was not published', async () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = seeded(seed);
    const world = await World.begin();
    const channel = await world.publisher();
    const count = Math.floor(random() * 30);
    for (let index = 0; index < count; index++) {
      channel.publish('', 'q', `${index}`, persistent);
      if (random() < 0.3) await world.settle();
    }
    const confirmed = Math.max(0, ...only(channel, 'basic.ack').map(({ args }) => args.deliveryTag));
    await world.crash(seed);
    const found = drain(world.open(), 'q');
    expect(found.length).toBeGreaterThanOrEqual(confirmed);
    expect(found).toEqual(Array.from({ length: found.length }, (_, index) => `${index}`));
  }
});

test('files that find no space block publishers until there is some', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'tabmq-faults-')), 'data');
  onTestFinished(() => rmSync(join(path, '..'), { recursive: true }));
  let full = false;
  const noSpace = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const wrap = (directory: Directory): Directory => ({
    ...directory,
    open: async (name) => {
      const file = await directory.open(name);
      return { ...file, write: (...args) => (full ? Promise.reject(noSpace) : file.write(...args)) };
    },
    create: async (name) => {
      const file = await directory.create(name);
      return { ...file, write: (...args) => (full ? Promise.reject(noSpace) : file.write(...args)) };
    },
  });
  const { clock } = new Bench();
  const journal = await openFileJournal(path, { clock: nodeClock(), wrap });
  const broker = new Broker({ clock, durability: durableIn(journal) });
  await broker.recover();
  const channel = connect(broker, clock).channel();
  declareUnanswered(channel);
  channel.call('confirm.select');
  channel.take();
  /** Publishes, and waits until the journal says something of this kind. */
  const publish = async (body: string, kind: 'durable' | 'full'): Promise<void> => {
    const said = new Promise<void>((resolve) => {
      if (kind === 'durable') journal.onDurable((upTo) => upTo === journal.last && resolve());
      else journal.onTrouble((trouble) => trouble.kind === kind && resolve());
    });
    channel.publish('', 'q', body, persistent);
    await said;
    clock.runUntilIdle();
  };
  await publish('a', 'durable');
  full = true;
  await publish('b', 'full');
  expect([confirms(channel), told(channel)]).toEqual([['+1', '-2'], [['connection.blocked', 'low on disk']]]);
  const space = new Promise<void>((resolve) => {
    journal.onTrouble(({ kind }) => kind === 'space' && resolve());
  });
  full = false;
  await space;
  clock.runUntilIdle();
  await publish('c', 'durable');
  expect(confirms(channel)).toEqual(['+1', '-2', '+3']);
  const stopped = broker.stop();
  clock.runUntilIdle();
  await stopped;
});
