/** How far an error reaches. */
import { expect } from 'vitest';
import { failure, first, hold, inboxOf, unique, type Site } from './site.ts';

export function errors(site: Site): void {
  site.test('loses one channel to an error, and no other', async () => {
    const connection = await site.connected();
    const [good, bad] = [await hold(connection.channel()), await hold(connection.channel())];
    const queue = await site.own(good);
    const [kept, lost] = [inboxOf(good.consume(queue)), inboxOf(bad.consume(queue))];
    const name = unique('none');
    const expected = {
      name: 'ReplyError', replyCode: 404, replyName: 'NOT_FOUND', scope: 'channel', method: 'queue.bind', by: 'broker',
      replyText: `NOT_FOUND - no exchange '${name}' in vhost '/'`,
    };
    expect(await failure(bad.bindQueue(queue, name))).toMatchObject(expected);
    expect(await lost.errors.take('the end of the consumer')).toMatchObject(expected);
    expect([bad.open, good.open, connection.open]).toEqual([false, true, true]);
    await first(good.publish({ routingKey: queue, body: 'goes on' }));
    expect((await kept.take()).text()).toBe('goes on');
    expect(kept.errors.waitingCount).toBe(0);
  });

  site.test('loses one consumer when its queue is deleted, and nothing else', async () => {
    const channel = await site.opened();
    const [gone, kept] = [await site.own(channel), await site.own(channel)];
    const [cancelled, going] = [inboxOf(channel.consume(gone)), inboxOf(channel.consume(kept))];
    await first(channel.deleteQueue(gone));
    expect(await cancelled.errors.take('the cancellation')).toMatchObject({
      name: 'CancelledError', scope: 'consumer',
    });
    await first(channel.publish({ routingKey: kept, body: 'goes on' }));
    expect((await going.take()).text()).toBe('goes on');
  });

  site.test('loses its connection to a violation, with a reply code', async () => {
    const connection = await site.connected();
    const channel = await hold(connection.channel());
    const failed = failure(channel.call('exchange.declare', { exchange: unique('exchange'), type: '' }));
    expect(await failed).toMatchObject({ name: 'ReplyError', by: 'broker' });
  });
}
