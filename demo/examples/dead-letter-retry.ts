/**
 * Retry with a pause, by queues alone: what fails is rejected into a waiting queue, which gives
 * it back after its time to live. The x-death header says how often that happened.
 */
import amqplib from 'amqplib';

const connection = await amqplib.connect(process.env['AMQP_URL'] ?? 'amqp://localhost');
const channel = await connection.createChannel();

const work = 'example.work';
const waiting = 'example.work.waiting';
const toQueue = (name: string) => ({ deadLetterExchange: '', deadLetterRoutingKey: name });

await channel.assertQueue(work, { exclusive: true, ...toQueue(waiting) });
await channel.assertQueue(waiting, { exclusive: true, messageTtl: 20, ...toQueue(work) });

channel.sendToQueue(work, Buffer.from('an order'));

await channel.consume(work, async (message) => {
  if (message === null) return;
  const deaths = message.properties.headers?.['x-death'] ?? [];
  const rejections = deaths.find(({ reason }) => reason === 'rejected')?.count ?? 0;
  const attempt = Number(rejections) + 1;
  if (attempt < 3) {
    console.log(`attempt ${attempt} failed: again later`);
    channel.reject(message, false);
    return;
  }
  console.log(`attempt ${attempt} succeeded`);
  channel.ack(message);
  await connection.close();
});
