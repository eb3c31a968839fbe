/** Declaring, publishing, and what becomes of messages. */
import { from, toArray } from 'rxjs';
import { expect } from 'vitest';
import { ackAfter, type Outgoing } from '../../../node/client.ts';
import { first, hold, inboxOf, unique, type Site } from './site.ts';

export function publishing(site: Site): void {
  site.test('declares, binds, publishes, fetches, purges and deletes', async () => {
    const channel = await site.opened();
    const exchange = unique('exchange');
    const source = unique('source');
    await first(channel.declareExchange(exchange, 'topic', { durable: false, autoDelete: true }));
    await first(channel.declareExchange(source, 'fanout', { durable: false }));
    const queue = await site.own(channel);
    await first(channel.bindQueue(queue, exchange, 'a.#'));
    await first(channel.bindExchange(exchange, source));
    const message = { exchange: source, routingKey: 'a.b', body: 'hello' };
    for (let count = 0; count < 3; count++) expect((await first(channel.publish(message))).kind).toBe('confirmed');
    const got = await first(channel.get(queue));
    expect(got).toMatchObject({ exchange: source, routingKey: 'a.b', redelivered: false, messageCount: 2 });
    got!.ack();
    expect(await first(channel.purgeQueue(queue))).toBe(2);
    expect(await first(channel.get(queue))).toBeUndefined();
    await first(channel.unbindExchange(exchange, source));
    await first(channel.unbindQueue(queue, exchange, 'a.#'));
    await first(channel.deleteExchange(source));
    expect(await first(channel.deleteQueue(queue))).toBe(0);
  });

  site.test('tells confirmed, nacked and returned messages apart', async () => {
    const channel = await site.opened();
    const full = await site.own(channel, { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    const messages: Outgoing[] = [
      { routingKey: full, body: 'first' }, { routingKey: full, body: 'second' },
      { routingKey: unique('none'), body: 'third', mandatory: true },
    ];
    const results = await first(from(messages).pipe(channel.publisher({ inFlightMax: 1 }), toArray()));
    expect(results.map(({ kind, message }) => `${kind} ${String(message.body)}`))
      .toEqual(['confirmed first', 'nacked second', 'returned third']);
    expect(results[2]).toMatchObject({ returned: { replyCode: 312, replyText: 'NO_ROUTE' } });
  });

  site.test('publishes many with a window, each confirmed once, and consumes them in order', async () => {
    const connection = await site.connected();
    const channel = await hold(connection.channel());
    const queue = await site.own(channel);
    const bodies = Array.from({ length: 2000 }, (_, index) => `${index}`);
    const messages = bodies.map((body) => ({ routingKey: queue, body }));
    const results = await first(from(messages).pipe(connection.publisher({ inFlightMax: 64 }), toArray()));
    expect(results.map(({ kind }) => kind)).toEqual(bodies.map(() => 'confirmed'));
    const deliveries = inboxOf(channel.consume(queue, { prefetch: 50 }).pipe(
      ackAfter((delivery) => [delivery.text()]),
    ));
    expect(await deliveries.takeMany(2000)).toEqual(bodies);
    deliveries.stop();
    expect((await first(channel.call('queue.declare', { queue, passive: true })))).toMatchObject({ consumerCount: 0 });
    expect(await first(channel.purgeQueue(queue))).toBe(0);
  });

  site.test('commits and rolls back', async () => {
    const channel = await site.opened();
    const queue = await site.own(channel);
    await first(channel.selectTransactions());
    channel.post({ routingKey: queue, body: 'dropped' });
    await first(channel.rollback());
    expect((await first(channel.publish({ routingKey: queue, body: 'kept' }))).kind).toBe('sent');
    expect(await first(channel.get(queue, { noAck: true }))).toBeUndefined();
    await first(channel.commit());
    expect((await first(channel.get(queue, { noAck: true })))?.text()).toBe('kept');
  });
}
