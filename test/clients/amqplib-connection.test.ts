import amqplib, { type Channel, type ChannelModel } from 'amqplib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { consume, describeRoutes, openChannel, openConnection, temporaryQueue, text } from './amqplib.ts';
import { ownGateway, startGateway, useGateway } from './gateway.ts';
import { heartbeatFrame, uniqueName } from './samples.ts';
import { Inbox, nextEvent } from './waiting.ts';

const gateway = useGateway();

interface CodedError extends Error {
  readonly code: number;
}

describeRoutes(gateway, 'amqplib connections', (route) => {
  test('connect with a URL, an object, a locale, limits and a client name', async () => {
    const { hostname, port } = new URL(route.amqpUrl);
    const connections = [
      await amqplib.connect(`${route.amqpUrl}/%2F?heartbeat=5&frameMax=4096&channelMax=16&locale=en_US`),
      await amqplib.connect(
        { hostname, port: Number(port), username: 'guest', password: 'guest', vhost: '/', frameMax: 8192 },
        { noDelay: true, keepAlive: true, clientProperties: { connection_name: uniqueName('name') } },
      ),
    ];
    for (const connection of connections) {
      const channel = await connection.createChannel();
      const queue = await temporaryQueue(channel);
      channel.sendToQueue(queue, Buffer.alloc(20_000, 'x'));
      expect(text(await channel.get(queue, { noAck: true }))).toBe('x'.repeat(20_000));
      await connection.close();
    }
  });

  test('see the properties and capabilities that client libraries look up', async () => {
    const { connection } = await openConnection(route);
    expect(connection.serverProperties).toMatchObject({
      product: 'RabbitMQ',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      capabilities: {
        publisher_confirms: true,
        exchange_exchange_bindings: true,
        'basic.nack': true,
        consumer_cancel_notify: true,
        'connection.blocked': true,
        consumer_priorities: true,
        authentication_failure_close: true,
        per_consumer_qos: true,
        direct_reply_to: true,
      },
    });
  });

  test('log in with AMQPLAIN', async () => {
    const credentials = amqplib.credentials.amqplain('guest', 'guest');
    const connection = await amqplib.connect(route.amqpUrl, { credentials });
    await connection.close();
  });

  test('are refused with 403 for a wrong password', async () => {
    const url = route.amqpUrl.replace('guest:guest', 'guest:wrong');
    await expect(amqplib.connect(url)).rejects.toThrow(
      'Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused using' +
        ' authentication mechanism PLAIN. For details see the broker logfile."',
    );
  });

  test('are refused for an unknown virtual host', async () => {
    // This client reads no further than the method's name; the code 530 is tested with others.
    await expect(amqplib.connect(`${route.amqpUrl}/nowhere`)).rejects.toThrow(
      'Expected ConnectionOpenOk; got <ConnectionClose channel:0>',
    );
  });

  test('open two hundred channels and close one without harm to the others', async () => {
    const connection = await openConnection(route);
    const channels = await Promise.all(Array.from({ length: 200 }, () => connection.createChannel()));
    const queue = await temporaryQueue(channels[0]!);
    await channels[100]!.close();
    const inbox = await consume(channels[1]!, queue, { noAck: true });
    channels[199]!.sendToQueue(queue, Buffer.from('from the last'));
    expect(text(await inbox.take())).toBe('from the last');
    // The number of the closed channel is free again.
    const reopened = await connection.createChannel();
    expect(await reopened.checkQueue(queue)).toMatchObject({ messageCount: 0 });
  });

  test('survive a channel error, which names its code', async () => {
    const connection = await openConnection(route);
    const channel = await connection.createChannel();
    const queue = uniqueName('missing');
    const error = nextEvent<CodedError>(channel, 'error');
    await expect(channel.checkQueue(queue)).rejects.toThrow('404 (NOT-FOUND)');
    expect(await error).toMatchObject({
      code: 404,
      message: expect.stringContaining(`"NOT_FOUND - no queue '${queue}' in vhost '/'"`),
    });
    const next = await connection.createChannel();
    expect(await temporaryQueue(next)).toMatch(/^amq\.gen-[\w-]{22}$/);
  });

  test.each([
    {
      code: 403,
      what: 'a reserved queue name',
      reply: "ACCESS_REFUSED - queue name 'amq.reserved' contains reserved prefix 'amq.*'",
      offend: (channel: Channel) => channel.assertQueue('amq.reserved'),
    },
    {
      code: 406,
      what: 'a different redeclaration',
      reply:
        "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'amq.direct' in vhost '/':" +
        " received 'fanout' but current is 'direct'",
      offend: (channel: Channel) => channel.assertExchange('amq.direct', 'fanout'),
    },
    {
      code: 404,
      what: 'a binding to a missing exchange',
      reply: "NOT_FOUND - no exchange 'tabmq-test.missing' in vhost '/'",
      offend: async (channel: Channel) =>
        channel.bindQueue(await temporaryQueue(channel), 'tabmq-test.missing', ''),
    },
  ])('get channel error $code for $what', async ({ offend, code, reply }) => {
    const channel = await openChannel(route);
    const error = nextEvent<CodedError>(channel, 'error');
    await expect(offend(channel)).rejects.toThrow(reply);
    expect(await error).toMatchObject({ code });
  });

  test('find an exclusive queue of another connection locked with 405', async () => {
    const owner = await openChannel(route);
    const queue = await temporaryQueue(owner);
    const stranger = await openChannel(route);
    const error = nextEvent<CodedError>(stranger, 'error');
    await expect(stranger.checkQueue(queue)).rejects.toThrow(
      `RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '${queue}' in vhost '/'`,
    );
    expect(await error).toMatchObject({ code: 405 });
  });

  test('are closed with 406 on the channel for an unknown delivery tag', async () => {
    const channel = await openChannel(route);
    const error = nextEvent<CodedError>(channel, 'error');
    channel.ack({ fields: { deliveryTag: 99 } } as never);
    expect(await error).toMatchObject({
      code: 406,
      message: expect.stringContaining('"PRECONDITION_FAILED - unknown delivery tag 99"'),
    });
  });

  test('update their secret', async () => {
    const connection = await openConnection(route);
    const updated = nextEvent(connection, 'update-secret-ok');
    await connection.updateSecret(Buffer.from('a newer token'), 'the old one expires');
    await updated;
  });

  test('keep a quiet connection alive with heartbeats', async () => {
    const connection = await amqplib.connect(`${route.amqpUrl}?heartbeat=1`);
    onTestFinished(() => connection.close());
    const channel = await connection.createChannel();
    const { stream } = connection.connection as unknown as { stream: NodeJS.ReadableStream };
    const heartbeats = new Inbox<Buffer>();
    stream.on('data', (chunk: Buffer) => chunk[0] === heartbeatFrame && heartbeats.put(chunk));
    // Five heartbeats take longer than the two seconds of silence that would end the connection.
    await heartbeats.takeMany(5);
    expect(await temporaryQueue(channel)).toContain('amq.gen-');
  });
});

