import { describe, expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import { fixture, leaveNothing, looseFixture } from '../support/fixture.ts';
import {
  ack, consume, counts, declareQueue, deliveries, get, nack, publishAll, qos, refusal, texts,
} from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

describe('for each consumer [BAS-25] [basic.qos.prefetchCount]', () => {
  test('no more than that many are unacknowledged; each acknowledgement lets the next one out', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q');
    qos(channel, 2);
    consume(channel, 'q');
    publishAll(channel, 'q', 'abcde');
    expect(texts(channel)).toEqual(['a', 'b']);
    ack(channel, 1);
    expect(texts(channel)).toEqual(['a', 'b', 'c']);
    ack(channel, 3, true);
    expect(texts(channel)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('counts for consumers to come, each by itself; 0 is no limit', () => {
    const channel = fixture().open();
    for (const queue of ['unlimited', 'one', 'two']) declareQueue(channel, queue);
    consume(channel, 'unlimited');
    qos(channel, 1);
    consume(channel, 'one');
    qos(channel, 2);
    consume(channel, 'two');
    for (const queue of ['unlimited', 'one', 'two']) publishAll(channel, queue, 'abc');
    const got = ['unlimited', 'one', 'two'].map((tag) =>
      deliveries(channel).filter(({ args }) => args.consumerTag === tag).length);
    expect(got).toEqual([3, 1, 2]);
  });

  test('neither basic.get nor consumers without acknowledgement use it up', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q');
    qos(channel, 1);
    publishAll(channel, 'q', 'ab');
    get(channel, 'q', false);
    get(channel, 'q', false);
    consume(channel, 'q', { noAck: true });
    publishAll(channel, 'q', 'cde');
    expect(texts(channel)).toEqual(['c', 'd', 'e']);
  });

  test('what a cancelled consumer holds is nobody else\'s burden [BAS-17]', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q');
    qos(channel, 1);
    consume(channel, 'q');
    publishAll(channel, 'q', 'ab');
    channel.call('basic.cancel', { consumerTag: 'q' });
    consume(channel, 'q', { consumerTag: 'second' });
    expect(texts(channel)).toEqual(['a', 'b']);
    ack(channel, 1);
    ack(channel, 2);
    expect(counts(channel, 'q')).toEqual([0, 1]);
  });

  test('a prefetch in octets is not to be had [BAS-24] [basic.qos.prefetchSize]', () => {
    const channel = fixture().open();
    expect(refusal(() => channel.call('basic.qos', { prefetchSize: 1 })))
      .toBe('540 NOT_IMPLEMENTED - prefetch_size!=0 (1) (60.10)');
    expect(channel.client.end).toBeDefined();
  });
});

describe('for the channel [BAS-26] [basic.qos.global]', () => {
  test('consumers share one limit, those that are there already as well', () => {
    const channel = fixture().open();
    declareQueue(channel, 'a');
    declareQueue(channel, 'b');
    consume(channel, 'a');
    qos(channel, 2, true);
    consume(channel, 'b');
    publishAll(channel, 'a', '12');
    publishAll(channel, 'b', '34');
    expect(texts(channel)).toEqual(['1', '2']);
    ack(channel, 1);
    ack(channel, 2);
    expect(texts(channel)).toEqual(['1', '2', '3', '4']);
  });

  test('queues take turns: none of them has the credit for itself', () => {
    const channel = fixture().open();
    qos(channel, 1, true);
    for (const queue of ['a', 'b', 'c']) {
      declareQueue(channel, queue);
      consume(channel, queue);
    }
    for (const queue of ['a', 'b', 'c']) publishAll(channel, queue, [queue, queue, queue]);
    for (let tag = 1; tag < 9; tag++) ack(channel, tag);
    expect(texts(channel).join('')).toBe('abcabcabc');
  });

  test('both limits hold together', () => {
    const channel = fixture().open();
    declareQueue(channel, 'a');
    declareQueue(channel, 'b');
    qos(channel, 2);
    qos(channel, 3, true);
    consume(channel, 'a');
    consume(channel, 'b');
    publishAll(channel, 'a', '123');
    publishAll(channel, 'b', '456');
    expect(texts(channel)).toEqual(['1', '2', '4']);
    qos(channel, 0, true);
    expect(texts(channel)).toEqual(['1', '2', '4', '5']);
  });

  test('it is the channel\'s own: another one has its own', () => {
    const channel = fixture().open();
    const other = channel.client.channel();
    declareQueue(channel, 'q');
    qos(channel, 1, true);
    consume(channel, 'q');
    consume(other, 'q', { consumerTag: 'other' });
    publishAll(channel, 'q', 'abc');
    expect([texts(channel), texts(other)]).toEqual([['a'], ['b', 'c']]);
  });
});

describe('channel.flow [CHN-02]', () => {
  test('stops deliveries on the channel and lets them go on [channel.flow.active]', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q');
    consume(channel, 'q', { noAck: true });
    expect(channel.call('channel.flow', { active: false })).toEqual({ active: false });
    publishAll(channel, 'q', 'ab');
    expect(texts(channel)).toEqual([]);
    expect(get(channel, 'q')!.text).toBe('a');
    expect(channel.call('channel.flow', { active: true })).toEqual({ active: true });
    expect(texts(channel)).toEqual(['b']);
  });

  test('a queue turns to its other consumers meanwhile', () => {
    const { open } = fixture();
    const [stopped, other] = [open(), open()];
    declareQueue(stopped, 'q');
    consume(stopped, 'q');
    consume(other, 'q');
    stopped.call('channel.flow', { active: false });
    publishAll(other, 'q', 'abc');
    expect([texts(stopped), texts(other)]).toEqual([[], ['a', 'b', 'c']]);
  });
});

