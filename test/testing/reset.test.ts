/** What a test does to its broker between two tests, and without a client. */
import { expect, test } from 'vitest';
import type { TestBroker } from '../../node/testing/index.ts';
import { connect, failureOf, ownBroker } from './own-broker.ts';

const definitions = {
  queues: [{ name: 'orders', durable: true }],
  bindings: [{ source: 'amq.topic', destination: 'orders', destination_type: 'queue', routing_key: 'order.#' }],
};

const queuesOf = (broker: TestBroker): string[] => [...broker.vhost().queues.keys()];

test('a reset leaves what was there at the start, and the connections', async () => {
  const broker = await ownBroker({ topology: definitions, vhosts: ['other'] });
  const { channel } = await connect(broker);
  await channel.assertQueue('tasks');
  await channel.assertExchange('logs', 'fanout');
  await channel.bindQueue('tasks', 'amq.direct', 'k');
  broker.vhost().policies.set('short', { pattern: '.*', definition: { 'max-length': 1 } });
  broker.vhost('other').declareQueue({ queue: 'there' });
  channel.sendToQueue('orders', Buffer.from('one'));
  await broker.expectRouted({ to: 'orders' });
  const cancelled = new Promise((resolve) => void channel.consume('tasks', resolve, { noAck: true }));
  await broker.waitFor('consumer.added');
  const fault = broker.faults.withholdConfirms();

  await broker.reset();

  expect(await cancelled).toBe(null);
  expect([queuesOf(broker), broker.vhost('other').queues.size]).toEqual([['orders'], 0]);
  const { policies } = broker.vhost();
  expect([broker.queue('orders').messageCount, policies.list, broker.faults.active]).toEqual([0, [], []]);
  expect([...broker.vhost().exchanges.keys()].filter((name) => !name.startsWith('amq.'))).toEqual(['']);
  await expect(broker.expectRouted({ to: 'orders' }, { timeout: 1 })).rejects.toThrow(/there was none/);
  expect(broker.publish({ exchange: 'amq.direct', routingKey: 'k' })).toBe(false);
  fault.end();
  // The connection goes on, and so does the topology.
  channel.publish('amq.topic', 'order.new', Buffer.from('two'));
  await broker.queue('orders').untilMessages(1);
});

test('a reset takes what is unsettled along', async () => {
  const broker = await ownBroker({ topology: definitions });
  const { channel } = await connect(broker);
  broker.publish({ routingKey: 'orders', body: 'one' });
  await channel.get('orders');
  expect(broker.queue('orders').unackedCount).toBe(1);
  await broker.reset();
  expect(broker.queue('orders')).toMatchObject({ messageCount: 0, unackedCount: 0 });
  await broker.assertNoUnacked();
});

test('a test publishes and purges without a client', async () => {
  const broker = await ownBroker({ topology: definitions });
  expect(broker.publish({ routingKey: 'orders', body: { id: 7 }, headers: { tenant: 'a' } })).toBe(true);
  const typed = { routingKey: 'order.new', body: 'text', properties: { type: 't' } };
  expect(broker.publish({ exchange: 'amq.topic', ...typed })).toBe(true);
  const [first, second] = broker.queue('orders').peek();
  const { contentType, headers } = first!.properties;
  expect([first!.json(), contentType, headers!['tenant']]).toEqual([{ id: 7 }, 'application/json', 'a']);
  expect([second!.text, second!.properties.type]).toEqual(['text', 't']);
  expect([broker.purge('orders'), broker.queue('orders').purge()]).toEqual([2, 0]);
  expect(() => broker.publish({ exchange: 'none' })).toThrow(/no exchange 'none'/);
  expect(() => broker.publish({ key: 'x' } as never)).toThrow("publish has no option 'key', but vhost, exchange");
  expect(() => broker.purge('none')).toThrow(/no queue 'none'/);
});

test('what was published is told from where it went', async () => {
  const broker = await ownBroker({ topology: definitions });
  const { channel } = await connect(broker);
  channel.publish('amq.topic', 'invoice.new', Buffer.from('{"id":1}'));
  const pattern = { exchange: 'amq.topic', routingKey: 'invoice.new', body: { id: 1 } };
  expect((await broker.expectPublished(pattern)).destinations).toEqual([]);
  await broker.expectNotRouted({ routingKey: 'invoice.new' });
  await broker.expectNotRouted();
  await expect(broker.expectNotRouted({ to: [] })).rejects.toThrow('there is amq.topic');
  channel.publish('amq.topic', 'order.new', Buffer.from('x'));
  const failure = await failureOf(broker.expectNotRouted({ to: 'orders' }));
  expect(failure.message).toContain(
    `expected no routed message {"to":"orders"}, and there is amq.topic 'order.new' -> orders: x`,
  );
  await expect(broker.expectPublished({ to: 'orders' } as never)).rejects.toThrow("expectPublished has no option 'to'");
});
