import { expect, test } from 'vitest';
import type { ConsumeMessage, Message } from 'amqplib';
import {
  consume, describeRoutes, openChannel, openConfirmChannel, openConnection, readyCount, temporaryQueue, text,
} from './amqplib.ts';
import { useGateway } from './gateway.ts';
import { bigBody, everyByte, unicodeText, uniqueName } from './samples.ts';
import { calling, Inbox, nextEvent } from './waiting.ts';

const gateway = useGateway();

describeRoutes(gateway, 'amqplib messages', (route) => {
  test('carry every property', async () => {
    const channel = await openChannel(route);
    const queue = await temporaryQueue(channel);
    const properties = {
      contentType: 'text/plain',
      contentEncoding: 'utf-8',
      deliveryMode: 2,
      priority: 7,
      correlationId: unicodeText,
      replyTo: 'somewhere',
      expiration: '60000',
      messageId: 'message 1',
      timestamp: 1_700_000_000,
      type: 'sample',
      userId: 'guest',
      appId: 'tabmq tests',
    };
    channel.sendToQueue(queue, Buffer.from(unicodeText), { ...properties, headers: { [unicodeText]: unicodeText } });
    const message = await channel.get(queue, { noAck: true });
    expect(text(message)).toBe(unicodeText);
    expect((message as Message).properties).toMatchObject({ ...properties, headers: { [unicodeText]: unicodeText } });
    expect((message as Message).fields).toMatchObject({ exchange: '', routingKey: queue, redelivered: false });
  });

  test('carry headers of every field type', async () => {
    const channel = await openChannel(route);
    const queue = await temporaryQueue(channel);
    const headers = {
      'boolean t': true,
      'int8 b': { '!': 'int8', value: -128 },
      'uint8 B': { '!': 'uint8', value: 255 },
      'int16 s': { '!': 'int16', value: -32_768 },
      'uint16 u': { '!': 'uint16', value: 65_535 },
      'int32 I': { '!': 'int32', value: -2_147_483_648 },
      'uint32 i': { '!': 'uint32', value: 4_294_967_295 },
      'int64 l': { '!': 'int64', value: -9_007_199_254_740_991 },
      'float f': { '!': 'float', value: 0.5 },
      'double d': { '!': 'double', value: Math.PI },
      'decimal D': { '!': 'decimal', value: { places: 2, digits: 314 } },
      'string S': unicodeText,
      'timestamp T': { '!': 'timestamp', value: 1_700_000_000 },
      'bytes x': everyByte,
      'void V': null,
      'array A': [1, 'two', [3, { four: 4 }], false, null],
      'table F': { nested: { deeper: { deepest: unicodeText } }, empty: {} },
    };
    channel.sendToQueue(queue, Buffer.alloc(0), { headers });
    const message = await channel.get(queue, { noAck: true });
    expect(message && message.properties.headers).toEqual({
      ...headers,
      'int8 b': -128,
      'uint8 B': 255,
      'int16 s': -32_768,
      'uint16 u': 65_535,
      'int32 I': -2_147_483_648,
      'uint32 i': 4_294_967_295,
      'int64 l': -9_007_199_254_740_991,
      'float f': 0.5,
      'double d': Math.PI,
    });
  });

  test('of no bytes, of every byte and of 1 MiB arrive as they were sent', async () => {
    const channel = await openChannel(route);
    const queue = await temporaryQueue(channel);
    const inbox = await consume(channel, queue, { noAck: true });
    const bodies = [Buffer.alloc(0), everyByte, bigBody, Buffer.from('the last')];
    for (const body of bodies) channel.sendToQueue(queue, body);
    // Buffer.equals, for a difference of a million bytes is not worth printing.
    for (const body of bodies) expect((await inbox.take()).content.equals(body)).toBe(true);
  });

  test('keep their order, through small frames too', async () => {
    const channel = await openChannel(route);
    const queue = await temporaryQueue(channel);
    const inbox = await consume(channel, queue, { noAck: true });
    const expected = Array.from({ length: 1000 }, (_, index) => `message ${index}`);
    for (const body of expected) channel.sendToQueue(queue, Buffer.from(body));
    expect((await inbox.takeMany(1000)).map(text)).toEqual(expected);
  });

  test('are confirmed one by one and all together', async () => {
    const channel = await openConfirmChannel(route);
    const queue = await temporaryQueue(channel);
    await calling('the confirm', (done) => channel.sendToQueue(queue, Buffer.from('first'), {}, done));
    for (let index = 0; index < 100; index++) channel.sendToQueue(queue, Buffer.from(`${index}`));
    await channel.waitForConfirms();
    expect(await readyCount(channel, queue)).toBe(101);
  });

  test('are confirmed negatively when a full queue rejects them', async () => {
    const channel = await openConfirmChannel(route);
    const queue = await temporaryQueue(channel, { maxLength: 1, overflow: 'reject-publish' });
    await calling('the confirm', (done) => channel.sendToQueue(queue, Buffer.from('fits'), {}, done));
    const refused = calling('the nack', (done) => channel.sendToQueue(queue, Buffer.from('too many'), {}, done));
    await expect(refused).rejects.toThrow('message nacked');
  });

  test('come back when mandatory and unroutable, before their confirm', async () => {
    const channel = await openConfirmChannel(route);
    const events = new Inbox<string>();
    const returned = nextEvent<Message>(channel, 'return');
    channel.on('return', () => events.put('return'));
    const exchange = 'amq.direct';
    const key = uniqueName('nobody');
    channel.publish(exchange, key, Buffer.from('lost'), { mandatory: true, messageId: 'm1' }, () =>
      events.put('confirm'),
    );
    expect(await events.takeMany(2)).toEqual(['return', 'confirm']);
    const message = await returned;
    expect(message.fields).toMatchObject({ replyCode: 312, replyText: 'NO_ROUTE', exchange, routingKey: key });
    expect(message.properties.messageId).toBe('m1');
    expect(text(message)).toBe('lost');
  });
});

