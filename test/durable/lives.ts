/** A broker that ends and begins again on the same journal, as often as a test wants. */
import { onTestFinished } from 'vitest';
import { Broker, durableIn, VirtualClock, type BrokerOptions } from '../../core/index.ts';
import { MemoryJournal } from '../../core/storage/index.ts';
import { leaveNothing, seededRandom } from '../support/fixture.ts';
import { connect, type TestChannel, type TestClientOptions } from '../support/test-client.ts';

/** How a life of the broker ends: without a warning, or in good order. */
export type End = 'a crash' | 'a stop';
export const ends: readonly End[] = ['a crash', 'a stop'];

export const persistent = { deliveryMode: 2 } as const;
export const durable = { durable: true } as const;

export class Lives {
  clock = new VirtualClock();
  journal: MemoryJournal;
  broker!: Broker;
  readonly #options: BrokerOptions;

  private constructor(journal: MemoryJournal, options: BrokerOptions) {
    this.journal = journal;
    this.#options = options;
  }

  /** The first life; the last one is ended with the test, and may leave nothing behind. */
  static async begin(options: BrokerOptions = {}): Promise<Lives> {
    const lives = new Lives(new MemoryJournal(), options);
    await lives.#start();
    onTestFinished(() => leaveNothing(lives));
    return lives;
  }

  open(options?: TestClientOptions): TestChannel {
    return connect(this.broker, this.clock, options).channel();
  }

  /** The next life, so many milliseconds after the end of this one. */
  async next(end: End, downMs = 0): Promise<void> {
    if (end === 'a stop') await leaveNothing(this);
    this.journal = this.journal.reopen();
    // Whatever waits for time in the life that ended stays behind with its clock.
    this.clock = new VirtualClock(this.clock.wall() + downMs);
    await this.#start();
    this.clock.runUntilIdle();
  }

  async #start(): Promise<void> {
    const { clock, journal } = this;
    this.broker = new Broker({ clock, random: seededRandom(1), durability: durableIn(journal) }, this.#options);
    await this.broker.recover();
  }
}

/** Each method that changes what is durable, where there are a durable queue q and an exchange e. */
export const durableChanges = [
  ['queue.declare', { queue: 'new', durable: true }],
  ['queue.bind', { queue: 'q', exchange: 'amq.topic', routingKey: '#' }],
  ['queue.unbind', { queue: 'q', exchange: 'e' }],
  ['queue.delete', { queue: 'q' }],
  ['exchange.declare', { exchange: 'new', type: 'topic', durable: true }],
  ['exchange.bind', { source: 'amq.topic', destination: 'e', routingKey: '#' }],
  ['exchange.unbind', { source: 'amq.fanout', destination: 'e' }],
  ['exchange.delete', { exchange: 'e' }],
] as const;
