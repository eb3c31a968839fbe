/** A round trip by each of two clients over whatever the global WebSocket leads to. */
import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';
import { firstValueFrom, map, range, switchMap, take, toArray } from 'rxjs';
import { connect } from 'tabmq/client';

const url = 'ws://broker.tab/';
const bodyOf = (index: number): string => `message ${index} ✓`;

/** How many messages the client of CloudAMQP, unmodified, gets back as it published them. */
async function cloudamqp(count: number): Promise<number> {
  const client = new AMQPWebSocketClient({ url, username: 'guest', password: 'guest' });
  const channel = await (await client.connect()).channel();
  await channel.confirmSelect();
  const { name } = await channel.queueDeclare('', { exclusive: true, durable: false });
  let intact = 0;
  const all = new Promise<void>((resolve) => {
    void channel.basicConsume(name, { noAck: false }, (message) => {
      if (message.bodyString() === bodyOf(intact)) intact++;
      void message.ack();
      if (intact === count) resolve();
    });
  });
  const confirmed = Array.from({ length: count }, (_, index) => channel.basicPublish('', name, bodyOf(index)));
  await Promise.all(confirmed);
  await all;
  await client.close();
  return intact;
}

/** The same by the client of TabMQ. */
async function tabmq(count: number): Promise<number> {
  return firstValueFrom(connect(url).pipe(
    switchMap((connection) => connection.channel()),
    switchMap((channel) => channel.declareQueue('', { exclusive: true, durable: false }).pipe(
      switchMap(({ queue }) => range(count).pipe(
        map((index) => ({ routingKey: queue, body: bodyOf(index) })),
        channel.publisher({ inFlightMax: 50 }),
        toArray(),
        switchMap(() => channel.consume(queue, { prefetch: 10 })),
        map((delivery, index) => {
          delivery.ack();
          return delivery.text() === bodyOf(index);
        }),
        take(count),
        toArray(),
        map((same) => same.filter(Boolean).length),
      )),
    )),
  ));
}

export async function bothClients(count: number): Promise<unknown> {
  return { cloudamqp: await cloudamqp(count), tabmq: await tabmq(count) };
}
