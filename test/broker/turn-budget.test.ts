import { describe, expect, test } from 'vitest';
import { Flow } from '../../core/broker/connection/flow.ts';
import { VirtualClock } from '../../core/clock/virtual-clock.ts';
import { connectionView } from '../../core/management/views.ts';
import { writeBody, writeContentHeader } from '../../core/protocol/properties.ts';
import { work } from '../../core/broker/turn/work.ts';
import { limits } from '../../core/limits.ts';
import { fixture, text, type Fixture } from '../support/fixture.ts';
import { bind, consume, counts, declareQueue, drain, nack, publishTogether, texts } from '../support/steps.ts';
import { argumentsOf, type TestChannel } from '../support/test-client.ts';

/** What a turn may do beyond its budget here: one method, and one publish to `copies` queues. */
const stepWork = (copies = 1): number => work.method + 2 * copies + 2;

/** Writes down the work of each turn from now on, and each share that somebody had. */
function watch({ broker }: Fixture): { readonly overrun: () => number; readonly shares: () => number } {
  let overrun = 0;
  let shares = 0;
  broker.turn.ended = () => (overrun = Math.max(overrun, broker.turn.spent - broker.turn.allowed));
  broker.parties.served = () => shares++;
  return { overrun: () => overrun, shares: () => shares };
}