describe.runIf(ownGateway)('amqplib and a gateway that goes away', () => {
  test('sees 320 CONNECTION_FORCED when the gateway drains', async () => {
    const gateway = await startGateway();
    const connection = await amqplib.connect(gateway.amqpUrl);
    const closed = nextEvent<CodedError>(connection, 'close');
    await gateway.stop();
    expect(await closed).toMatchObject({ code: 320, message: expect.stringContaining('CONNECTION_FORCED') });
  });

  test('recovers its connection and goes on when the gateway is back', async () => {
    const first = await startGateway();
    const recovery = { initialDelay: 20, maxDelay: 100 };
    const connection = await amqplib.connect(first.amqpUrl, { recovery });
    onTestFinished(() => connection.close());
    const disconnected = nextEvent(connection, 'disconnect');
    const reconnected = nextEvent<ChannelModel>(connection, 'connect');
    await first.stop();
    await disconnected;
    const second = await startGateway({ amqpPort: first.amqpPort });
    onTestFinished(() => second.stop());
    await reconnected;
    const channel = await connection.createChannel();
    const queue = await temporaryQueue(channel);
    channel.sendToQueue(queue, Buffer.from('after'));
    expect(text(await channel.get(queue, { noAck: true }))).toBe('after');
  });

  test('hears connection.blocked from a gateway over its memory watermark', async () => {
    const gateway = await startGateway({ flags: ['--memory-high-watermark', '0.0001'] });
    onTestFinished(() => gateway.stop());
    const connection = await amqplib.connect(gateway.amqpUrl);
    const blocked = nextEvent<string>(connection, 'blocked');
    const channel = await connection.createChannel();
    channel.publish('amq.fanout', '', Buffer.from('the first publish tells a blocked connection'));
    expect(await blocked).toContain('memory');
    // A blocked connection is no longer read, so it cannot say goodbye: the gateway ends it.
    const closed = nextEvent<CodedError>(connection, 'close');
    await gateway.stop();
    expect(await closed).toMatchObject({ code: 320 });
  });
});
