import { describe, expect, test } from 'vitest';
import * as fc from '../support/property.ts';
import type { FieldTable } from '../../core/protocol/types.ts';
import { fixture, leaveNothing, looseFixture, text, type Fixture } from '../support/fixture.ts';
import {
  bind, consume, counts, declareQueue, deliveries, describeError, drain, get, names, nack, only,
  publishAll, qos, texts,
} from '../support/steps.ts';
import type { TestChannel } from '../support/test-client.ts';

const immediate = { immediate: true };

/** Reply codes of the returns that came on a channel. */
const returns = (channel: TestChannel): number[] =>
  only(channel, 'basic.return').map(({ args }) => args.replyCode);

function publishNow(channel: TestChannel, routingKey: string, exchange = ''): void {
  channel.publish(exchange, routingKey, 'now', {}, immediate);
}

test('a consumer that waits gets the message, and nothing comes back [basic.publish.immediate]', () => {
  const { open } = fixture();
  const [publisher, consumer] = [open(), open()];
  declareQueue(consumer, 'q');
  consume(consumer, 'q');
  publishNow(publisher, 'q');
  expect(deliveries(consumer)).toMatchObject([{ text: 'now', args: { redelivered: false } }]);
  expect(returns(publisher)).toEqual([]);
});

test('without a consumer it comes back with 313, and is not kept [IMM-1, IMM-7]', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' });
  declareQueue(channel, 'dead');
  publishNow(channel, 'q');
  expect(only(channel, 'basic.return')).toMatchObject([{
    args: { replyCode: 313, replyText: 'NO_CONSUMERS', exchange: '', routingKey: 'q' }, text: 'now',
  }]);
  expect([counts(channel, 'q'), counts(channel, 'dead')]).toEqual([[0, 0], [0, 0]]);
});

test.each([
  ['both', { mandatory: true, immediate: true }, 312],
  ['immediate alone', { immediate: true }, 313],
  ['mandatory alone', { mandatory: true }, 312],
])('where no queue is found: %s [IMM-3]', (_which, flags, code) => {
  const channel = fixture().open();
  channel.publish('amq.direct', 'nowhere', '', {}, flags);
  expect(returns(channel)).toEqual([code]);
});

describe('a queue is not ready [IMM-6]', () => {
  const unready: Record<string, (open: () => TestChannel) => void> = {
    'while messages wait in it': (open) => {
      const [channel, consumer] = [open(), open()];
      qos(consumer, 1);
      consume(consumer, 'q');
      publishAll(channel, 'q', 'ab');
    },
    'while the prefetch of its consumer is used up': (open) => {
      const [channel, consumer] = [open(), open()];
      qos(consumer, 1);
      consume(consumer, 'q');
      publishAll(channel, 'q', 'a');
    },
    'while the shared prefetch of the channel is used up': (open) => {
      const consumer = open();
      declareQueue(consumer, 'other');
      qos(consumer, 1, true);
      consume(consumer, 'other');
      consume(consumer, 'q');
      publishAll(consumer, 'other', 'a');
    },
    'while the flow of the channel is stopped': (open) => {
      const consumer = open();
      consume(consumer, 'q');
      consumer.call('channel.flow', { active: false });
    },
    'after its consumer was cancelled': (open) => {
      const consumer = open();
      consume(consumer, 'q');
      consumer.call('basic.cancel', { consumerTag: 'q' });
    },
    'for who calls basic.get': (open) => {
      get(open(), 'q');
    },
  };
  test.each(Object.keys(unready))('%s', (why) => {
    const { open } = fixture();
    const channel = open();
    declareQueue(channel, 'q');
    unready[why]!(open);
    const before = counts(channel, 'q');
    publishNow(channel, 'q');
    expect(returns(channel)).toEqual([313]);
    expect(counts(channel, 'q')).toEqual(before);
  });

  test('while its consumer does not read', () => {
    const { open } = fixture();
    const [channel, consumer] = [open(), open()];
    declareQueue(channel, 'q');
    consume(consumer, 'q', { noAck: true });
    consumer.client.setReading(false);
    publishNow(channel, 'q');
    expect(returns(channel)).toEqual([313]);
    consumer.client.setReading(true);
    publishNow(channel, 'q');
    expect([returns(channel), texts(consumer)]).toEqual([[313], ['now']]);
  });

  test('by a consumer that waits its turn behind the active one', () => {
    const { open } = fixture();
    const [channel, active, waiting] = [open(), open(), open()];
    declareQueue(channel, 'q', { 'x-single-active-consumer': true });
    qos(active, 1);
    consume(active, 'q');
    consume(waiting, 'q');
    publishNow(channel, 'q');
    publishNow(channel, 'q');
    expect([texts(active), texts(waiting), returns(channel)]).toEqual([['now'], [], [313]]);
    active.client.close();
    expect(texts(waiting)).toEqual(['now']);
  });

  test('if it refuses all messages', () => {
    const channel = fixture().open();
    declareQueue(channel, 'q', { 'x-max-length': 0, 'x-overflow': 'reject-publish' });
    consume(channel, 'q');
    publishNow(channel, 'q');
    expect([texts(channel), returns(channel)]).toEqual([[], [313]]);
  });
});

