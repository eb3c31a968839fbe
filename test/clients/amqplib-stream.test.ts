import type { Channel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { consume, describeRoutes, openChannel, openConfirmChannel, text, type Route } from './amqplib.ts';
import { ownGateway, useGateway } from './gateway.ts';
import { uniqueName } from './samples.ts';
import { nextEvent } from './waiting.ts';

const gateway = useGateway();

/** A stream with ten messages, and the channel that published them. */
async function filledStream(route: Route, options: object = {}): Promise<[string, ConfirmChannel]> {
  const channel = await openConfirmChannel(route);
  const queue = uniqueName('stream');
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'stream', ...options } });
  await publish(channel, queue, [...'0123456789']);
  return [queue, channel];
}

async function publish(channel: ConfirmChannel, queue: string, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) channel.sendToQueue(queue, Buffer.from(body), { headers: { body } });
  await channel.waitForConfirms();
}

const offsetOf = ({ properties }: ConsumeMessage): number => properties.headers!['x-stream-offset'] as number;

/** Reads so many messages on a channel of its own, each acknowledged. */
async function read(
  route: Route, queue: string, count: number, consumeArguments: object,
): Promise<[offset: number, body: string][]> {
  const channel = await openChannel(route);
  await channel.prefetch(3);
  const inbox = await consume(channel, queue, { arguments: consumeArguments });
  const messages: [number, string][] = [];
  for (let left = count; left > 0; left--) {
    const message = await inbox.take();
    messages.push([offsetOf(message), text(message)]);
    channel.ack(message);
  }
  return messages;
}

const from = (offset: unknown): object => ({ 'x-stream-offset': offset });
const numbered = (start: number): [number, string][] =>
  [...'0123456789'].slice(start).map((body) => [Number(body), body]);

describeRoutes(gateway, 'amqplib streams', (route) => {
  test('are read again and again, from where each reader wants to begin', async () => {
    const [queue, channel] = await filledStream(route);
    expect(await read(route, queue, 10, from('first'))).toEqual(numbered(0));
    expect(await read(route, queue, 10, from('first'))).toEqual(numbered(0));
    expect(await read(route, queue, 4, from(6))).toEqual(numbered(6));
    expect(await read(route, queue, 10, from('1h'))).toEqual(numbered(0));
    const hourAgo = { '!': 'timestamp', value: Math.floor(Date.now() / 1000) - 3600 };
    expect(await read(route, queue, 10, from(hourAgo))).toEqual(numbered(0));
    expect((await read(route, queue, 1, from('last')))[0]![0]).toBeLessThan(10);
    await channel.deleteQueue(queue);
  });

  test('give what is new to all their readers', async () => {
    const [queue, channel] = await filledStream(route);
    const readers = await Promise.all([1, 2].map(async () => {
      const reader: Channel = await openChannel(route);
      await reader.prefetch(10);
      return consume(reader, queue, { arguments: from('next') });
    }));
    await publish(channel, queue, ['new']);
    for (const inbox of readers) expect(text(await inbox.take())).toBe('new');
    await channel.deleteQueue(queue);
  });

  test('want a prefetch: 406 without', async () => {
    const [queue, channel] = await filledStream(route);
    const reader = await openChannel(route);
    const error = nextEvent(reader, 'error');
    await expect(reader.consume(queue, () => {})).rejects.toThrow('consumer prefetch count is not set');
    expect(await error).toMatchObject({ code: 406 });
    await channel.deleteQueue(queue);
  });
});

describe.runIf(ownGateway)('amqplib and what RabbitMQ 3.10 has not', () => {
  test('a filter [QUE-34]', async () => {
    const [queue, channel] = await filledStream(gateway);
    channel.sendToQueue(queue, Buffer.from('red'), { headers: { 'x-stream-filter-value': 'red' } });
    await channel.waitForConfirms();
    expect(await read(gateway, queue, 1, { ...from('first'), 'x-stream-filter': 'red' })).toEqual([[10, 'red']]);
    await channel.deleteQueue(queue);
  });
});
