import { describe, expect, test } from 'vitest';
import { startTestBroker, TestBrokerError, type TestBroker } from '../../node/testing/index.ts';
import { connect, failureOf, ownBroker } from './own-broker.ts';

/** Orders go to billing and audit; what billing refuses, to its morgue. */
function shop(vhost: ReturnType<TestBroker['vhost']>): void {
  const orders = vhost.declareExchange({ exchange: 'orders', type: 'topic' });
  vhost.declareQueue({ queue: 'morgue' });
  const billing = vhost.declareQueue({
    queue: 'billing', arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'morgue' },
  });
  vhost.bind(orders, billing, 'order.created', {});
  vhost.bind(orders, vhost.declareQueue({ queue: 'audit' }), 'order.#', {});
}

const shopBroker = (options = {}) => ownBroker({ topology: shop, timeout: 1, ...options });

describe('a queue', () => {
  test('shows its messages without consuming them', async () => {
    const broker = await shopBroker();
    const { channel } = await connect(broker);
    channel.publish('orders', 'order.created', Buffer.from('{"id":1}'), { headers: { urgent: true }, type: 'order' });
    channel.publish('orders', 'order.created', Buffer.from('{"id":2}'));
    await broker.settled();
    for (const _ of ['once', 'and again']) {
      const [first, second] = broker.queue('billing').peek();
      expect(first!.json()).toEqual({ id: 1 });
      expect(first).toMatchObject({
        exchange: 'orders', routingKey: 'order.created', headers: { urgent: true }, redelivered: false,
        properties: { type: 'order' },
      });
      expect(second!.text).toBe('{"id":2}');
      expect(second!.headers).toEqual({});
    }
    expect(broker.queue('billing').messageCount).toBe(2);
  });

  test.each(['quorum', 'stream'])('shows them whatever its type: %s', async (type) => {
    const broker = await shopBroker();
    const { channel } = await connect(broker);
    await channel.assertQueue('typed', { arguments: { 'x-queue-type': type } });
    for (const text of ['a', 'b']) channel.sendToQueue('typed', Buffer.from(text));
    await broker.settled();
    expect(broker.queue('typed').peek().map(({ text }) => text)).toEqual(['a', 'b']);
    expect(broker.queue('typed').messageCount).toBe(2);
  });

  test('counts what waits, what is out and who consumes', async () => {
    const broker = await shopBroker();
    const { channel } = await connect(broker);
    await channel.prefetch(2);
    for (const id of [1, 2, 3]) broker.vhost().exchange('').publish({ routingKey: 'audit', body: `${id}` });
    await channel.consume('audit', () => {});
    await broker.settled();
    const { messageCount, unackedCount, consumerCount } = broker.queue('audit');
    expect([messageCount, unackedCount, consumerCount]).toEqual([1, 2, 1]);
  });

  test('that is not there says so, with those that are', async () => {
    const broker = await shopBroker();
    const missing = broker.queue('biling');
    expect(missing.exists).toBe(false);
    expect(() => missing.peek()).toThrow("there is no queue 'biling' in vhost '/'");
    expect(() => missing.messageCount).toThrow('billing: 0 ready, 0 unacknowledged, 0 consumers');
    expect((await failureOf(missing.untilMessages(1))).message).toContain(
      "expected 1 messages in queue 'biling', and there are none, for there is no such queue within 1ms",
    );
  });

  test('is waited for until it holds so many, or none', async () => {
    const broker = await shopBroker({ timeout: '20s' });
    const queue = broker.queue('audit');
    const two = queue.untilMessages(2);
    const { channel } = await connect(broker);
    channel.publish('orders', 'order.created', Buffer.from('a'));
    channel.publish('orders', 'order.paid', Buffer.from('b'));
    await two;
    await channel.consume('audit', (message) => channel.ack(message!));
    await queue.untilEmpty();
    expect(queue.unackedCount).toBe(0);
  });

  test('that nobody works off fails with what is in it', async () => {
    const broker = await shopBroker();
    broker.vhost().exchange('orders').publish({ routingKey: 'order.paid', body: 'x' });
    const { message } = await failureOf(broker.queue('audit').untilEmpty());
    expect(message).toContain("expected queue 'audit' to be worked off, and it is not within 1ms");
    expect(message).toContain('audit: 1 ready, 0 unacknowledged, 0 consumers');
  });
});