describe('several queues', () => {
  function fanout(open: () => TestChannel): TestChannel {
    const channel = open();
    for (const queue of ['a', 'b', 'c']) {
      declareQueue(channel, queue);
      bind(channel, 'amq.fanout', queue);
    }
    return channel;
  }

  test('those that are ready get it, the others nothing, and nothing comes back', () => {
    const { open } = fixture();
    const [channel, consumer] = [fanout(open), open()];
    for (const queue of ['a', 'c']) consume(consumer, queue);
    publishNow(channel, '', 'amq.fanout');
    expect(deliveries(consumer).map(({ args }) => args.consumerTag).sort()).toEqual(['a', 'c']);
    expect(returns(channel)).toEqual([]);
    expect(drain(channel, 'b')).toEqual([]);
  });

  test('where none is ready there is one return, not one for each', () => {
    const channel = fanout(fixture().open);
    publishNow(channel, '', 'amq.fanout');
    expect(returns(channel)).toEqual([313]);
  });

  test('a credit that they share is given once', () => {
    const { open } = fixture();
    const [channel, consumer] = [fanout(open), open()];
    qos(consumer, 1, true);
    for (const queue of ['a', 'b', 'c']) consume(consumer, queue);
    publishNow(channel, '', 'amq.fanout');
    expect(texts(consumer)).toEqual(['now']);
    expect(['a', 'b', 'c'].map((queue) => counts(channel, queue)[0])).toEqual([0, 0, 0]);
    expect(returns(channel)).toEqual([]);
  });
});

