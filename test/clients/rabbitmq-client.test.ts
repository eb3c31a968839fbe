import {
  Connection, ConsumerStatus,
  type AsyncMessage, type Channel, type ConnectionOptions, type ReturnedMessage,
} from 'rabbitmq-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ownGateway, startGateway, useGateway } from './gateway.ts';
import { bigBody, everyByte, heartbeatFrame, topicCases, unicodeText, uniqueName } from './samples.ts';
import { Inbox, nextEvent, within } from './waiting.ts';

const gateway = useGateway();

async function open(options: ConnectionOptions = {}): Promise<Connection> {
  const connection = new Connection({ url: gateway.amqpUrl, connectionName: 'tabmq-test', ...options });
  connection.on('error', () => {});
  onTestFinished(() => connection.close());
  await connection.onConnect(5000);
  return connection;
}

async function openChannel(): Promise<Channel> {
  const channel = await (await open()).acquire();
  // Registered after the connection's, so run before: a connection waits for its channels.
  onTestFinished(() => channel.close());
  return channel;
}

async function temporaryQueue(channel: Channel, args: Record<string, unknown> = {}): Promise<string> {
  return (await channel.queueDeclare({ exclusive: true, arguments: args })).queue;
}

async function consume(channel: Channel, queue: string, noAck = true): Promise<Inbox<AsyncMessage>> {
  const inbox = new Inbox<AsyncMessage>();
  await channel.basicConsume({ queue, noAck }, inbox.put);
  return inbox;
}

describe('rabbitmq-client connection', () => {
  test('takes a URL or options, and emits connection', async () => {
    const { hostname, port } = new URL(gateway.amqpUrl);
    const options = { hostname, port, username: 'guest', password: 'guest', vhost: '/', heartbeat: 10, frameMax: 4096 };
    for (const login of [`${gateway.amqpUrl}?heartbeat=30&channel_max=10`, options]) {
      const connection = new Connection(login);
      await nextEvent(connection, 'connection');
      expect(connection.ready).toBe(true);
      await connection.close();
    }
  });

  test.each([
    { what: 'a wrong password', login: { password: 'wrong' }, code: 'ACCESS_REFUSED' },
    { what: 'an unknown virtual host', login: { vhost: 'nowhere' }, code: 'NOT_ALLOWED' },
  ])('emits the error for $what', async ({ login, code }) => {
    const { hostname, port } = new URL(gateway.amqpUrl);
    const credentials = { username: 'guest', password: 'guest', ...login };
    const connection = new Connection({ hostname, port, retryLow: 60_000, ...credentials });
    expect(await nextEvent(connection, 'error')).toMatchObject({ code });
    await connection.close();
  });

  test('leases many channels', async () => {
    const connection = await open();
    const channels = await Promise.all(Array.from({ length: 100 }, () => connection.acquire()));
    expect(new Set(channels.map(({ id }) => id)).size).toBe(100);
    await Promise.all(channels.map((channel) => channel.close()));
  });

  test('keeps a quiet connection alive with heartbeats', async () => {
    const connection = await open({ heartbeat: 1 });
    const { _socket: socket } = connection as unknown as { _socket: NodeJS.ReadableStream };
    const heartbeats = new Inbox<Buffer>();
    socket.on('data', (chunk: Buffer) => chunk[0] === heartbeatFrame && heartbeats.put(chunk));
    // Five heartbeats take longer than the two seconds of silence that would end the connection.
    await heartbeats.takeMany(5);
    expect(connection.ready).toBe(true);
  });

  test('rejects with the code of a channel error and goes on', async () => {
    const connection = await open();
    const missing = uniqueName('missing');
    await expect(connection.queueDeclare({ queue: missing, passive: true })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining(`NOT_FOUND - no queue '${missing}' in vhost '/'`),
    });
    await expect(connection.exchangeDeclare({ exchange: 'amq.fanout', type: 'topic' })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
    });
    await expect(connection.queueDeclare({ queue: 'amq.mine' })).rejects.toMatchObject({ code: 'ACCESS_REFUSED' });
    const owner = await open();
    const { queue } = await owner.queueDeclare({ exclusive: true });
    await expect(connection.queueDeclare({ queue, passive: true })).rejects.toMatchObject({ code: 'RESOURCE_LOCKED' });
    expect(connection.ready).toBe(true);
  });
});

