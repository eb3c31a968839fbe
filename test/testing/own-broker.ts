/** Brokers that end with the test that started them, and clients of theirs. */
import amqplib, { type Channel, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { onTestFinished } from 'vitest';
import { startTestBroker, type TestBroker, type TestBrokerOptions } from '../../node/testing/index.ts';

/** Leaks are ignored unless the test is about them: connections end with the broker. */
export async function ownBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const broker = await startTestBroker({ leaks: 'ignore', ...options });
  onTestFinished(async () => {
    await broker.stop();
  });
  return broker;
}

export interface Client {
  readonly connection: ChannelModel;
  readonly channel: Channel;
  /** Resolves with why the connection ended. */
  readonly ended: Promise<Error>;
}

export async function connect(broker: TestBroker, name?: string, heartbeatSeconds?: number): Promise<Client> {
  const query = heartbeatSeconds === undefined ? '' : `?heartbeat=${heartbeatSeconds}`;
  const connection = await amqplib.connect(`${broker.url}${query}`, {
    ...(name !== undefined && { clientProperties: { connection_name: name } }),
  });
  const ended = new Promise<Error>((resolve) => {
    connection.once('error', resolve);
    connection.once('close', (error?: Error) => resolve(error ?? new Error('closed in order')));
  });
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  return { connection, channel, ended };
}

export async function confirmChannel(broker: TestBroker): Promise<ConfirmChannel> {
  const connection = await amqplib.connect(broker.url);
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  return channel;
}

/** What a promise was rejected with. */
export async function failureOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not fail');
}