/** Writes publishes to the session, and sends nothing yet. */
function write({ client, number }: TestChannel, exchange: string, bodies: Iterable<string>, routingKey = ''): void {
  const { session } = client;
  for (const body of bodies) {
    const octets = new TextEncoder().encode(body);
    session.send(number, 'basic.publish', argumentsOf('basic.publish', { exchange, routingKey }));
    writeContentHeader(session.writer, number, octets.length, {});
    writeBody(session.writer, number, octets, session.frameBytesMax);
  }
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

function fanOut(channel: TestChannel, count: number): string[] {
  return numbers(count).map((number) => {
    declareQueue(channel, `q${number}`);
    bind(channel, 'amq.fanout', `q${number}`);
    return `q${number}`;
  });
}

describe('a turn', () => {
  test('ends with its budget, and a flood goes on in the next ones, whole and in order', () => {
    const made = fixture({ turnWork: 800 });
    const [publisher, consumer] = [made.open(), made.open()];
    const queues = fanOut(publisher, 10);
    for (const queue of queues) consume(consumer, queue, { noAck: true });
    const { overrun, shares } = watch(made);
    write(publisher, 'amq.fanout', numbers(200));
    publisher.client.run();
    // Ten enqueues and ten deliveries of each.
    expect(shares()).toBeGreaterThanOrEqual((200 * 20) / 800);
    expect(overrun()).toBeLessThanOrEqual(stepWork(10));
    for (const queue of queues) {
      const got = consumer.received.flatMap((each) =>
        each.name === 'basic.deliver' && each.args.consumerTag === queue ? [each.text] : []);
      expect(got).toEqual(numbers(200));
    }
  });

  test('of somebody else does not wait for the end of a flood', () => {
    const made = fixture({ turnWork: 800 });
    const [publisher, bystander] = [made.open(), made.open()];
    fanOut(publisher, 20);
    declareQueue(bystander, 'own');
    bystander.take();
    const { shares } = watch(made);
    let answeredAfter = 0;
    const count = made.broker.parties.served;
    made.broker.parties.served = () => {
      count();
      if (answeredAfter === 0 && bystander.received.length > 0) answeredAfter = shares();
    };
    write(publisher, 'amq.fanout', numbers(500));
    publisher.client.session.flush();
    const asked = argumentsOf('queue.declare', { queue: 'own', passive: true });
    bystander.client.session.send(bystander.number, 'queue.declare', asked);
    bystander.client.run();
    expect(shares()).toBeGreaterThan(50);
    // What it is sent crosses the link when the round is over.
    expect(answeredAfter).toBeGreaterThan(0);
    expect(answeredAfter).toBeLessThan(12);
    expect(counts(publisher, 'q0')).toEqual([500, 0]);
  });

  test('is read less of by a publisher whose messages have many copies', () => {
    const made = fixture({ turnWork: 800 });
    const [many, few] = [made.open(), made.open()];
    fanOut(many, 50);
    declareQueue(few, 'few');
    write(many, 'amq.fanout', numbers(200));
    write(few, '', numbers(200), 'few');
    many.client.session.flush();
    few.client.session.flush();
    let copiesThen = 0;
    made.broker.parties.served = () => {
      if (made.vhost.queue('few').readyCount === 200 && copiesThen === 0) {
        copiesThen = made.vhost.queue('q0').readyCount;
      }
    };
    made.clock.runUntilIdle();
    made.broker.parties.served = () => {};
    expect(copiesThen).toBeGreaterThan(0);
    expect(copiesThen).toBeLessThan(50);
    expect(counts(many, 'q49')).toEqual([200, 0]);
  });
});

describe('wherever input is cut', () => {
  test('order on each channel, confirms and answers are those of a turn that is not', () => {
    for (const turnWork of [8, 40, 60, 90, 130, 200, 400]) {
      const { open } = fixture({ turnWork });
      const publisher = open();
      const second = publisher.client.channel();
      declareQueue(publisher, 'q');
      declareQueue(publisher, 'p');
      for (const channel of [publisher, second]) channel.call('confirm.select');
      for (const channel of [publisher, second]) channel.take();
      for (let i = 0; i < 30; i++) {
        write(publisher, '', [`${i}`], 'q');
        write(second, '', [`${i}`], 'p');
        if (i % 10 !== 9) continue;
        const args = argumentsOf('queue.declare', { queue: 'q', passive: true });
        publisher.client.session.send(publisher.number, 'queue.declare', args);
      }
      publisher.client.run();
      const answers = publisher.received.flatMap((each) =>
        each.name === 'queue.declare-ok' ? [each.args.messageCount] : []);
      expect(answers, `turns of ${turnWork}`).toEqual([10, 20, 30]);
      for (const channel of [publisher, second]) {
        const confirmed = channel.received.flatMap((each) =>
          each.name === 'basic.ack' ? [each.args.deliveryTag] : []);
        expect(confirmed).toEqual(confirmed.toSorted((a, b) => a - b));
        expect(confirmed.at(-1)).toBe(30);
      }
      expect(drain(publisher, 'q')).toEqual(numbers(30));
      expect(drain(publisher, 'p')).toEqual(numbers(30));
    }
  });

  test('and whatever comes behind the cut, in the same chunk or the next one, waits for its turn', () => {
    const { open, vhost } = fixture({ turnWork: 40 });
    const channel = open();
    declareQueue(channel, 'q');
    publishTogether(channel, Array.from({ length: 50 }, () => 'q'), () => {
      channel.client.session.send(channel.number, 'queue.purge', argumentsOf('queue.purge', { queue: 'q' }));
      write(channel, '', ['behind'], 'q');
      channel.client.session.flush();
      write(channel, '', ['next'], 'q');
    });
    expect(channel.received.at(-1)).toMatchObject({ name: 'queue.purge-ok', args: { messageCount: 50 } });
    expect(vhost.queue('q').readyCount).toBe(2);
    expect(drain(channel, 'q')).toEqual(['behind', 'next']);
  });

  test('the end of the stream too: what came before it is done', () => {
    const { open, clock, vhost } = fixture({ turnWork: 40 });
    const channel = open();
    declareQueue(channel, 'q');
    write(channel, '', numbers(50), 'q');
    channel.client.session.flush();
    channel.client.session.receiveEnd();
    clock.runUntilIdle();
    expect(vhost.queue('q').readyCount).toBe(50);
  });
});

describe('a connection that asks for more than its share', () => {
  test('is in flow, as its view and an event say, until it was not held up for a while', () => {
    const made = fixture({ turnWork: 400 });
    const channel = made.open();
    fanOut(channel, 10);
    const told: boolean[] = [];
    made.broker.events$.subscribe((event) => {
      if (event.type === 'connection.flow') told.push(event.active);
    });
    made.clock.advanceBy(2 * limits.flowShownMs);
    told.length = 0;
    const state = (): string => [...made.broker.connections].map((each) => connectionView(each).state).join();
    expect(state()).toBe('running');
    write(channel, 'amq.fanout', numbers(100));
    channel.client.run();
    expect(told).toEqual([true]);
    expect(state()).toBe('flow');
    made.clock.advanceBy(2 * limits.flowShownMs);
    expect(told).toEqual([true, false]);
    expect(state()).toBe('running');
  });

  test('is not once it has ended, whatever still comes behind that', () => {
    const clock = new VirtualClock();
    const told: boolean[] = [];
    const flow = new Flow(clock, (active) => told.push(active));
    flow.stop();
    flow.note();
    expect([told, flow.active, clock.pending]).toEqual([[], false, 0]);
  });

  test('is not, where it only waits for others', () => {
    const made = fixture({ turnWork: 4000 });
    const [publisher, bystander] = [made.open(), made.open()];
    fanOut(publisher, 10);
    made.clock.advanceBy(2 * limits.flowShownMs);
    write(publisher, 'amq.fanout', numbers(1000));
    publisher.client.session.flush();
    counts(bystander, 'q0');
    const states = [...made.broker.connections].map((each) => connectionView(each).state);
    expect(states).toEqual(['flow', 'running']);
  });
});

describe('long work goes on over turns', () => {
  const many = 2000;

  function filled(made: Fixture, queue: string, table = {}): void {
    made.vhost.declareQueue({ queue, arguments: table });
    for (const body of numbers(many)) made.vhost.exchange('').publish({ routingKey: queue, body });
    made.clock.runUntilIdle();
  }

  test('a purge: the queue is empty at once, the answer comes when all is gone, others are served', () => {
    const made = fixture({ turnWork: 400 });
    const [channel, bystander] = [made.open(), made.open()];
    filled(made, 'q');
    const { overrun, shares } = watch(made);
    let asked = 0;
    const count = made.broker.parties.served;
    made.broker.parties.served = () => {
      count();
      if (shares() === 2) {
        asked = made.vhost.queue('q').readyCount;
        expect(made.broker.store.liveBytes).toBeGreaterThan(0);
        made.vhost.exchange('').publish({ routingKey: 'q', body: 'new' });
      }
    };
    const { messageCount } = channel.call('queue.purge', { queue: 'q' });
    expect([messageCount, asked]).toEqual([many, 0]);
    expect(shares()).toBeGreaterThan(2);
    expect(overrun()).toBeLessThanOrEqual(stepWork());
    expect(drain(bystander, 'q')).toEqual(['new']);
  });

  test('a backlog that a consumer gets, and a backlog that is sent back', () => {
    const made = fixture({ turnWork: 400 });
    const channel = made.open();
    filled(made, 'q');
    const { overrun } = watch(made);
    consume(channel, 'q');
    expect(texts(channel)).toEqual(numbers(many));
    expect(overrun()).toBeLessThanOrEqual(stepWork());
    channel.call('basic.cancel', { consumerTag: 'q' });
    nack(channel, many, true, true);
    expect(drain(channel, 'q')).toEqual(numbers(many));
  });

  test('messages that expire at one instant, whose dead letters keep their order', () => {
    const made = fixture({ turnWork: 400 });
    const table = { 'x-message-ttl': 100, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };
    made.vhost.declareQueue({ queue: 'dead' });
    filled(made, 'q', table);
    const { overrun, shares } = watch(made);
    made.clock.advanceBy(100);
    expect(shares()).toBeGreaterThan(8);
    expect(overrun()).toBeLessThanOrEqual(work.deadLetter + stepWork());
    const got: string[] = [];
    made.vhost.queue('dead').consume({ noAck: true }).subscribe(({ body }) => got.push(text(body)));
    made.clock.runUntilIdle();
    expect(got).toEqual(numbers(many));
  });

  test('the end of a queue and of an exchange with many bindings: the answer comes behind the last', () => {
    const made = fixture({ turnWork: 400 });
    const channel = made.open();
    const exchange = made.vhost.declareExchange({ exchange: 'x', type: 'direct' });
    for (const name of ['a', 'b']) {
      const queue = made.vhost.declareQueue({ queue: name });
      for (const key of numbers(300)) made.vhost.bind(exchange, queue, key, {});
    }
    const { overrun, shares } = watch(made);
    channel.call('queue.delete', { queue: 'a' });
    expect([made.vhost.queues.has('a'), exchange.bindingCount]).toEqual([false, 300]);
    expect(shares()).toBeGreaterThan(5);
    channel.call('exchange.delete', { exchange: 'x' });
    expect(made.vhost.exchanges.has('x')).toBe(false);
    expect(overrun()).toBeLessThanOrEqual(stepWork());
  });

  test('the end of a queue with many consumers, who all hear of it', () => {
    const made = fixture({ turnWork: 400 });
    const [channel, consumer] = [made.open(), made.open()];
    declareQueue(channel, 'q');
    for (const consumerTag of numbers(200)) consumer.call('basic.consume', { queue: 'q', consumerTag });
    consumer.take();
    const { overrun, shares } = watch(made);
    channel.call('queue.delete', { queue: 'q' });
    expect(consumer.received.map(({ name }) => name)).toEqual(numbers(200).map(() => 'basic.cancel'));
    expect(shares()).toBeGreaterThan(3);
    expect(overrun()).toBeLessThanOrEqual(stepWork());
  });

  test('the end of a connection with many exclusive queues, which are gone before close-ok', () => {
    const made = fixture({ turnWork: 400 });
    const channel = made.open();
    for (const name of numbers(200)) declareQueue(channel, name, {}, { exclusive: true });
    const { shares } = watch(made);
    let left = -1;
    const { client } = channel;
    const ended = client.onEnd.bind(client);
    client.onEnd = (end) => {
      left = made.vhost.queues.size;
      ended(end);
    };
    client.close();
    made.clock.runUntilIdle();
    expect(shares()).toBeGreaterThan(5);
    expect([left, made.vhost.queues.size]).toEqual([200, 0]);
    expect(client.end?.error).toBeUndefined();
  });
});