describeRoutes(gateway, 'amqplib consumers', (route) => {
  test('get one message after another within their prefetch', async () => {
    const channel = await openConfirmChannel(route);
    const queue = await temporaryQueue(channel);
    await channel.prefetch(2);
    const inbox = await consume(channel, queue);
    for (const body of ['1', '2', '3', '4']) channel.sendToQueue(queue, Buffer.from(body));
    await channel.waitForConfirms();
    const [first, second] = await inbox.takeMany(2);
    expect(await readyCount(channel, queue)).toBe(2);
    channel.ack(first!);
    expect(text(await inbox.take())).toBe('3');
    channel.ack(second!);
    expect(text(await inbox.take())).toBe('4');
    channel.ackAll();
    expect(inbox.waitingCount).toBe(0);
  });

  test('share one limit with a global prefetch', async () => {
    const channel = await openConfirmChannel(route);
    const queues = [await temporaryQueue(channel), await temporaryQueue(channel)];
    await channel.prefetch(1, true);
    const inbox = new Inbox<ConsumeMessage>();
    for (const queue of queues) await channel.consume(queue, (message) => inbox.put(message!));
    for (const queue of queues) channel.sendToQueue(queue, Buffer.from('work'));
    await channel.waitForConfirms();
    const first = await inbox.take();
    const counts = [await readyCount(channel, queues[0]!), await readyCount(channel, queues[1]!)];
    expect(counts.sort()).toEqual([0, 1]);
    channel.ack(first);
    channel.ack(await inbox.take());
  });

  test('ack several at once', async () => {
    const connection = await openConnection(route);
    const channel = await connection.createChannel();
    const queue = await temporaryQueue(channel);
    const inbox = await consume(channel, queue);
    for (const body of ['1', '2', '3']) channel.sendToQueue(queue, Buffer.from(body));
    const messages = await inbox.takeMany(3);
    channel.ack(messages[1]!, true);
    await channel.close();
    const next = await connection.createChannel();
    const left = await next.get(queue, { noAck: true });
    expect(text(left)).toBe('3');
    expect(left && left.fields).toMatchObject({ redelivered: true, messageCount: 0 });
  });

  test('nack and reject: requeued in place, or dropped', async () => {
    const channel = await openChannel(route);
    const queue = await temporaryQueue(channel);
    for (const body of ['1', '2', '3']) channel.sendToQueue(queue, Buffer.from(body));
    const take = async (): Promise<Message> => (await channel.get(queue)) as Message;
    const [first, second] = [await take(), await take()];
    channel.nack(second, false, true);
    channel.reject(first, true);
    const [again, dropped] = [await take(), await take()];
    expect([again, dropped].map(text)).toEqual(['1', '2']);
    expect(again.fields.redelivered).toBe(true);
    channel.reject(dropped, false);
    channel.nack(again, true, false);
    expect(await channel.get(queue, { noAck: true }).then(text)).toBe('3');
    expect(await channel.get(queue)).toBe(false);
  });

  test('recover: unacknowledged messages come again', async () => {
    const channel = await openChannel(route);
    const queue = await temporaryQueue(channel);
    const inbox = await consume(channel, queue);
    channel.sendToQueue(queue, Buffer.from('again'));
    expect((await inbox.take()).fields.redelivered).toBe(false);
    await channel.recover();
    const message = await inbox.take();
    expect(message.fields.redelivered).toBe(true);
    channel.ack(message);
  });

  test('take turns on one queue, and by priority', async () => {
    const channel = await openChannel(route);
    const queue = await temporaryQueue(channel);
    const inbox = new Inbox<string>();
    const consumeAs = (name: string, options = {}) =>
      channel.consume(queue, () => inbox.put(name), { noAck: true, ...options });
    const publishFour = (): void => {
      for (const body of ['1', '2', '3', '4']) channel.sendToQueue(queue, Buffer.from(body));
    };
    await consumeAs('a');
    await consumeAs('b');
    publishFour();
    expect((await inbox.takeMany(4)).sort()).toEqual(['a', 'a', 'b', 'b']);
    await consumeAs('first', { priority: 10 });
    publishFour();
    expect(await inbox.takeMany(4)).toEqual(['first', 'first', 'first', 'first']);
  });

  test('cancel by their own tag, and the rest stays in the queue', async () => {
    const channel = await openConfirmChannel(route);
    const queue = await temporaryQueue(channel);
    const { consumerTag } = await consume(channel, queue, { consumerTag: 'my own tag' });
    expect(consumerTag).toBe('my own tag');
    expect(await channel.checkQueue(queue)).toMatchObject({ consumerCount: 1 });
    await channel.cancel(consumerTag);
    channel.sendToQueue(queue, Buffer.from('unread'));
    await channel.waitForConfirms();
    expect(await channel.checkQueue(queue)).toEqual({ queue, messageCount: 1, consumerCount: 0 });
  });

  test('hear null when their queue is deleted', async () => {
    const channel = await openChannel(route);
    const queue = await temporaryQueue(channel);
    const inbox = await consume(channel, queue);
    expect(await channel.deleteQueue(queue)).toEqual({ messageCount: 0 });
    expect(await inbox.take('the cancel notification')).toBeNull();
  });

  test('refuse company when exclusive, with 403', async () => {
    const channel = await openChannel(route);
    const queue = await temporaryQueue(channel);
    await consume(channel, queue, { exclusive: true });
    const error = nextEvent(channel, 'error');
    await expect(channel.consume(queue, () => {})).rejects.toThrow(
      `ACCESS_REFUSED - queue '${queue}' in vhost '/' in exclusive use`,
    );
    expect(await error).toMatchObject({ code: 403 });
  });

  test('answer requests through direct reply-to', async () => {
    const server = await openChannel(route);
    const requests = await temporaryQueue(server);
    await server.consume(requests, (request) => {
      const { replyTo, correlationId } = request!.properties;
      server.sendToQueue(replyTo, Buffer.from(`${text(request!)}!`), { correlationId });
      server.ack(request!);
    });
    const client = await openChannel(route);
    const replies = await consume(client, 'amq.rabbitmq.reply-to', { noAck: true });
    for (const correlationId of ['1', '2']) {
      const options = { replyTo: 'amq.rabbitmq.reply-to', correlationId };
      client.sendToQueue(requests, Buffer.from(`request ${correlationId}`), options);
    }
    const answers = await replies.takeMany(2);
    expect(answers.map(text)).toEqual(['request 1!', 'request 2!']);
    expect(answers.map(({ properties }) => properties.correlationId)).toEqual(['1', '2']);
  });

  test('may not ask for direct replies with acknowledgements', async () => {
    const channel = await openChannel(route);
    const error = nextEvent(channel, 'error');
    await expect(channel.consume('amq.rabbitmq.reply-to', () => {})).rejects.toThrow(
      'PRECONDITION_FAILED - reply consumer cannot acknowledge',
    );
    expect(await error).toMatchObject({ code: 406 });
  });
});
