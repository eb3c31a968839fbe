import amqplib, { type Channel, type Message } from 'amqplib';
import { describe, expect, test } from 'vitest';
import {
  consume, describeRoutes, openChannel, openConfirmChannel, openConnection, readyCount, temporaryQueue, text,
} from './amqplib.ts';
import { useGateway } from './gateway.ts';
import { uniqueName } from './samples.ts';
import { nextEvent } from './waiting.ts';

const gateway = useGateway();

/** A queue whose dead letters go to another: [the queue, the queue of its dead letters]. */
async function queueWithDeadLetters(channel: Channel, options = {}): Promise<[string, string]> {
  const dead = await temporaryQueue(channel);
  const queue = await temporaryQueue(channel, { deadLetterExchange: '', deadLetterRoutingKey: dead, ...options });
  return [queue, dead];
}

describeRoutes(gateway, 'amqplib queues', (route) => {
  test('are declared, found, purged and deleted', async () => {
    const channel = await openConfirmChannel(route);
    const name = uniqueName('queue');
    const options = { durable: true, arguments: { 'x-queue-type': 'classic' } };
    expect(await channel.assertQueue(name, options)).toEqual({ queue: name, messageCount: 0, consumerCount: 0 });
    for (const body of ['1', '2', '3']) channel.sendToQueue(name, Buffer.from(body), { persistent: true });
    await channel.waitForConfirms();
    expect(await channel.assertQueue(name, options)).toMatchObject({ messageCount: 3 });
    expect(await channel.purgeQueue(name)).toEqual({ messageCount: 3 });
    channel.sendToQueue(name, Buffer.from('4'));
    await channel.waitForConfirms();
    expect(await channel.deleteQueue(name)).toEqual({ messageCount: 1 });
    expect(await channel.deleteQueue(name)).toEqual({ messageCount: 0 });
  });

  test('keep their arguments: 406 names the one that differs', async () => {
    const channel = await openChannel(route);
    const queue = uniqueName('ttl');
    await channel.assertQueue(queue, { exclusive: true, messageTtl: 60_000 });
    const error = nextEvent(channel, 'error');
    await expect(channel.assertQueue(queue, { exclusive: true, messageTtl: 1 })).rejects.toThrow(
      `PRECONDITION_FAILED - inequivalent arg 'x-message-ttl' for queue '${queue}' in vhost '/':` +
        " received '1' but current is '60000'",
    );
    expect(await error).toMatchObject({ code: 406 });
  });

  test('are not deleted with 406 when they are not empty', async () => {
    const channel = await openConfirmChannel(route);
    const queue = await temporaryQueue(channel);
    channel.sendToQueue(queue, Buffer.from('here'));
    await channel.waitForConfirms();
    const error = nextEvent(channel, 'error');
    await expect(channel.deleteQueue(queue, { ifEmpty: true })).rejects.toThrow(
      `PRECONDITION_FAILED - queue '${queue}' in vhost '/' not empty`,
    );
    expect(await error).toMatchObject({ code: 406 });
  });

  test('go with their last consumer when auto-delete', async () => {
    const channel = await openChannel(route);
    const { queue } = await channel.assertQueue(uniqueName('auto'), { autoDelete: true, durable: false });
    const { consumerTag } = await consume(channel, queue);
    await channel.cancel(consumerTag);
    const error = nextEvent(channel, 'error');
    await expect(channel.checkQueue(queue)).rejects.toThrow(`no queue '${queue}'`);
    expect(await error).toMatchObject({ code: 404 });
  });

  test('go with their connection when exclusive', async () => {
    const owner = await amqplib.connect(route.amqpUrl);
    const queue = await temporaryQueue(await owner.createChannel());
    await owner.close();
    const channel = await openChannel(route);
    channel.on('error', () => {});
    await expect(channel.checkQueue(queue)).rejects.toThrow(`no queue '${queue}'`);
  });

  test('drop the oldest beyond their length, or dead-letter it', async () => {
    const channel = await openConfirmChannel(route);
    const [queue, dead] = await queueWithDeadLetters(channel, { maxLength: 2 });
    const inbox = await consume(channel, dead, { noAck: true });
    for (const body of ['1', '2', '3']) channel.sendToQueue(queue, Buffer.from(body));
    await channel.waitForConfirms();
    const letter = await inbox.take('the dropped head');
    expect(text(letter)).toBe('1');
    expect(letter.properties.headers?.['x-first-death-reason']).toBe('maxlen');
    expect(await readyCount(channel, queue)).toBe(2);
  });

  test('deliver the highest priority first', async () => {
    const channel = await openConfirmChannel(route);
    const queue = await temporaryQueue(channel, { maxPriority: 5 });
    for (const priority of [0, 3, 9, 3, 5]) channel.sendToQueue(queue, Buffer.from(`${priority}`), { priority });
    await channel.waitForConfirms();
    const inbox = await consume(channel, queue, { noAck: true });
    expect((await inbox.takeMany(5)).map(text)).toEqual(['9', '5', '3', '3', '0']);
  });

  test('feed one consumer at a time when single active', async () => {
    const channel = await openChannel(route);
    const queue = await temporaryQueue(channel, { arguments: { 'x-single-active-consumer': true } });
    const active = await consume(channel, queue, { noAck: true });
    const waiting = await consume(channel, queue, { noAck: true });
    for (const body of ['1', '2']) channel.sendToQueue(queue, Buffer.from(body));
    expect((await active.takeMany(2)).map(text)).toEqual(['1', '2']);
    expect(waiting.waitingCount).toBe(0);
    await channel.cancel(active.consumerTag);
    channel.sendToQueue(queue, Buffer.from('3'));
    expect(text(await waiting.take())).toBe('3');
  });

  test('expire with x-expires when nobody uses them', async () => {
    const owner = await openConnection(route);
    const channel = await owner.createChannel();
    const [, dead] = await queueWithDeadLetters(channel);
    const short = await temporaryQueue(channel, { expires: 1 });
    // A message that lives longer than the unused queue tells when the queue must be gone.
    const clock = await temporaryQueue(channel, { deadLetterExchange: '', deadLetterRoutingKey: dead });
    const inbox = await consume(channel, dead, { noAck: true });
    channel.sendToQueue(clock, Buffer.from('later'), { expiration: 300 });
    await inbox.take('the end of 300 ms');
    channel.on('error', () => {});
    await expect(channel.checkQueue(short)).rejects.toThrow(`no queue '${short}'`);
  });
});