test('afterwards it is a message like any other [IMM-8]', () => {
  const { open } = fixture();
  const [channel, consumer] = [open(), open()];
  declareQueue(channel, 'q', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' });
  declareQueue(channel, 'dead');
  consume(consumer, 'q');
  publishNow(channel, 'q');
  consumer.client.drop();
  expect(get(channel, 'q', false)).toMatchObject({ text: 'now', args: { redelivered: true } });
  nack(channel, 1, false);
  expect(drain(channel, 'dead')).toEqual(['now']);
});

test('the confirm comes after the return, and after a delivery too [IMM-9]', () => {
  const channel = fixture().open();
  declareQueue(channel, 'q');
  channel.call('confirm.select');
  channel.take();
  publishNow(channel, 'q');
  expect(names(channel)).toEqual(['basic.return', 'basic.ack']);
  consume(channel, 'q');
  channel.take();
  publishNow(channel, 'q');
  expect(names(channel)).toEqual(['basic.deliver', 'basic.ack']);
});

test('who waits for a reply is ready while its channel lives [BAS-06]', () => {
  const { open } = fixture();
  const [requester, responder] = [open(), open()];
  declareQueue(responder, 'rpc');
  consume(requester, 'amq.rabbitmq.reply-to', { noAck: true });
  requester.publish('', 'rpc', 'ask', { replyTo: 'amq.rabbitmq.reply-to' });
  const { replyTo } = get(responder, 'rpc')!.properties!;
  publishNow(responder, replyTo!);
  expect([texts(requester), returns(responder)]).toEqual([['now'], []]);
  requester.close();
  publishNow(responder, replyTo!);
  expect(returns(responder)).toEqual([313]);
});

test('a broker that is to refuse it answers 540 [IMM-11]', () => {
  const channel = fixture({ immediate: 'refuse' }).open();
  publishNow(channel, 'q');
  expect(describeError(channel.client.closed)).toBe('540 NOT_IMPLEMENTED - immediate=true (60.40)');
});

/** A consumer in process: what it holds, and whether it can take more. */
interface Consumer {
  readonly prefetch: number;
  readonly noAck: boolean;
  readonly held: { settle(requeue: boolean | undefined): void }[];
  readonly cancel: () => void;
}

interface QueuePlan {
  readonly table: FieldTable;
  readonly consumers: readonly { readonly prefetch: number; readonly noAck: boolean }[];
}

interface Plan {
  readonly queues: readonly QueuePlan[];
  /** Pairs of exchange and queue. */
  readonly bindings: readonly (readonly [number, number, string])[];
  readonly exchangeBindings: readonly (readonly [number, number])[];
  readonly alternates: readonly (number | undefined)[];
}

interface Step {
  readonly op: 'now' | 'now' | 'publish' | 'ack' | 'nack' | 'cancel' | 'consume';
  readonly exchange: number;
  readonly key: string;
  readonly copy: string | undefined;
  readonly pick: number;
}

const EXCHANGES = ['direct', 'fanout', 'direct'] as const;
const index = fc.nat(EXCHANGES.length - 1);
const key = fc.constantFrom('a', 'b');
const consumerPlan = fc.record({ prefetch: fc.nat(2), noAck: fc.boolean() });
const queuePlan: fc.Arbitrary<QueuePlan> = fc.record({
  table: fc.constantFrom<FieldTable>(
    {}, {}, { 'x-single-active-consumer': true }, { 'x-max-priority': 2 }, { 'x-message-ttl': 0 },
    { 'x-max-length': 1 }, { 'x-max-length': 0 }, { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    { 'x-max-length': 0, 'x-overflow': 'reject-publish' },
  ),
  consumers: fc.array(consumerPlan, { maxLength: 3 }),
});
const plans: fc.Arbitrary<Plan> = fc.record({
  queues: fc.array(queuePlan, { minLength: 1, maxLength: 4 }),
  bindings: fc.array(fc.tuple(index, fc.nat(3), key), { maxLength: 6 }),
  exchangeBindings: fc.array(fc.tuple(index, index), { maxLength: 4 }),
  alternates: fc.array(fc.option(index, { nil: undefined }), { minLength: 3, maxLength: 3 }),
});
const steps = fc.array(fc.record<Step>({
  op: fc.constantFrom('now', 'now', 'now', 'publish', 'ack', 'nack', 'cancel', 'consume'),
  exchange: index, key, copy: fc.option(key, { nil: undefined }), pick: fc.nat(1000),
}), { minLength: 1, maxLength: 25 });

/** A random topology in a broker, with its own idea of who is ready. */
class Topology {
  readonly made: Fixture = looseFixture();
  readonly #plan: Plan;
  readonly #consumers: Consumer[][];
  /** Bodies that were delivered for the first time, with the queue that they came from. */
  readonly delivered: [queue: number, body: string][] = [];
  readonly returned: string[] = [];

  constructor(plan: Plan) {
    this.#plan = plan;
    const { vhost } = this.made;
    EXCHANGES.forEach((type, i) => {
      const alternate = plan.alternates[i];
      const table = alternate === undefined ? {} : { 'alternate-exchange': `x${alternate}` };
      vhost.declareExchange({ exchange: `x${i}`, type, arguments: table });
    });
    this.#consumers = plan.queues.map(({ table, consumers }, i) => {
      vhost.declareQueue({ queue: `q${i}`, arguments: table });
      return consumers.map((each) => this.#consume(i, each));
    });
    for (const [exchange, queue, routingKey] of this.#bindings()) {
      vhost.bind(vhost.exchange(`x${exchange}`), vhost.queue(`q${queue}`), routingKey, {});
    }
    for (const [source, destination] of plan.exchangeBindings) {
      vhost.bind(vhost.exchange(`x${source}`), vhost.exchange(`x${destination}`), 'a', {});
    }
    vhost.returned$.subscribe(({ body }) => this.returned.push(text(body)));
  }

  step({ op, exchange, key: routingKey, copy, pick }: Step, body: string): void {
    const { vhost } = this.made;
    const queue = pick % this.#consumers.length;
    const consumers = this.#consumers[queue]!;
    const chosen = consumers[pick % (consumers.length || 1)];
    const properties = copy === undefined ? {} : { headers: { CC: [copy] } };
    if (op === 'now') this.#publishNow(exchange, routingKey, copy, body);
    else if (op === 'publish') vhost.exchange(`x${exchange}`).publish({ routingKey, body, properties });
    else if (op === 'consume') consumers.push(this.#consume(queue, { prefetch: pick % 3, noAck: pick % 2 === 0 }));
    else if (chosen === undefined) return;
    else if (op === 'cancel') {
      consumers.splice(consumers.indexOf(chosen), 1);
      chosen.cancel();
    } else chosen.held.shift()?.settle(op === 'nack' ? true : undefined);
  }

  /** IMM-10: as many copies as there are queues ready for it, or one return; and nothing else anywhere. */
  #publishNow(exchange: number, routingKey: string, copy: string | undefined, body: string): void {
    const ready = this.#routed(exchange, [routingKey, ...(copy === undefined ? [] : [copy])])
      .filter((queue) => this.#isReady(queue));
    const before = this.#readyCounts();
    const properties = copy === undefined ? {} : { headers: { CC: [copy] } };
    const placed = this.made.vhost.exchange(`x${exchange}`).publish({ routingKey, body, properties, immediate: true });
    const copies = this.delivered.filter(([, each]) => each === body).map(([queue]) => queue);
    expect(copies.sort()).toEqual(ready.sort());
    expect(this.returned.filter((each) => each === body)).toHaveLength(ready.length === 0 ? 1 : 0);
    expect(placed).toBe(ready.length > 0);
    expect(this.#readyCounts()).toEqual(before);
  }

  #readyCounts(): number[] {
    return this.#consumers.map((_, i) => this.made.vhost.queue(`q${i}`).readyCount);
  }

  /** A queue is ready if nothing waits in it and somebody, or the active one, can take a message. */
  #isReady(queue: number): boolean {
    const { table } = this.#plan.queues[queue]!;
    if (this.made.vhost.queue(`q${queue}`).readyCount > 0) return false;
    if (table['x-overflow'] !== undefined && table['x-max-length'] === 0) return false;
    const consumers = this.#consumers[queue]!;
    const served = table['x-single-active-consumer'] === true ? consumers.slice(0, 1) : consumers;
    return served.some(({ prefetch, noAck, held }) => noAck || prefetch === 0 || held.length < prefetch);
  }

  /** Where a message goes, by the rules written down as plainly as can be. */
  #routed(first: number, keys: readonly string[]): number[] {
    const found = new Set<number>();
    const seen = new Set<number>();
    const visit = (exchange: number): void => {
      if (seen.has(exchange)) return;
      seen.add(exchange);
      const matches = (wanted: string): boolean => EXCHANGES[exchange] === 'fanout' || keys.includes(wanted);
      const queues = this.#bindings().filter(([from, , wanted]) => from === exchange && matches(wanted));
      const exchanges = this.#plan.exchangeBindings.filter(([from]) => from === exchange && matches('a'));
      for (const [, queue] of queues) found.add(queue);
      for (const [, to] of exchanges) visit(to);
      const alternate = this.#plan.alternates[exchange];
      if (queues.length + exchanges.length === 0 && alternate !== undefined) visit(alternate);
    };
    visit(first);
    return [...found];
  }

  #bindings(): (readonly [number, number, string])[] {
    const { bindings, queues } = this.#plan;
    return bindings.map(([exchange, queue, routingKey]) => [exchange, queue % queues.length, routingKey]);
  }

  #consume(queue: number, { prefetch, noAck }: { prefetch: number; noAck: boolean }): Consumer {
    const held: Consumer['held'] = [];
    const messages$ = this.made.vhost.queue(`q${queue}`).consume({ prefetch, noAck });
    const subscription = messages$.subscribe((message) => {
      if (!message.redelivered) this.delivered.push([queue, text(message.body)]);
      if (noAck) return;
      held.push({ settle: (requeue) => (requeue === true ? message.nack() : message.ack()) });
    });
    return { prefetch, noAck, held, cancel: () => subscription.unsubscribe() };
  }
}

test('property: one delivery for each queue that is ready, or one return, and no third way [IMM-10]', async () => {
  await fc.assert(fc.asyncProperty(plans, steps, async (plan, taken) => {
    const topology = new Topology(plan);
    taken.forEach((step, i) => topology.step(step, `message ${i}`));
    // Nothing that came back was delivered as well, now or later.
    for (const body of topology.returned) {
      expect(topology.delivered.filter(([, each]) => each === body)).toEqual([]);
    }
    await leaveNothing(topology.made);
  }), { numRuns: 2000 });
});
