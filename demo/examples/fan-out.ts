/** Publish and subscribe: a fanout exchange gives every bound queue its own copy. */
import amqplib from 'amqplib';

const connection = await amqplib.connect(process.env['AMQP_URL'] ?? 'amqp://localhost');
const channel = await connection.createChannel();

const exchange = 'example.news';
await channel.assertExchange(exchange, 'fanout', { durable: false, autoDelete: true });

async function subscribe(): Promise<string> {
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, exchange, '');
  return queue;
}

function firstMessage(queue: string): Promise<string> {
  return new Promise((resolve) => {
    channel.consume(queue, (message) => resolve(`${message?.content}`), { noAck: true });
  });
}

const queues = { Ann: await subscribe(), Bob: await subscribe(), Cleo: await subscribe() };

channel.publish(exchange, '', Buffer.from('the broker is up'));

for (const [reader, queue] of Object.entries(queues)) {
  console.log(`${reader} read: ${await firstMessage(queue)}`);
}
await connection.close();