describe('property: credit is never exceeded, and nothing waits while there is some', () => {
  interface Step {
    readonly op: 'publish' | 'ack' | 'ackAll' | 'nack' | 'qos' | 'flow' | 'cancel';
    readonly n: number;
  }
  const step: fc.Arbitrary<Step> = fc.record({
    op: fc.constantFrom('publish', 'publish', 'publish', 'ack', 'ackAll', 'nack', 'qos', 'flow', 'cancel'),
    n: fc.nat(20),
  });

  test('over consumers with and without limits on two channels', async () => {
    const prefetches = fc.array(fc.nat(3), { minLength: 1, maxLength: 3 });
    const steps = fc.array(step, { maxLength: 40 });
    await fc.assert(fc.asyncProperty(prefetches, prefetches, steps, async (a, b, taken) => {
      const made = looseFixture();
      const sides = [new Side(made.open(), a), new Side(made.open(), b)];
      for (const { op, n } of taken) {
        sides[n % 2]!.step(op, n >> 1);
        for (const side of sides) side.check();
        const [waiting] = counts(sides[0]!.channel, 'q');
        if (waiting > 0) expect(sides.some((side) => side.canTake), `${waiting} wait`).toBe(false);
      }
      await leaveNothing(made);
    }), { numRuns: 500 });
  });

  /** A channel with consumers of one queue, and what it holds by their tags. */
  class Side {
    readonly channel: TestChannel;
    readonly #prefetch = new Map<string, number>();
    readonly #held = new Map<number, string>();
    #global = 0;
    #flow = true;
    #published = 0;
    /** What was asked to go may still be there from before: limits that fall take nothing back. */
    #heldMax = Infinity;

    constructor(channel: TestChannel, prefetches: readonly number[]) {
      this.channel = channel;
      declareQueue(channel, 'q');
      prefetches.forEach((prefetch, i) => {
        qos(channel, prefetch);
        consume(channel, 'q', { consumerTag: `c${i}` });
        this.#prefetch.set(`c${i}`, prefetch);
      });
    }

    step(op: Step['op'], n: number): void {
      const { channel } = this;
      const tag = [...this.#held.keys()][n % (this.#held.size || 1)];
      if (op === 'publish') channel.publish('', 'q', `${this.#published++}`);
      else if (op === 'flow') channel.call('channel.flow', { active: (this.#flow = !this.#flow) });
      else if (op === 'qos') {
        this.#global = n % 4;
        this.#heldMax = Math.max(this.#held.size, this.#global);
        qos(channel, this.#global, true);
      } else if (op === 'cancel') {
        const consumerTag = `c${n % 3}`;
        channel.call('basic.cancel', { consumerTag });
        this.#prefetch.delete(consumerTag);
      } else if (tag !== undefined) this.#settle(op, tag);
    }

    #settle(op: Step['op'], tag: number): void {
      for (const held of [...this.#held.keys()]) {
        if (held === tag || (op === 'ackAll' && held < tag)) this.#held.delete(held);
      }
      if (op === 'nack') nack(this.channel, tag);
      else ack(this.channel, tag, op === 'ackAll');
    }

    /** Takes in what was delivered, and holds it against the limits. */
    check(): void {
      for (const { args } of deliveries(this.channel)) {
        expect(this.#flow, 'flow').toBe(true);
        this.#held.set(args.deliveryTag, args.consumerTag);
      }
      this.channel.take();
      if (this.#global > 0) expect(this.#held.size).toBeLessThanOrEqual(this.#heldMax);
      this.#heldMax = Math.max(this.#global, Math.min(this.#heldMax, this.#held.size));
      for (const [consumer, prefetch] of this.#prefetch) {
        if (prefetch > 0) expect(this.#heldBy(consumer)).toBeLessThanOrEqual(prefetch);
      }
    }

    get canTake(): boolean {
      const open = this.#flow && (this.#global === 0 || this.#held.size < this.#global);
      return open && [...this.#prefetch].some(([consumer, prefetch]) =>
        prefetch === 0 || this.#heldBy(consumer) < prefetch);
    }

    #heldBy(consumer: string): number {
      return [...this.#held.values()].filter((each) => each === consumer).length;
    }
  }
});
