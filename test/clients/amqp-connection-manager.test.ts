import {
  connect, type AmqpConnectionManager, type ChannelWrapper, type CreateChannelOpts,
} from 'amqp-connection-manager';
import type { ConfirmChannel, ConsumeMessage, Message } from 'amqplib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ownGateway, startGateway, useGateway } from './gateway.ts';
import { bigBody, unicodeText, uniqueName } from './samples.ts';
import { Inbox, nextEvent, within } from './waiting.ts';

const gateway = useGateway();

function open(urls: string | string[] = gateway.amqpUrl): AmqpConnectionManager {
  const manager = connect(urls, { heartbeatIntervalInSeconds: 5, reconnectTimeInSeconds: 0.05 });
  onTestFinished(() => manager.close());
  return manager;
}

async function openChannel(manager: AmqpConnectionManager, options: CreateChannelOpts = {}): Promise<ChannelWrapper> {
  const channel = manager.createChannel(options);
  await within('the channel', channel.waitForConnect());
  return channel;
}

describe('amqp-connection-manager', () => {
  test('connects to the first of its servers that answers', async () => {
    const manager = open(['amqp://guest:guest@127.0.0.1:1', gateway.amqpUrl]);
    const failed = nextEvent(manager, 'connectFailed');
    await manager.connect({ timeout: 60_000 });
    await failed;
    expect(manager.isConnected()).toBe(true);
  });

  test('says why it cannot connect', async () => {
    const manager = open(gateway.amqpUrl.replace('guest:guest', 'guest:wrong'));
    const { err } = await nextEvent<{ err: Error }>(manager, 'connectFailed');
    expect(err.message).toContain('403 (ACCESS-REFUSED)');
  });

  test('sets up a channel, publishes JSON with confirms and consumes it', async () => {
    const manager = open();
    const [exchange, queue] = [uniqueName('managed'), uniqueName('managed')];
    const channel = await openChannel(manager, {
      json: true,
      setup: async (raw: ConfirmChannel) => {
        await raw.assertExchange(exchange, 'topic', { autoDelete: true });
        await raw.assertQueue(queue, { exclusive: true });
        await raw.bindQueue(queue, exchange, 'job.#');
      },
    });
    const inbox = new Inbox<ConsumeMessage>();
    const { consumerTag } = await channel.consume(queue, inbox.put, { prefetch: 1 });
    expect(await channel.publish(exchange, 'job.one', { text: unicodeText }, { persistent: true })).toBe(true);
    expect(await channel.sendToQueue(queue, { second: true })).toBe(true);
    const first = await inbox.take();
    expect(JSON.parse(first.content.toString())).toEqual({ text: unicodeText });
    channel.nack(first);
    const again = await inbox.take('the requeued message');
    expect(again.fields.redelivered).toBe(true);
    channel.ack(again);
    channel.ack(await inbox.take('the second message'));
    await channel.cancel(consumerTag);
    expect(await channel.checkQueue(queue)).toEqual({ queue, messageCount: 0, consumerCount: 0 });
  });

  test('publishes 1 MiB, gets it, purges and deletes', async () => {
    const channel = await openChannel(open());
    const queue = uniqueName('managed');
    await channel.assertQueue(queue, { exclusive: true });
    await channel.sendToQueue(queue, bigBody);
    const message = await channel.get(queue, { noAck: true });
    expect(message && message.content.equals(bigBody)).toBe(true);
    await channel.sendToQueue(queue, Buffer.from('purge me'));
    expect(await channel.purgeQueue(queue)).toEqual({ messageCount: 1 });
    expect(await channel.deleteQueue(queue)).toEqual({ messageCount: 0 });
  });

  test('rejects what a full queue refuses, and returns what nobody takes', async () => {
    const returns = new Inbox<Message>();
    const channel = await openChannel(open(), {
      setup: async (raw: ConfirmChannel) => void raw.on('return', returns.put),
    });
    const queue = uniqueName('managed');
    await channel.assertQueue(queue, { exclusive: true, maxLength: 1, arguments: { 'x-overflow': 'reject-publish' } });
    await channel.sendToQueue(queue, Buffer.from('fits'));
    await expect(channel.sendToQueue(queue, Buffer.from('too many'))).rejects.toThrow('message nacked');
    await channel.publish('amq.direct', uniqueName('nobody'), Buffer.from('lost'), { mandatory: true });
    expect((await returns.take('the return')).fields).toMatchObject({ replyCode: 312 });
  });

  test('consumes again on its own after its channel was closed with 406', async () => {
    const channel = await openChannel(open(), { confirm: true });
    channel.on('error', () => {});
    const queue = uniqueName('managed');
    // Not exclusive, for a new channel of the same connection must find it.
    await channel.assertQueue(queue, { durable: false, autoDelete: false });
    const inbox = new Inbox<ConsumeMessage>();
    await channel.consume(queue, inbox.put);
    const reconnected = nextEvent(channel, 'connect');
    channel.ack({ fields: { deliveryTag: 99 } } as Message);
    await reconnected;
    await channel.sendToQueue(queue, Buffer.from('after'));
    expect((await inbox.take()).content.toString()).toBe('after');
    await channel.deleteQueue(queue);
  });

  test.runIf(ownGateway)('reconnects and sends what it queued after the gateway closed with 320', async () => {
    const first = await startGateway();
    const manager = open(first.amqpUrl);
    const queue = uniqueName('managed');
    const channel = await openChannel(manager, {
      setup: async (raw: ConfirmChannel) => void (await raw.assertQueue(queue, { durable: false })),
    });
    const inbox = new Inbox<ConsumeMessage>();
    await channel.consume(queue, inbox.put);
    const disconnected = nextEvent<{ err: Error & { code: number } }>(manager, 'disconnect');
    await first.stop();
    expect((await disconnected).err.code).toBe(320);
    const sent = channel.sendToQueue(queue, Buffer.from('meanwhile'));
    expect(channel.queueLength()).toBe(1);
    const second = await startGateway({ amqpPort: first.amqpPort });
    onTestFinished(() => second.stop());
    expect(await within('the confirm of the queued message', sent)).toBe(true);
    expect((await inbox.take()).content.toString()).toBe('meanwhile');
  });

  test.runIf(ownGateway)('hears connection.blocked', async () => {
    const full = await startGateway({ flags: ['--memory-high-watermark', '0.0001'] });
    onTestFinished(() => full.stop());
    const manager = connect(full.amqpUrl);
    const blocked = nextEvent<{ reason: string }>(manager, 'blocked');
    const channel = await openChannel(manager);
    const unconfirmed = channel.publish('amq.fanout', '', Buffer.from('tells a blocked connection'));
    expect((await blocked).reason).toContain('memory');
    // A blocked connection is no longer read, so it cannot say goodbye: the gateway ends it.
    void unconfirmed.catch(() => {});
    await full.stop();
    await manager.close();
  });
});