describeRoutes(gateway, 'amqplib dead letters', (route) => {
  test('of a queue TTL carry their x-death', async () => {
    const channel = await openChannel(route);
    const [queue, dead] = await queueWithDeadLetters(channel, { messageTtl: 20 });
    const inbox = await consume(channel, dead, { noAck: true });
    channel.sendToQueue(queue, Buffer.from('expires'), { headers: { kept: 'yes' } });
    const letter = await inbox.take('the expired message');
    expect(text(letter)).toBe('expires');
    expect(letter.fields).toMatchObject({ exchange: '', routingKey: dead });
    expect(letter.properties.headers).toMatchObject({
      kept: 'yes',
      'x-first-death-reason': 'expired',
      'x-first-death-queue': queue,
      'x-first-death-exchange': '',
      'x-death': [
        {
          count: 1,
          reason: 'expired',
          queue,
          exchange: '',
          'routing-keys': [queue],
          time: { '!': 'timestamp', value: expect.any(Number) },
        },
      ],
    });
  });

  test('of a message TTL lose their expiration and remember it', async () => {
    const channel = await openChannel(route);
    const [queue, dead] = await queueWithDeadLetters(channel);
    const inbox = await consume(channel, dead, { noAck: true });
    channel.sendToQueue(queue, Buffer.from('brief'), { expiration: '20' });
    const { properties } = await inbox.take('the expired message');
    expect(properties.expiration).toBeUndefined();
    expect(properties.headers?.['x-death']).toMatchObject([{ reason: 'expired', 'original-expiration': '20' }]);
  });

  test('of a rejected message keep their key when the queue names none', async () => {
    const channel = await openChannel(route);
    const exchange = uniqueName('dlx');
    await channel.assertExchange(exchange, 'direct', { autoDelete: true });
    const dead = await temporaryQueue(channel);
    const queue = await temporaryQueue(channel, { deadLetterExchange: exchange });
    await channel.bindQueue(dead, exchange, queue);
    channel.sendToQueue(queue, Buffer.from('refused'));
    const inbox = await consume(channel, dead, { noAck: true });
    channel.reject((await channel.get(queue)) as Message, false);
    const letter = await inbox.take('the rejected message');
    expect(letter.fields).toMatchObject({ exchange, routingKey: queue });
    expect(letter.properties.headers?.['x-death']).toMatchObject([{ reason: 'rejected', queue, count: 1 }]);
  });

  test('make a retry loop: work, wait, work again, counted', async () => {
    const channel = await openChannel(route);
    const [work, wait] = [uniqueName('work'), uniqueName('wait')];
    const to = (queue: string) => ({ deadLetterExchange: '', deadLetterRoutingKey: queue });
    await channel.assertQueue(work, { exclusive: true, ...to(wait) });
    await channel.assertQueue(wait, { exclusive: true, messageTtl: 10, ...to(work) });
    const inbox = await consume(channel, work);
    channel.sendToQueue(work, Buffer.from('try me'));
    for (let attempt = 1; attempt <= 3; attempt++) channel.nack(await inbox.take(), false, false);
    const last = await inbox.take('the fourth attempt');
    channel.ack(last);
    const deaths = last.properties.headers?.['x-death'] ?? [];
    expect(deaths.map(({ queue, reason, count }) => ({ queue, reason, count }))).toEqual([
      { queue: wait, reason: 'expired', count: 3 },
      { queue: work, reason: 'rejected', count: 3 },
    ]);
  });
});

describeRoutes(gateway, 'amqplib quorum queues', (route) => {
  describe('with a delivery limit', () => {
    test('count deliveries and dead-letter the one too many', async () => {
      const channel = await openChannel(route);
      const name = uniqueName('quorum');
      const dead = await temporaryQueue(channel);
      await channel.assertQueue(name, {
        deadLetterExchange: '',
        deadLetterRoutingKey: dead,
        arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 1 },
      });
      const [inbox, letters] = [await consume(channel, name), await consume(channel, dead, { noAck: true })];
      channel.sendToQueue(name, Buffer.from('poison'));
      channel.nack(await inbox.take());
      const again = await inbox.take('the redelivery');
      expect(again.properties.headers?.['x-delivery-count']).toBe(1);
      channel.nack(again);
      const letter = await letters.take('the dead letter');
      expect(letter.properties.headers?.['x-death']).toMatchObject([{ reason: 'delivery_limit', queue: name }]);
      await channel.deleteQueue(name);
    });
  });
});
