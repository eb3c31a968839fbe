/** What fell due while the broker was down, as one table for every place where a journal is kept. */
import { Broker, durableIn, VirtualClock } from '../../core/index.ts';
import type { FieldTable } from '../../core/protocol/types.ts';
import type { Journal } from '../../core/storage/index.ts';
import type { JournalStore } from '../../core/testing/index.ts';
import { drain, get, nack } from './steps.ts';
import { connect, type TestChannel } from './test-client.ts';

const persistent = { deliveryMode: 2 };
const DOWN_MS = 5000;

export interface DueCase {
  /** What happens in the first life; `settled` waits until all of it is durable. */
  before(channel: TestChannel, settled: () => Promise<void>): void | Promise<void>;
  /** What the queue `out` holds once the broker is up again. */
  readonly wanted: readonly string[];
}

/** Declares without waiting, as the reply comes once the disk has the record. */
function declare(channel: TestChannel, queue: string, table: FieldTable = {}): void {
  channel.send('queue.declare', { queue, durable: true, noWait: true, arguments: table });
}

function delayed(channel: TestChannel, exchange: string, delay: number, body: string): void {
  channel.publish(exchange, '', body, { ...persistent, headers: { 'x-delay': delay } });
}

function expiring(channel: TestChannel, queue: string, afterMs: number, body: string): void {
  channel.publish('', queue, body, { ...persistent, expiration: String(afterMs) });
}

const toOut = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'out' };

export const dueCases: Readonly<Record<string, DueCase>> = {
  'delayed messages come by their delays': {
    before(channel) {
      channel.send('exchange.declare', {
        exchange: 'later', type: 'x-delayed-message', durable: true, noWait: true,
        arguments: { 'x-delayed-type': 'fanout' },
      });
      channel.send('queue.bind', { exchange: 'later', queue: 'out', noWait: true });
      delayed(channel, 'later', 2000, 'second');
      delayed(channel, 'later', 1000, 'first');
      delayed(channel, 'later', 9000, 'not yet');
    },
    wanted: ['first', 'second'],
  },
  'dead letters of two queues and of a retry come by their deadlines': {
    async before(channel, settled) {
      const retries = { 'x-queue-type': 'quorum', 'x-delayed-retry-type': 'all', 'x-delayed-retry-min': 1800 };
      for (const queue of ['a', 'b']) declare(channel, queue, toOut);
      declare(channel, 'tried', { ...toOut, ...retries });
      expiring(channel, 'tried', 500, '1800');
      await settled();
      nack(channel, get(channel, 'tried', false)!.args.deliveryTag);
      expiring(channel, 'a', 2000, '2000');
      expiring(channel, 'b', 1000, '1000');
      expiring(channel, 'b', 3000, '3000');
    },
    wanted: ['1000', '1800', '2000', '3000'],
  },
  'messages expire before their queue, whose time begins anew': {
    before(channel) {
      declare(channel, 'brief', { ...toOut, 'x-expires': 3000 });
      expiring(channel, 'brief', 4000, 'a');
    },
    wanted: ['a'],
  },
};

/** Runs a case over the death of its program; answers what the queue `out` holds then. */
export async function bodiesAfter({ before }: DueCase, store: JournalStore): Promise<string[]> {
  const clock = new VirtualClock();
  const journal = await store.open();
  const first = await brokerOn(journal, clock);
  const channel = connect(first, clock).channel();
  declare(channel, 'out');
  const settled = async (): Promise<void> => {
    await kept(journal);
    clock.runUntilIdle();
  };
  await before(channel, settled);
  await settled();
  await store.crash(journal);
  const later = new VirtualClock(clock.wall() + DOWN_MS);
  const again = await store.open();
  const second = await brokerOn(again, later);
  later.runUntilIdle();
  await kept(again);
  later.runUntilIdle();
  const bodies = drain(connect(second, later).channel(), 'out');
  await kept(again);
  await store.crash(again);
  await store.destroy();
  return bodies;
}

async function brokerOn(journal: Journal, clock: VirtualClock): Promise<Broker> {
  const broker = new Broker({ clock, random: () => 0.5, durability: durableIn(journal) });
  await broker.recover();
  return broker;
}

/** Waits until all that was appended is durable. */
function kept(journal: Journal): Promise<void> {
  return new Promise((resolve) => {
    const upTo = journal.last;
    if (journal.durable >= upTo) return resolve();
    journal.onDurable((durableUpTo) => {
      if (durableUpTo >= upTo) resolve();
    });
  });
}
