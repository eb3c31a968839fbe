import {
  AMQPClient, AMQPSession, AMQPWebSocketClient,
  type AMQPBaseClient, type AMQPChannel, type AMQPMessage,
} from '@cloudamqp/amqp-client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { ownGateway, startGateway, startGatewayInProcess, useGateway, type Gateway } from './gateway.ts';
import { bigBody, everyByte, topicCases, unicodeText, uniqueName } from './samples.ts';
import { calling, Inbox, within } from './waiting.ts';

// In a browser the WebSocket is a global; Node 20 has none.
Object.assign(globalThis, { WebSocket });

interface Login {
  readonly user?: string;
  readonly vhost?: string;
  readonly frameMax?: number;
  readonly heartbeat?: number;
}

type Dial = (gateway: Gateway, login?: Login) => AMQPBaseClient;

const dialTcp: Dial = (gateway, { user = 'guest', vhost = '/', frameMax = 8192, heartbeat = 0 } = {}) => {
  const { host } = new URL(gateway.amqpUrl);
  const parameters = `name=tabmq-test&frameMax=${frameMax}&heartbeat=${heartbeat}`;
  return new AMQPClient(`amqp://${user}:guest@${host}/${encodeURIComponent(vhost)}?${parameters}`);
};

const dialWebSocket: Dial = (gateway, { user = 'guest', vhost = '/', frameMax = 8192, heartbeat = 0 } = {}) =>
  new AMQPWebSocketClient({
    url: gateway.wsUrl, vhost, username: user, password: 'guest', name: 'tabmq-test', frameMax, heartbeat,
  });

const gateway = useGateway();

describe('AMQPClient over TCP', () => clientSuite(dialTcp));
describe.runIf(ownGateway)('AMQPWebSocketClient', () => clientSuite(dialWebSocket));
describe('AMQPSession over TCP', () => sessionSuite(({ amqpUrl }) => amqpUrl));
describe.runIf(ownGateway)('AMQPSession over WebSocket', () => sessionSuite(({ wsUrl }) => wsUrl));

