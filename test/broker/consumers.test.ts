/** Whose turn it is among the consumers of a queue, against the rule as one would say it. */
import { expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import type { Consumer } from '../../core/broker/delivery/consumer.ts';
import { Consumers } from '../../core/broker/queue/consumers.ts';

/** As much of a consumer as its order depends on. */
class FakeConsumer {
  ready = true;
  parked = false;
  previous: Consumer | undefined;
  next: Consumer | undefined;
  readonly options = { exclusive: false };
  readonly priority: number;

  constructor(priority: number) {
    this.priority = priority;
  }

  park(): void {
    this.parked = true;
  }
}

/** The same with lists that are searched from end to end. */
class ModelConsumers {
  readonly all: FakeConsumer[] = [];
  readonly #rings = new Map<number, { members: FakeConsumer[]; cursor: number }>();
  readonly #singleActive: boolean;
  #active: FakeConsumer | undefined;

  constructor(singleActive: boolean) {
    this.#singleActive = singleActive;
  }

  add(consumer: FakeConsumer): void {
    this.all.push(consumer);
    this.#active ??= consumer;
    this.#join(consumer);
  }

  remove(consumer: FakeConsumer): void {
    this.all.splice(this.all.indexOf(consumer), 1);
    const ring = this.#rings.get(consumer.priority)!;
    const index = ring.members.indexOf(consumer);
    if (index !== -1) {
      ring.members.splice(index, 1);
      if (index < ring.cursor) ring.cursor--;
    }
    if (this.#active !== consumer) return;
    const highest = Math.max(...this.all.map(({ priority }) => priority));
    this.#active = this.all.find(({ priority }) => priority === highest);
  }

  unpark(consumer: FakeConsumer): void {
    if (!this.#rings.get(consumer.priority)!.members.includes(consumer)) this.#join(consumer);
  }

  next(): FakeConsumer | undefined {
    if (this.#singleActive) return this.#active?.ready === true ? this.#active : undefined;
    for (const priority of [...this.#rings.keys()].sort((a, b) => b - a)) {
      const ring = this.#rings.get(priority)!;
      while (ring.members.length > 0) {
        if (ring.cursor >= ring.members.length) ring.cursor = 0;
        if (ring.members[ring.cursor]!.ready) return ring.members[ring.cursor++];
        ring.members.splice(ring.cursor, 1);
      }
    }
    return undefined;
  }

  #join(consumer: FakeConsumer): void {
    const ring = this.#rings.get(consumer.priority) ?? { members: [], cursor: 0 };
    this.#rings.set(consumer.priority, ring);
    ring.members.push(consumer);
  }
}

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), at: fc.integer({ min: -3, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), at: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('turn' as const), at: fc.nat(20) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('next' as const), at: fc.nat(3) }) },
);

test('turns go round by priority and arrival, whoever comes, goes and is full', () => {
  fc.assert(fc.property(fc.boolean(), fc.array(step, { maxLength: 80 }), (singleActive, steps) => {
    const consumers = new Consumers(singleActive, () => {});
    const model = new ModelConsumers(singleActive);
    const real = (consumer: FakeConsumer): Consumer => consumer as unknown as Consumer;
    for (const { kind, at } of steps) {
      const consumer = kind === 'add' ? new FakeConsumer(at) : model.all[at % (model.all.length || 1)];
      if (kind === 'next') {
        if (at === 0) expect(consumers.anyReady).toBe(model.all.some(({ ready }) => ready) && !singleActive
          || consumers.active?.ready === true);
        expect(consumers.next()).toBe(model.next());
      } else if (consumer === undefined) {
        continue;
      } else if (kind === 'add') {
        consumers.add(real(consumer));
        model.add(consumer);
      } else if (kind === 'remove') {
        consumers.remove(real(consumer));
        model.remove(consumer);
      } else {
        consumer.ready = !consumer.ready;
        if (!consumer.ready) continue;
        consumers.unpark(real(consumer));
        model.unpark(consumer);
      }
      expect(consumers.all).toEqual(model.all);
    }
  }), { numRuns: 1000 });
});
