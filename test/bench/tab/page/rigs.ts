/** Ways to get a message from a publisher to a consumer in one tab. */
import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';
import { connect as connectMock } from 'mock-amqplib';
import { map, Subject, Subscription, switchMap } from 'rxjs';
import { Broker as SmqpBroker } from 'smqp';
import { installTabWebSocket, openBroker } from 'tabmq/browser';
import { connect, type Channel, type Outgoing } from 'tabmq/client';

export interface Rig {
  /** Publishes so many messages in one go. */
  publish(count: number): void;
  close(): Promise<void>;
}

/** Makes a queue with a consumer that tells of each message it gets. */
export type OpenRig = (body: Uint8Array, delivered: () => void) => Promise<Rig>;

const url = 'ws://broker.tab/';

/** A broker in a worker of this page, to which the global WebSocket leads. */
async function inWorker(): Promise<() => Promise<void>> {
  const broker = await openBroker({ place: 'worker', storage: 'memory' });
  const uninstall = installTabWebSocket(broker);
  return async () => {
    uninstall();
    await broker.close();
  };
}

const tabmq: OpenRig = async (body, delivered) => {
  const stop = await inWorker();
  const link = new Subscription();
  const [channel, routingKey] = await new Promise<readonly [Channel, string]>((resolve, reject) => {
    // Not by firstValueFrom, which would unsubscribe and so close the connection at once.
    link.add(connect(url).pipe(
      switchMap((connection) => connection.channel()),
      switchMap((channel) => channel.declareQueue('', { exclusive: true, durable: false }).pipe(
        map(({ queue }) => [channel, queue] as const),
      )),
    ).subscribe({ next: resolve, error: reject }));
  });
  link.add(channel.consume(routingKey, { noAck: true }).subscribe(delivered));
  const outgoing$ = new Subject<Outgoing>();
  link.add(outgoing$.pipe(channel.publisher({ confirm: false })).subscribe());
  return {
    publish(count) {
      for (let index = 0; index < count; index++) outgoing$.next({ routingKey, body });
    },
    async close() {
      link.unsubscribe();
      await stop();
    },
  };
};

const cloudamqp: OpenRig = async (body, delivered) => {
  const stop = await inWorker();
  const client = new AMQPWebSocketClient({ url, username: 'guest', password: 'guest' });
  const channel = await (await client.connect()).channel();
  const { name } = await channel.queueDeclare('', { exclusive: true, durable: false });
  await channel.basicConsume(name, { noAck: true }, delivered);
  return {
    publish(count) {
      for (let index = 0; index < count; index++) void channel.basicPublish('', name, body);
    },
    async close() {
      await client.close();
      await stop();
    },
  };
};

const smqp: OpenRig = async (body, delivered) => {
  const broker = new SmqpBroker();
  broker.assertExchange('events', 'direct');
  broker.assertQueue('tasks');
  broker.bindQueue('tasks', 'events', 'task');
  broker.consume('tasks', delivered, { noAck: true });
  return {
    publish(count) {
      for (let index = 0; index < count; index++) broker.publish('events', 'task', body);
    },
    close: async () => broker.reset(),
  };
};

const mockAmqplib: OpenRig = async (body, delivered) => {
  const connection = await connectMock('amqp://localhost');
  const channel = await connection.createChannel();
  await channel.assertQueue('tasks');
  await channel.consume('tasks', delivered, { noAck: true });
  return {
    publish(count) {
      for (let index = 0; index < count; index++) void channel.sendToQueue('tasks', body);
    },
    close: async () => {},
  };
};

export const rigs = { tabmq, cloudamqp, smqp, mockAmqplib };
