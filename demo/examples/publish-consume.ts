/** The smallest use of a broker: one message goes into a queue and comes out again. */
import amqplib from 'amqplib';

const connection = await amqplib.connect(process.env['AMQP_URL'] ?? 'amqp://localhost');
const channel = await connection.createChannel();

// An empty name asks the broker to invent one; an exclusive queue goes with its connection.
const { queue } = await channel.assertQueue('', { exclusive: true });

channel.sendToQueue(queue, Buffer.from('hello, rabbit'), { contentType: 'text/plain' });
console.log('sent: hello, rabbit');

await channel.consume(queue, async (message) => {
  if (message === null) return;
  console.log(`received: ${message.content}`);
  channel.ack(message);
  await connection.close();
});
