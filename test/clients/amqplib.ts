/** What the amqplib suites share: the two ways to the broker and channels that close themselves. */
import amqplib, {
  type Channel, type ChannelModel, type ConfirmChannel, type ConsumeMessage, type Options,
} from 'amqplib';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { ownGateway, type Gateway } from './gateway.ts';
import { Inbox } from './waiting.ts';
import { relayToWebSocket, type Relay } from './websocket-relay.ts';

/** Where a suite finds the broker; `amqpUrl` may be read from the first test on. */
export interface Route {
  readonly amqpUrl: string;
}

/** Runs the same tests over TCP and over WebSocket. */
export function describeRoutes(gateway: Gateway, title: string, suite: (route: Route) => void): void {
  describe(title, () => {
    describe('over TCP', () => suite(gateway));
    describe.runIf(ownGateway)('over WebSocket', () => suite(useRelay(gateway)));
  });
}

function useRelay(gateway: Gateway): Route {
  const route: Partial<Relay> = {};
  beforeAll(async () => {
    Object.assign(route, await relayToWebSocket(gateway.wsUrl));
  });
  afterAll(() => route.close?.());
  return route as Route;
}

export async function openConnection(route: Route): Promise<ChannelModel> {
  const connection = await amqplib.connect(route.amqpUrl);
  // What the broker says against the connection reaches the test by the call that failed.
  connection.on('error', () => {});
  onTestFinished(() => connection.close());
  return connection;
}

export async function openChannel(route: Route): Promise<Channel> {
  return (await openConnection(route)).createChannel();
}

export async function openConfirmChannel(route: Route): Promise<ConfirmChannel> {
  return (await openConnection(route)).createConfirmChannel();
}

/** An exclusive queue goes with its connection, so no test has to clean up after itself. */
export async function temporaryQueue(channel: Channel, options: Options.AssertQueue = {}): Promise<string> {
  const { queue } = await channel.assertQueue('', { exclusive: true, ...options });
  return queue;
}

export type AmqplibInbox = Inbox<ConsumeMessage> & { readonly consumerTag: string };

export async function consume(channel: Channel, queue: string, options?: Options.Consume): Promise<AmqplibInbox> {
  const inbox = new Inbox<ConsumeMessage>();
  const onMessage = (message: ConsumeMessage | null): void => inbox.put(message as ConsumeMessage);
  const { consumerTag } = await channel.consume(queue, onMessage, options);
  return Object.assign(inbox, { consumerTag });
}

/** How many messages wait in the queue: asked on the same channel, so after all it did before. */
export async function readyCount(channel: Channel, queue: string): Promise<number> {
  return (await channel.checkQueue(queue)).messageCount;
}

export const text = (message: { content: Buffer } | false): string => (message ? message.content.toString() : '(none)');