describe('rabbitmq-client channel', () => {
  test('carries properties, JSON, text, bytes and 1 MiB', async () => {
    const channel = await openChannel();
    const queue = await temporaryQueue(channel);
    const inbox = await consume(channel, queue);
    const properties = {
      appId: 'app', correlationId: unicodeText, expiration: '60000', messageId: 'id', priority: 4,
      replyTo: 'reply', timestamp: 1_700_000_000, type: 'sample', userId: 'guest', durable: true,
    };
    await channel.basicPublish({ routingKey: queue, ...properties }, { json: unicodeText });
    expect(await inbox.take()).toMatchObject({
      ...properties, contentType: 'application/json', body: { json: unicodeText }, redelivered: false,
    });
    for (const body of [unicodeText, everyByte, bigBody, Buffer.alloc(0)]) await channel.basicPublish(queue, body);
    const bodies = (await inbox.takeMany(4)).map(({ body }) => body);
    expect(bodies[0]).toBe(unicodeText);
    expect(everyByte.equals(bodies[1])).toBe(true);
    expect(bigBody.equals(bodies[2])).toBe(true);
    expect(bodies[3]).toHaveLength(0);
  });

  test('carries headers of every type this client has', async () => {
    const channel = await openChannel();
    const queue = await temporaryQueue(channel);
    const headers = {
      string: unicodeText, boolean: false, integer: -5, long: 2 ** 40, double: 0.1, nothing: null,
      array: ['a', 1, [true]], table: { deep: { deeper: unicodeText } },
    };
    await channel.basicPublish({ routingKey: queue, headers }, 'headers');
    const message = await channel.basicGet({ queue, noAck: true });
    expect(message?.headers).toEqual(headers);
  });

  test.each(topicCases)('topic: $pattern takes $matching, not $other', async ({ pattern, matching, other }) => {
    const channel = await openChannel();
    const [exchange, queue] = [uniqueName('topic'), await temporaryQueue(channel)];
    await channel.exchangeDeclare({ exchange, type: 'topic', autoDelete: true });
    await channel.queueBind({ exchange, queue, routingKey: pattern });
    const inbox = await consume(channel, queue);
    for (const routingKey of [other, matching]) await channel.basicPublish({ exchange, routingKey }, routingKey);
    expect((await inbox.take()).body).toBe(matching);
  });

  test('binds exchanges to exchanges, by headers, with an alternate', async () => {
    const channel = await openChannel();
    const [source, headers, rest] = [uniqueName('source'), uniqueName('headers'), uniqueName('rest')];
    const args = { 'alternate-exchange': rest };
    await channel.exchangeDeclare({ exchange: rest, type: 'fanout', autoDelete: true });
    await channel.exchangeDeclare({ exchange: headers, type: 'headers', autoDelete: true, arguments: args });
    await channel.exchangeDeclare({ exchange: source, type: 'direct', autoDelete: true });
    await channel.exchangeBind({ source, destination: headers, routingKey: 'key' });
    const [matched, unmatched] = [await temporaryQueue(channel), await temporaryQueue(channel)];
    await channel.queueBind({ exchange: headers, queue: matched, arguments: { 'x-match': 'all', kind: 'a' } });
    await channel.queueBind({ exchange: rest, queue: unmatched });
    const [taken, left] = [await consume(channel, matched), await consume(channel, unmatched)];
    await channel.basicPublish({ exchange: source, routingKey: 'key', headers: { kind: 'a' } }, 'taken');
    await channel.basicPublish({ exchange: source, routingKey: 'key', headers: { kind: 'b' } }, 'left');
    expect((await taken.take()).body).toBe('taken');
    expect((await left.take()).body).toBe('left');
    await channel.exchangeUnbind({ source, destination: headers, routingKey: 'key' });
  });

  test('confirms, or rejects when the queue is full', async () => {
    const channel = await openChannel();
    await channel.confirmSelect();
    const queue = await temporaryQueue(channel, { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    await channel.basicPublish(queue, 'fits');
    await expect(channel.basicPublish(queue, 'too many')).rejects.toMatchObject({ code: 'NACK' });
  });

  test('commits and rolls back', async () => {
    const channel = await openChannel();
    const queue = await temporaryQueue(channel);
    await channel.txSelect();
    await channel.basicPublish(queue, 'rolled back');
    await channel.txRollback();
    await channel.basicPublish(queue, 'committed');
    expect(await channel.basicGet({ queue })).toBeUndefined();
    await channel.txCommit();
    const message = await channel.basicGet({ queue });
    expect(message).toMatchObject({ body: 'committed', messageCount: 0 });
    channel.basicAck({ deliveryTag: message!.deliveryTag });
    await channel.txCommit();
  });

  test('delivers by priority, requeues and dead-letters', async () => {
    const channel = await openChannel();
    await channel.confirmSelect();
    const dead = await temporaryQueue(channel);
    const queue = await temporaryQueue(channel, {
      'x-max-priority': 3, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead,
    });
    for (const priority of [0, 3, 1]) await channel.basicPublish({ routingKey: queue, priority }, `${priority}`);
    await channel.basicQos({ prefetchCount: 1 });
    const inbox = await consume(channel, queue, false);
    const first = await inbox.take();
    channel.basicNack({ deliveryTag: first.deliveryTag, requeue: true });
    const again = await inbox.take();
    expect(again).toMatchObject({ body: '3', redelivered: true });
    channel.basicNack({ deliveryTag: again.deliveryTag, requeue: false });
    const letters = await consume(channel, dead);
    const letter = await letters.take('the dead letter');
    expect(letter.headers?.['x-death']).toMatchObject([{ queue, reason: 'rejected', count: 1 }]);
    for (const body of ['1', '0']) {
      const message = await inbox.take();
      expect(message.body).toBe(body);
      channel.basicAck({ deliveryTag: message.deliveryTag });
    }
  });

  test('dead-letters what expires', async () => {
    const channel = await openChannel();
    const dead = await temporaryQueue(channel);
    const letters = await consume(channel, dead);
    const queue = await temporaryQueue(channel, {
      'x-message-ttl': 20, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead,
    });
    await channel.basicPublish(queue, 'expires');
    const { headers } = await letters.take('the expired message');
    expect(headers).toMatchObject({ 'x-first-death-reason': 'expired', 'x-first-death-queue': queue });
  });

  test('recovers unacknowledged messages', async () => {
    const channel = await openChannel();
    const queue = await temporaryQueue(channel);
    const inbox = await consume(channel, queue, false);
    await channel.basicPublish(queue, 'again');
    await inbox.take();
    await channel.basicRecover({ requeue: true });
    const message = await inbox.take('the message again');
    expect(message.redelivered).toBe(true);
    channel.basicAck({ deliveryTag: message.deliveryTag });
  });

  test('emits basic.cancel when the queue is deleted', async () => {
    const channel = await openChannel();
    const queue = await temporaryQueue(channel);
    const { consumerTag } = await channel.basicConsume({ queue, consumerTag: 'mine' }, () => {});
    expect(consumerTag).toBe('mine');
    const cancelled = nextEvent<string>(channel, 'basic.cancel');
    await channel.queueDelete({ queue });
    expect(await cancelled).toBe('mine');
  });
});

describe('rabbitmq-client publisher, consumer and RPC client', () => {
  test('declare their topology, confirm and hear returns', async () => {
    const connection = await open();
    const [exchange, queue] = [uniqueName('work'), uniqueName('work')];
    const returns = new Inbox<ReturnedMessage>();
    const publisher = connection.createPublisher({
      confirm: true, maxAttempts: 2, exchanges: [{ exchange, type: 'topic', autoDelete: true }],
    });
    publisher.on('basic.return', returns.put);
    const inbox = new Inbox<AsyncMessage>();
    const attempts: boolean[] = [];
    const consumer = connection.createConsumer(
      {
        queue,
        queueOptions: { exclusive: true },
        qos: { prefetchCount: 2 },
        exchanges: [{ exchange, type: 'topic', autoDelete: true }],
        queueBindings: [{ exchange, routingKey: 'job.*' }],
      },
      (message) => {
        attempts.push(message.redelivered);
        if (!message.redelivered) return ConsumerStatus.REQUEUE;
        inbox.put(message);
        return ConsumerStatus.ACK;
      },
    );
    await nextEvent(consumer, 'ready');
    await publisher.send({ exchange, routingKey: 'job.one' }, { id: 1 });
    expect((await inbox.take()).body).toEqual({ id: 1 });
    expect(attempts).toEqual([false, true]);
    await publisher.send({ exchange, routingKey: 'nobody', mandatory: true }, 'lost');
    expect(await returns.take('the return')).toMatchObject({ replyCode: 312, replyText: 'NO_ROUTE', body: 'lost' });
    await consumer.close();
    await publisher.close();
  });

  test('request and reply through direct reply-to', async () => {
    const connection = await open();
    const queue = uniqueName('rpc');
    const server = connection.createConsumer(
      { queue, queueOptions: { exclusive: true } },
      async (request, reply) => reply(`${request.body}!`),
    );
    await nextEvent(server, 'ready');
    const client = connection.createRPCClient({ confirm: true, timeout: 60_000 });
    const replies = await Promise.all(['a', 'b', 'c'].map((body) => client.send(queue, body)));
    expect(replies.map(({ body }) => body)).toEqual(['a!', 'b!', 'c!']);
    await client.close();
    await server.close();
  });

  test.runIf(ownGateway)('come back by themselves after the gateway closed with 320', async () => {
    const first = await startGateway();
    const connection = new Connection({ url: first.amqpUrl, retryLow: 20, retryHigh: 100 });
    onTestFinished(() => connection.close());
    const errors = new Inbox<unknown>();
    connection.on('error', errors.put);
    const queue = uniqueName('reconnect');
    const inbox = new Inbox<AsyncMessage>();
    const props = { queue, queueOptions: { exclusive: true } };
    const consumer = connection.createConsumer(props, (message) => inbox.put(message));
    consumer.on('error', () => {});
    onTestFinished(() => consumer.close());
    await nextEvent(consumer, 'ready');
    await first.stop();
    expect(await errors.take('the close')).toMatchObject({ code: 'CONNECTION_FORCED' });
    const ready = within('the consumer', new Promise((resolve) => consumer.once('ready', () => resolve(true))));
    const second = await startGateway({ amqpPort: first.amqpPort });
    onTestFinished(() => second.stop());
    await ready;
    const publisher = connection.createPublisher({ confirm: true });
    await publisher.send(queue, 'after');
    expect((await inbox.take('a message after the reconnect')).body).toBe('after');
    await publisher.close();
  });

  test.runIf(ownGateway)('hear connection.blocked', async () => {
    const full = await startGateway({ flags: ['--memory-high-watermark', '0.0001'] });
    onTestFinished(() => full.stop());
    const connection = new Connection(full.amqpUrl);
    connection.on('error', () => {});
    const blocked = nextEvent<string>(connection, 'connection.blocked');
    const channel = await connection.acquire();
    await channel.basicPublish({ exchange: 'amq.fanout' }, 'the first publish tells a blocked connection');
    expect(await blocked).toContain('memory');
    expect(connection.ready).toBe(false);
    connection.unsafeDestroy();
  });
});