function clientSuite(dial: Dial): void {
  async function openConnection(login: Login = {}): Promise<AMQPBaseClient> {
    const client = dial(gateway, login);
    client.onerror = () => {};
    await client.connect();
    onTestFinished(() => client.close());
    return client;
  }

  async function openChannel(login: Login = {}): Promise<AMQPChannel> {
    return quiet(await (await openConnection(login)).channel());
  }

  describe('connection', () => {
    test('negotiates frame size, channels and heartbeat', async () => {
      const connection = await openConnection({ heartbeat: 30 });
      expect(connection).toMatchObject({ frameMax: 8192, heartbeat: 30, channelMax: expect.any(Number) });
      expect(connection.channelMax).toBeGreaterThan(1000);
    });

    test('is refused with 403 for an unknown user', async () => {
      const client = dial(gateway, { user: 'nobody' });
      client.onerror = () => {};
      await expect(client.connect()).rejects.toThrow(
        'connection closed: ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN.' +
          ' For details see the broker logfile. (403)',
      );
    });

    test('is refused with 530 for an unknown virtual host', async () => {
      const client = dial(gateway, { vhost: 'nowhere' });
      client.onerror = () => {};
      await expect(client.connect()).rejects.toThrow(
        'connection closed: NOT_ALLOWED - vhost nowhere not found (530)',
      );
    });

    test('updates its secret', async () => {
      const connection = await openConnection();
      await within('update-secret-ok', connection.updateSecret('a newer token', 'the old one expires'));
    });

    test('has many channels, and a closed one is free again', async () => {
      const connection = await openConnection();
      const channels = await Promise.all(Array.from({ length: 100 }, () => connection.channel()));
      const queue = await temporaryQueue(channels[0]!);
      await channels[50]!.close();
      expect((await connection.channel()).id).toBe(channels[50]!.id);
      await channels[99]!.confirmSelect();
      await channels[99]!.basicPublish('', queue, 'from the last');
      expect((await channels[1]!.basicGet(queue))?.bodyString()).toBe('from the last');
    });

    test('lives on when a channel fails with 404, 406, 403', async () => {
      const connection = await openConnection();
      const fails = async (offend: (channel: AMQPChannel) => Promise<unknown>): Promise<string> => {
        const channel = await connection.channel();
        const told = calling<string>('the channel error', (done) => (channel.onerror = (reason) => done(null, reason)));
        await expect(offend(channel)).rejects.toThrow(`channel ${channel.id} closed:`);
        return told;
      };
      expect(await fails((channel) => channel.basicGet('tabmq-test.missing'))).toContain(
        "NOT_FOUND - no queue 'tabmq-test.missing' in vhost '/' (404)",
      );
      expect(await fails((channel) => channel.exchangeDeclare('amq.topic', 'direct'))).toContain('(406)');
      expect(await fails((channel) => channel.exchangeDelete('amq.topic'))).toContain(
        "ACCESS_REFUSED - deletion of system exchange 'amq.topic' in vhost '/' not allowed (403)",
      );
      expect((await connection.channel()).closed).toBe(false);
    });

    test.runIf(ownGateway)('hears connection.blocked and publishes no more', async () => {
      const full = await startGateway({ flags: ['--memory-high-watermark', '0.0001'] });
      onTestFinished(() => full.stop());
      const client = dial(full);
      client.onerror = () => {};
      client.logger = undefined;
      const reasons = new Inbox<string>();
      client.onblocked = reasons.put;
      const channel = quiet(await (await client.connect()).channel());
      await channel.basicPublish('amq.fanout', '', 'the first publish tells a blocked connection');
      expect(await reasons.take('connection.blocked')).toContain('memory');
      await expect(channel.basicPublish('amq.fanout', '', 'no')).rejects.toThrow('Connection blocked by server');
    });

    test('answers flow', async () => {
      const channel = await openChannel();
      expect(await channel.basicFlow(true)).toBe(true);
    });
  });

  describe('exchanges', () => {
    async function bodies(channel: AMQPChannel, queue: string): Promise<(string | null)[]> {
      const found: (string | null)[] = [];
      for (;;) {
        const message = await channel.basicGet(queue, { noAck: true });
        if (!message) return found;
        found.push(message.bodyString());
      }
    }

    test.each(topicCases)('topic: $pattern takes $matching, not $other', async ({ pattern, matching, other }) => {
      const channel = await openChannel();
      const [exchange, queue] = [uniqueName('topic'), await temporaryQueue(channel)];
      await channel.exchangeDeclare(exchange, 'topic', { autoDelete: true, durable: false });
      await channel.queueBind(queue, exchange, pattern);
      for (const key of [other, matching]) await channel.basicPublish(exchange, key, key);
      expect(await bodies(channel, queue)).toEqual([matching]);
    });

    test('headers, bound to a fanout, with an alternate', async () => {
      const channel = await openChannel();
      const [source, headers, rest] = [uniqueName('source'), uniqueName('headers'), uniqueName('rest')];
      const parameters = { autoDelete: true, durable: false };
      await channel.exchangeDeclare(rest, 'fanout', parameters);
      await channel.exchangeDeclare(headers, 'headers', parameters, { 'alternate-exchange': rest });
      await channel.exchangeDeclare(source, 'fanout', parameters);
      await channel.exchangeBind(headers, source);
      const [matched, unmatched] = [await temporaryQueue(channel), await temporaryQueue(channel)];
      await channel.queueBind(matched, headers, '', { 'x-match': 'any', kind: 'a', size: 1 });
      await channel.queueBind(unmatched, rest, '');
      await channel.basicPublish(source, '', 'taken', { headers: { size: 1 } });
      await channel.basicPublish(source, '', 'left', { headers: { kind: 'b' } });
      expect(await bodies(channel, matched)).toEqual(['taken']);
      expect(await bodies(channel, unmatched)).toEqual(['left']);
      await channel.exchangeUnbind(headers, source);
      await channel.queueUnbind(matched, headers, '', { 'x-match': 'any', kind: 'a', size: 1 });
    });
  });

  describe('messages', () => {
    test('carry properties and headers of every type this client has', async () => {
      const channel = await openChannel();
      const queue = await temporaryQueue(channel);
      const properties = {
        contentType: 'text/plain',
        contentEncoding: 'utf-8',
        deliveryMode: 1,
        priority: 3,
        correlationId: unicodeText,
        replyTo: 'reply',
        expiration: '60000',
        messageId: 'id',
        timestamp: new Date(1_700_000_000_000),
        type: 'sample',
        userId: 'guest',
        appId: 'app',
        headers: {
          string: unicodeText,
          boolean: true,
          integer: -2_147_483_648,
          long: 2 ** 40,
          bigint: -(2n ** 62n),
          float: 0.25,
          date: new Date(1_600_000_000_000),
          bytes: new Uint8Array(everyByte),
          nothing: null,
          array: [1, 'two', [true, null]],
          table: { deep: { deeper: unicodeText } },
        },
      };
      await channel.basicPublish('', queue, unicodeText, properties);
      const message = await channel.basicGet(queue, { noAck: true });
      expect(message?.bodyString()).toBe(unicodeText);
      const bigint = Number(properties.headers.bigint);
      expect(message?.properties).toEqual({ ...properties, headers: { ...properties.headers, bigint } });
    });

    test.each([8192, 131_072])('of nothing and of 1 MiB arrive with frames of %i', async (frameMax) => {
      const channel = await openChannel({ frameMax });
      const queue = await temporaryQueue(channel);
      const inbox = await consume(channel, queue, { noAck: true });
      for (const body of [null, bigBody]) await channel.basicPublish('', queue, body);
      expect((await inbox.take()).bodySize).toBe(0);
      expect(bigBody.equals((await inbox.take()).body!)).toBe(true);
    });

    test('are confirmed, and returned when mandatory and unroutable', async () => {
      const channel = await openChannel();
      const queue = await temporaryQueue(channel);
      await channel.confirmSelect();
      expect(await channel.basicPublish('', queue, 'one')).toBe(1);
      const returns = new Inbox<AMQPMessage>();
      channel.onReturn = returns.put;
      const key = uniqueName('nobody');
      expect(await channel.basicPublish('amq.topic', key, 'lost', { messageId: 'm' }, true)).toBe(2);
      const returned = await returns.take('the return');
      expect(returned).toMatchObject({
        replyCode: 312, replyText: 'NO_ROUTE', exchange: 'amq.topic', routingKey: key, properties: { messageId: 'm' },
      });
      const publishes = ['2', '3', '4'].map((body) => channel.basicPublish('', queue, body));
      expect(await Promise.all(publishes)).toEqual([3, 4, 5]);
    });

    test('are nacked by a full queue', async () => {
      const channel = await openChannel();
      const queue = await temporaryQueue(channel, { 'x-max-length': 1, 'x-overflow': 'reject-publish' });
      await channel.confirmSelect();
      await channel.basicPublish('', queue, 'fits');
      await expect(channel.basicPublish('', queue, 'too many')).rejects.toThrow('Message rejected');
    });

    test.runIf(ownGateway)('that are immediate reach a ready consumer or come back with 313', async () => {
      const channel = await openChannel();
      const queue = await temporaryQueue(channel);
      const returns = new Inbox<AMQPMessage>();
      channel.onReturn = returns.put;
      await channel.basicPublish('', queue, 'nobody is there', {}, false, true);
      expect(await returns.take('the return')).toMatchObject({ replyCode: 313, replyText: 'NO_CONSUMERS' });
      const inbox = await consume(channel, queue, { noAck: true });
      await channel.basicPublish('', queue, 'now', {}, false, true);
      expect((await inbox.take()).bodyString()).toBe('now');
      expect(returns.waitingCount).toBe(0);
    });

    test('wait for the commit of a transaction, and go with its rollback', async () => {
      const channel = await openChannel();
      const queue = await temporaryQueue(channel);
      const ready = async (): Promise<number> => (await channel.queueDeclare(queue, { passive: true })).messageCount;
      await channel.txSelect();
      await channel.basicPublish('', queue, 'rolled back');
      await channel.txRollback();
      await channel.basicPublish('', queue, 'committed');
      expect(await ready()).toBe(0);
      await channel.txCommit();
      expect(await ready()).toBe(1);
      const message = await channel.basicGet(queue, { noAck: false });
      expect(message?.bodyString()).toBe('committed');
      await message?.ack();
      await channel.txCommit();
    });
  });

  describe('consumers', () => {
    test('ack, nack and reject within their prefetch', async () => {
      const channel = await openChannel();
      const dead = await temporaryQueue(channel);
      const queue = await temporaryQueue(channel, {
        'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead,
      });
      await channel.confirmSelect();
      await channel.prefetch(1);
      const inbox = await consume(channel, queue, { noAck: false });
      for (const body of ['1', '2', '3']) await channel.basicPublish('', queue, body);
      const first = await inbox.take();
      expect((await channel.queueDeclare(queue, { passive: true })).messageCount).toBe(2);
      await first.nack(true);
      const again = await inbox.take();
      expect([again.bodyString(), again.redelivered]).toEqual(['1', true]);
      await again.reject(false);
      const letters = await consume(channel, dead, { noAck: true });
      const letter = await letters.take('the dead letter');
      expect(letter.properties.headers).toMatchObject({
        'x-first-death-queue': queue, 'x-death': [{ reason: 'rejected', count: 1 }],
      });
      for (const body of ['2', '3']) {
        const message = await inbox.take();
        expect(message.bodyString()).toBe(body);
        await message.ack();
      }
    });

    test('recover', async () => {
      const channel = await openChannel();
      const queue = await temporaryQueue(channel);
      const inbox = await consume(channel, queue, { noAck: false });
      await channel.basicPublish('', queue, 'again');
      await inbox.take();
      await channel.basicRecover(true);
      const message = await inbox.take('the message again');
      expect(message.redelivered).toBe(true);
      await message.ack();
    });

    test('iterate', async () => {
      const channel = await openChannel();
      const queue = await temporaryQueue(channel, { 'x-max-priority': 9 });
      await channel.confirmSelect();
      for (const priority of [1, 9, 5]) await channel.basicPublish('', queue, `${priority}`, { priority });
      const consumer = await channel.basicConsume(queue, { noAck: true });
      const received: (string | null)[] = [];
      for await (const message of consumer.messages) {
        if (received.push(message.bodyString()) === 3) break;
      }
      expect(received).toEqual(['9', '5', '1']);
    });

    test('hear that their queue is gone', async () => {
      const channel = await openChannel();
      const queue = await temporaryQueue(channel);
      const consumer = await channel.basicConsume(queue, { tag: 'mine' }, () => {});
      expect(consumer.tag).toBe('mine');
      const cancelled = within('the cancel', consumer.wait());
      const refused = expect(cancelled).rejects.toThrow('Consumer cancelled by the server');
      await channel.queueDelete(queue);
      await refused;
    });
  });
}

