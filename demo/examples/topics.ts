/** Topic patterns choose by routing key: * stands for one word, # for any number of words. */
import amqplib, { type GetMessage } from 'amqplib';

const connection = await amqplib.connect(process.env['AMQP_URL'] ?? 'amqp://localhost');
const channel = await connection.createChannel();

const exchange = 'example.weather';
await channel.assertExchange(exchange, 'topic', { durable: false, autoDelete: true });

const patterns = ['weather.fr.*', 'weather.#', '*.*.storm'];
const queues = new Map<string, string>();
for (const pattern of patterns) {
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, exchange, pattern);
  queues.set(pattern, queue);
}

for (const key of ['weather.fr.sun', 'weather.no.storm', 'weather.fr.paris.rain']) {
  channel.publish(exchange, key, Buffer.from('...'));
}

/** The routing keys of all messages that wait in the queue. */
async function waitingKeys(queue: string): Promise<string[]> {
  const keys: string[] = [];
  let message: GetMessage | false;
  while ((message = await channel.get(queue, { noAck: true }))) {
    keys.push(message.fields.routingKey);
  }
  return keys;
}

for (const [pattern, queue] of queues) {
  console.log(`${pattern} got ${(await waitingKeys(queue)).join(', ')}`);
}
await connection.close();
