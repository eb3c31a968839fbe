/** Requests and replies. */
import { expect } from 'vitest';
import { failure, first, hold, inboxOf, unique, type Site } from './site.ts';

export function requests(site: Site): void {
  site.test('asks and answers by direct reply-to', async () => {
    const channel = await site.opened();
    const server = await site.opened();
    const queue = await site.own(channel);
    const requests$ = (await hold((await site.connected()).channel())).consume(unique('none'));
    expect(await failure(requests$), 'nobody there').toMatchObject({ replyCode: 404 });
    const nobody = channel.rpc({ routingKey: unique('none'), body: '' });
    expect(await failure(nobody)).toMatchObject({ scope: 'message' });
    const shared = unique('rpc');
    await first(server.declareQueue(shared, { durable: false, autoDelete: true }));
    inboxOf(server.answer(shared, (request) => [{ body: `${request.text()}!` }]));
    const replies = await Promise.all(['a', 'b', 'c'].map((body) => first(channel.rpc({ routingKey: shared, body }))));
    expect(replies.map((reply) => reply.text())).toEqual(['a!', 'b!', 'c!']);
    expect(await failure(channel.rpc({ routingKey: queue, body: '' }, { timeoutMs: 1 })), 'nobody answers')
      .toMatchObject({ scope: 'message', message: 'no reply within 1 ms' });
  });
}