function sessionSuite(urlOf: (gateway: Gateway) => string): void {
  async function openSession(): Promise<AMQPSession> {
    const session = await AMQPSession.connect(urlOf(gateway), { logger: null });
    onTestFinished(() => session.stop());
    return session;
  }

  test('publishes to a topic exchange and subscribes to a queue', async () => {
    const session = await openSession();
    const queue = await session.queue(uniqueName('session'), { durable: false, autoDelete: true });
    const exchange = await session.topicExchange(uniqueName('session'), { durable: false, autoDelete: true });
    await queue.bind(exchange, 'greeting.#');
    const inbox = new Inbox<string | null>();
    const subscription = await queue.subscribe({ prefetch: 5 }, (message) => inbox.put(message.bodyString()));
    await exchange.publish(unicodeText, { routingKey: 'greeting.to.all' });
    expect(await inbox.take()).toBe(unicodeText);
    await queue.publish('straight');
    expect(await inbox.take()).toBe('straight');
    await queue.unbind(exchange, 'greeting.#');
    await subscription.cancel();
  });

  test('calls a server through direct reply-to', async () => {
    const session = await openSession();
    const queue = uniqueName('rpc');
    const server = await session.rpcServer(queue, (request) => `${request.bodyString()}!`);
    const client = await session.rpcClient();
    const replies = await Promise.all(['a', 'b', 'c'].map((body) => client.call(queue, body, { timeout: 60_000 })));
    expect(replies.map((reply) => reply.bodyString())).toEqual(['a!', 'b!', 'c!']);
    await client.close();
    await server.close();
    await (await session.queue(queue)).delete();
  });

  test.runIf(ownGateway)('reconnects and consumes again after the gateway closed with 320', async () => {
    const gateway = await startGatewayInProcess();
    onTestFinished(() => gateway.stop());
    const disconnects = new Inbox<Error | undefined>();
    const connects = new Inbox<AMQPSession>();
    const session = await AMQPSession.connect(urlOf(gateway), {
      logger: null,
      // This client takes the end of its former socket, if that comes late, for that of the new one.
      reconnectInterval: 500,
      ondisconnect: disconnects.put,
      onconnect: connects.put,
    });
    onTestFinished(() => session.stop());
    await connects.take('the first connect');
    const queue = await session.queue(uniqueName('reconnect'), { durable: false });
    const inbox = new Inbox<string | null>();
    await queue.subscribe({ noAck: true }, (message) => inbox.put(message.bodyString()));
    gateway.closeConnections();
    expect(String(await disconnects.take('the disconnect'))).toContain('CONNECTION_FORCED');
    await connects.take('the reconnect');
    await queue.publish('after');
    expect(await inbox.take('a message after the reconnect')).toBe('after');
  });
}

/** This client logs channel errors to the console unless told otherwise. */
function quiet(channel: AMQPChannel): AMQPChannel {
  channel.onerror = () => {};
  return channel;
}

async function temporaryQueue(channel: AMQPChannel, args: object = {}): Promise<string> {
  return (await channel.queueDeclare('', { exclusive: true }, args)).name;
}

async function consume(channel: AMQPChannel, queue: string, params: { noAck: boolean }): Promise<Inbox<AMQPMessage>> {
  const inbox = new Inbox<AMQPMessage>();
  await channel.basicConsume(queue, params, inbox.put);
  return inbox;
}
