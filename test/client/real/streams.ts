/** Streams, read from any place and more than once. */
import { from, map, take, toArray } from 'rxjs';
import { expect } from 'vitest';
import { ackAfter, type ConsumeOptions } from '../../../node/client.ts';
import { first, inboxOf, unique, type Site } from './site.ts';

export function streams(site: Site): void {
  site.test('reads a stream from any offset', async () => {
    const connection = await site.connected();
    const channel = await site.opened();
    const queue = unique('stream');
    await first(channel.declareQueue(queue, { arguments: { 'x-queue-type': 'stream' } }));
    const began = new Date();
    const messages = ['0', '1', '2', '3'].map((body) => ({ routingKey: queue, body }));
    await first(from(messages).pipe(channel.publisher(), toArray()));
    const read = (streamOffset: NonNullable<ConsumeOptions['streamOffset']>, count: number): Promise<string[]> =>
      first(connection.consume(queue, { streamOffset, prefetch: 2 }).pipe(
        ackAfter((delivery) => [`${delivery.properties.headers!['x-stream-offset']}=${delivery.text()}`]),
        take(count), toArray(),
      ));
    expect(await read('first', 4)).toEqual(['0=0', '1=1', '2=2', '3=3']);
    expect(await read(2, 2)).toEqual(['2=2', '3=3']);
    expect(await read(3n, 1)).toEqual(['3=3']);
    expect(await read('1h', 1)).toEqual(['0=0']);
    expect(await read(new Date(began.getTime() - 60_000), 1)).toEqual(['0=0']);
    const next = inboxOf(channel.consume(queue, { streamOffset: 'next', prefetch: 1 }).pipe(
      map((delivery) => delivery.text()),
    ));
    // The consumer must be there before what it is to see.
    await first(channel.call('queue.declare', { queue, passive: true }));
    await first(channel.publish({ routingKey: queue, body: 'new' }));
    expect(await next.take()).toBe('new');
    next.stop();
    // What is on its way to whoever has enough is not given back, which a stream would not take.
    const some = channel.consume(queue, { streamOffset: 'first', prefetch: 5 }).pipe(
      map((delivery) => delivery.text()), take(1),
    );
    for (let again = 0; again < 2; again++) expect(await first(some)).toBe('0');
    await first(channel.deleteQueue(queue));
  });
}