describe('expectRouted', () => {
  test('finds what was routed before, and what will be', async () => {
    const broker = await shopBroker({ timeout: '20s' });
    const { channel } = await connect(broker);
    const later = broker.expectRouted({ routingKey: 'order.paid' });
    channel.publish('orders', 'order.created', Buffer.from('{"id":1}'), { headers: { urgent: true } });
    channel.publish('orders', 'order.paid', Buffer.from([0, 255]));
    expect((await later).destinations).toEqual(['audit']);
    const past = await broker.expectRouted({ exchange: 'orders', to: ['billing', 'audit'], body: { id: 1 } });
    expect(past.destinations.toSorted()).toEqual(['audit', 'billing']);
    expect(past.json()).toEqual({ id: 1 });
    await broker.expectRouted({ headers: { urgent: true }, body: '{"id":1}' });
    await broker.expectRouted({ body: Uint8Array.of(0, 255), to: 'audit' });
  });

  test('knows what reached no queue', async () => {
    const broker = await shopBroker();
    const { channel } = await connect(broker);
    channel.publish('orders', 'invoice', Buffer.from('x'));
    await broker.settled();
    expect((await broker.expectRouted({ to: [] })).routingKey).toBe('invoice');
  });

  test.each([
    [{ to: 'billing' }, "'order.shipped' -> audit: {\"id\":7}"],
    [{ exchange: 'orders', routingKey: 'order.created' }, "'order.created' -> queue billing"],
    [{ headers: { urgent: true } }, 'message.routed orders'],
    [{ body: { id: 8 } }, '{"id":7}'],
    [{ exchange: 'order' }, "There is no exchange 'order' in vhost '/'."],
    [{ vhost: 'nowhere' }, 'audit: 1 ready'],
  ])('fails for %j with what happened instead', async (pattern, shown) => {
    const broker = await shopBroker();
    broker.vhost().exchange('orders').publish({ routingKey: 'order.shipped', body: '{"id":7}' });
    const error = await failureOf(broker.expectRouted(pattern));
    expect(error).toBeInstanceOf(TestBrokerError);
    expect(error.message).toContain(
      `expected a routed message ${JSON.stringify(pattern)}, and there was none within 1ms`,
    );
    expect(error.message).toContain(shown);
  });

  test('fails at the line of the test, and at once when the broker stops', async () => {
    const broker = await startTestBroker({ leaks: 'ignore', timeout: '1h' });
    const failure = failureOf(broker.expectRouted({}));
    await broker.stop();
    expect((await failure).stack).toMatch(/\n\s+at .*expectations\.test\.ts/);
    const { message } = await failureOf(broker.expectRouted({ to: 'billing' }));
    expect(message).toContain('expected a routed message {"to":"billing"}');
  });

  test('counts what came while the machine stood still', async () => {
    const broker = await shopBroker();
    const { channel } = await connect(broker);
    channel.publish('orders', 'order.created', Buffer.from('late'));
    const routed = broker.expectRouted({ body: 'late' });
    const end = performance.now() + 5;
    while (performance.now() < end);
    expect((await routed).destinations).toEqual(['billing', 'audit']);
  });
});

describe('expectDeadLettered', () => {
  test('knows where, why and whereto', async () => {
    const broker = await shopBroker();
    const { channel } = await connect(broker);
    channel.publish('orders', 'order.created', Buffer.from('{"id":1}'));
    const message = await channel.get('billing');
    channel.nack(message as never, false, false);
    await broker.settled();
    const dead = await broker.expectDeadLettered({ from: 'billing', reason: 'rejected', to: 'morgue' });
    expect(dead.json()).toEqual({ id: 1 });
    expect(dead.headers['x-death']).toMatchObject([{ queue: 'billing', reason: 'rejected' }]);
    const { message: text } = await failureOf(broker.expectDeadLettered({ from: 'billing', reason: 'expired' }));
    expect(text).toContain('expected a dead-lettered message {"from":"billing","reason":"expired"}');
    expect(text).toContain('dead-lettered from billing (rejected)');
  });
});

describe('assertNoUnacked', () => {
  test('counts acknowledgements that are on their way', async () => {
    const broker = await shopBroker();
    const { channel } = await connect(broker);
    broker.vhost().exchange('').publish({ routingKey: 'audit', body: 'x' });
    const message = await channel.get('audit');
    channel.ack(message as never);
    await broker.assertNoUnacked();
  });

  test('fails with the queue of what is out', async () => {
    const broker = await shopBroker();
    const { channel } = await connect(broker);
    broker.vhost().exchange('').publish({ routingKey: 'audit', body: 'x' });
    await channel.get('audit');
    const { message } = await failureOf(broker.assertNoUnacked());
    expect(message).toContain('expected no unacknowledged deliveries, and there are 1');
    expect(message).toContain('audit: 0 ready, 1 unacknowledged');
  });
});

describe('waitFor', () => {
  test('resolves with the next such event', async () => {
    const broker = await shopBroker({ timeout: '20s' });
    const declared = broker.waitFor('queue.declared', { queue: 'later' });
    const consumer = broker.waitFor('consumer.added');
    const { channel } = await connect(broker);
    await channel.assertQueue('sooner');
    await channel.assertQueue('later');
    await channel.consume('later', () => {}, { consumerTag: 'mine' });
    expect((await declared).queue).toBe('later');
    expect((await consumer).consumerTag).toBe('mine');
  });

  test('fails in words, with what came instead', async () => {
    const broker = await shopBroker();
    const waited = broker.waitFor('consumer.added', { queue: 'billing' }, { timeout: '50ms' });
    broker.vhost().queue('audit').consume().subscribe();
    const { message } = await failureOf(waited);
    expect(message).toContain('waited 50ms for the event consumer.added {"queue":"billing"}, and it did not come');
    expect(message).toMatch(/\+\d\S* consumer\.added .*queue=audit/);
  });
});
