import {
  connect, credentials, type Channel, type ConfirmChannel, type Connection, type Message, type Options,
} from 'amqplib/callback_api';
import { expect, onTestFinished, test } from 'vitest';
import { useGateway } from './gateway.ts';
import { bigBody, unicodeText, uniqueName } from './samples.ts';
import { calling, Inbox, nextEvent } from './waiting.ts';

const gateway = useGateway();

async function openConnection(): Promise<Connection> {
  const connection = await calling<Connection>('the connection', (done) => connect(gateway.amqpUrl, done));
  onTestFinished(() => calling<void>('the close', (done) => connection.close(done)));
  return connection;
}

async function openChannel(): Promise<Channel> {
  const connection = await openConnection();
  return calling<Channel>('the channel', (done) => connection.createChannel(done));
}

async function temporaryQueue(channel: Channel, options: Options.AssertQueue = {}): Promise<string> {
  const exclusive = { exclusive: true, ...options };
  const { queue } = await calling<{ queue: string }>('the queue', (done) => channel.assertQueue('', exclusive, done));
  return queue;
}

test('publish and consume, told by callbacks all the way', async () => {
  const body = await calling<string>('the delivery', (done) => {
    connect(gateway.amqpUrl, { noDelay: true }, (connectError, connection) => {
      if (connectError) return done(connectError);
      connection.createChannel((channelError, channel) => {
        if (channelError) return done(channelError);
        channel.assertQueue('', { exclusive: true }, (queueError, { queue }) => {
          if (queueError) return done(queueError);
          channel.consume(queue, (message) => {
            channel.ack(message!);
            connection.close((closeError) => done(closeError, message!.content.toString()));
          });
          channel.sendToQueue(queue, Buffer.from(unicodeText));
        });
      });
    });
  });
  expect(body).toBe(unicodeText);
});

test('log in with PLAIN and AMQPLAIN, and not with a wrong password', async () => {
  for (const mechanism of [credentials.plain, credentials.amqplain]) {
    const options = { credentials: mechanism('guest', 'guest') };
    const connection = await calling<Connection>('the login', (done) => connect(gateway.amqpUrl, options, done));
    await calling<void>('the close', (done) => connection.close(done));
  }
  const wrong = { credentials: credentials.plain('guest', 'wrong') };
  const refused = calling('the refusal', (done) => connect(gateway.amqpUrl, wrong, done));
  await expect(refused).rejects.toThrow('403 (ACCESS-REFUSED)');
});

test('route through exchanges, bound to each other', async () => {
  const channel = await openChannel();
  const [source, destination] = [uniqueName('topic'), uniqueName('headers')];
  const options = { autoDelete: true, durable: false };
  const queue = await temporaryQueue(channel);
  const inbox = new Inbox<Message>();
  await calling('the topology', (done) => {
    // Requests on one channel are answered in order, so only the last callback is awaited.
    channel.assertExchange(source, 'topic', options);
    channel.assertExchange(destination, 'headers', options);
    channel.bindQueue(queue, destination, '', { 'x-match': 'any', level: 'error' });
    channel.bindExchange(destination, source, 'app.*', {}, done);
  });
  await calling('the consumer', (done) =>
    channel.consume(queue, (message) => inbox.put(message!), { noAck: true }, done),
  );
  const publish = (key: string, level: string): boolean =>
    channel.publish(source, key, Buffer.from(`${key} ${level}`), { headers: { level } });
  publish('app.web', 'info');
  publish('other.web', 'error');
  publish('app.web', 'error');
  expect((await inbox.take()).content.toString()).toBe('app.web error');
  await calling('the unbind', (done) => channel.unbindExchange(destination, source, 'app.*', {}, done));
  await calling('the delete', (done) => channel.deleteExchange(source, {}, done));
});

test('get, nack, prefetch, recover and cancel', async () => {
  const channel = await openChannel();
  const queue = await temporaryQueue(channel);
  channel.sendToQueue(queue, Buffer.from('1'));
  channel.sendToQueue(queue, Buffer.from('2'));
  const got = await calling<Message | false>('the get', (done) => channel.get(queue, {}, done));
  channel.nack(got as Message, false, true);
  await calling('the prefetch', (done) => channel.prefetch(1, false, done));
  const inbox = new Inbox<Message>();
  const { consumerTag } = await calling<{ consumerTag: string }>('the consumer', (done) =>
    channel.consume(queue, (message) => inbox.put(message!), {}, done),
  );
  const first = await inbox.take();
  expect([first.content.toString(), first.fields.redelivered]).toEqual(['1', true]);
  await calling('the recover', (done) => channel.recover(done));
  channel.ack(await inbox.take('the recovered message'));
  channel.ack(await inbox.take());
  await calling('the cancel', (done) => channel.cancel(consumerTag, done));
  const count = { messageCount: 0, consumerCount: 0 };
  expect(await calling('the check', (done) => channel.checkQueue(queue, done))).toEqual({ queue, ...count });
});

test('confirm publishes, return the unroutable, carry 1 MiB', async () => {
  const connection = await openConnection();
  const channel = await calling<ConfirmChannel>('the channel', (done) => connection.createConfirmChannel(done));
  const queue = await temporaryQueue(channel);
  await calling('the confirm', (done) => channel.sendToQueue(queue, bigBody, {}, done));
  const returned = nextEvent<Message>(channel, 'return');
  channel.publish('amq.direct', uniqueName('nobody'), Buffer.from('lost'), { mandatory: true });
  await calling<void>('all confirms', (done) => channel.waitForConfirms(done));
  expect((await returned).fields).toMatchObject({ replyCode: 312, replyText: 'NO_ROUTE' });
  const got = await calling<Message | false>('the get', (done) => channel.get(queue, { noAck: true }, done));
  expect(got && got.content.equals(bigBody)).toBe(true);
});

test('ask and answer with direct reply-to', async () => {
  const channel = await openChannel();
  const requests = await temporaryQueue(channel);
  const answer = (request: Message | null): void => {
    const { replyTo, correlationId } = request!.properties;
    channel.sendToQueue(replyTo, Buffer.from(request!.content.toString().toUpperCase()), { correlationId });
  };
  await calling('the server', (done) => channel.consume(requests, answer, { noAck: true }, done));
  const replies = new Inbox<Message>();
  const replyTo = 'amq.rabbitmq.reply-to';
  const onReply = (message: Message | null): void => replies.put(message!);
  await calling('the reply consumer', (done) => channel.consume(replyTo, onReply, { noAck: true }, done));
  channel.sendToQueue(requests, Buffer.from('hello'), { replyTo, correlationId: 'c1' });
  const reply = await replies.take('the reply');
  expect([reply.content.toString(), reply.properties.correlationId]).toEqual(['HELLO', 'c1']);
});

test('tell a channel error by its callback and its event', async () => {
  const connection = await openConnection();
  const channel = await calling<Channel>('the channel', (done) => connection.createChannel(done));
  const error = nextEvent(channel, 'error');
  const missing = uniqueName('missing');
  await expect(calling('the check', (done) => channel.checkQueue(missing, done))).rejects.toThrow(
    `404 (NOT-FOUND) with message "NOT_FOUND - no queue '${missing}' in vhost '/'"`,
  );
  expect(await error).toMatchObject({ code: 404, classId: 50, methodId: 10 });
  await calling<void>('the new secret', (done) => connection.updateSecret(Buffer.from('token'), 'expiry', done));
});
