/** Consuming, settling, and messages as they were. */
import { expect } from 'vitest';
import { ackAfter, Decimal, encodeContent, jsonCodec, type FieldTable } from '../../../node/client.ts';
import { first, inboxOf, type Site } from './site.ts';

export function consuming(site: Site): void {
  site.test('holds back what prefetch does not let in', async () => {
    const channel = await site.opened();
    const queue = await site.own(channel);
    for (const body of ['1', '2', '3', '4']) await first(channel.publish({ routingKey: queue, body }));
    const deliveries = inboxOf(channel.consume(queue, { prefetch: 2 }));
    const [one] = await deliveries.takeMany(2);
    const left = async (): Promise<number> =>
      (await first(channel.call('queue.declare', { queue, passive: true }))).messageCount;
    expect([await left(), deliveries.waitingCount]).toEqual([2, 0]);
    one!.ack();
    expect((await deliveries.take()).text()).toBe('3');
    expect(await left()).toBe(1);
    deliveries.stop();
    await first(channel.recover());
    expect(await left()).toBe(3);
  });

  site.test('gives back, and gives up to a dead-letter exchange', async () => {
    const channel = await site.opened();
    const dead = await site.own(channel);
    const queue = await site.own(channel, { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead });
    await first(channel.publish({ routingKey: queue, body: 'poison' }));
    const tries: boolean[] = [];
    inboxOf(channel.consume(queue).pipe(ackAfter((delivery) => {
      tries.push(delivery.redelivered);
      throw new Error('it is poison');
    }, { onError: () => {} })));
    const deadLetters = inboxOf(channel.consume(dead, { noAck: true }));
    const [death] = (await deadLetters.take()).properties.headers!['x-death'] as FieldTable[];
    expect(death).toMatchObject({ queue, reason: 'rejected' });
    expect(tries).toEqual([false, true]);
  });

  site.test('passes on bodies of any size, and field tables of any type as they were', async () => {
    const channel = await site.opened();
    const queue = await site.own(channel);
    const headers: FieldTable = {
      text: 'grüße', bytes: Uint8Array.of(0, 255), flag: true, nothing: null, small: -5, large: 2 ** 40,
      largest: 2n ** 63n - 1n, smallest: -(2n ** 63n), fraction: 0.1, decimal: new Decimal(2, 12_345),
      time: new Date(1_700_000_000_000), list: [1, 'two', { three: 3 }], table: { nested: { deep: false } },
    };
    const properties = {
      headers, contentType: 'x/y', contentEncoding: 'none', deliveryMode: 1, priority: 3, correlationId: 'c',
      replyTo: 'r', expiration: '60000', messageId: 'm', timestamp: 1_700_000_000, type: 't', appId: 'a',
    };
    for (const bytes of [0, 1, 131_064, 131_065, 1_000_000]) {
      const body = Uint8Array.from({ length: bytes }, (_, index) => index % 251);
      expect((await first(channel.publish({ routingKey: queue, body, properties }))).kind).toBe('confirmed');
      const got = (await first(channel.get(queue, { noAck: true })))!;
      expect(got.bodyBytes).toBe(bytes);
      expect(Buffer.compare(got.body, body)).toBe(0);
      expect({ ...got.properties, headers: { ...got.properties.headers } }).toEqual(properties);
    }
    await first(channel.publish({ routingKey: queue, ...encodeContent(jsonCodec, { a: [1] }) }));
    const json = (await first(channel.get(queue, { noAck: true })))!;
    expect([json.properties.contentType, json.json()]).toEqual(['application/json', { a: [1] }]);
  });
}
