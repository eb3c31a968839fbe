import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.prefetch(1);
await channel.basicConsume('jobs', { noAck: false }, (message) => {
  const job = message.bodyString();
  const deliveries = message.properties.headers?.['x-delivery-count'] ?? 0;
  setTimeout(() => {
    if (job.startsWith('bad')) {
      console.log(`${job} failed, try ${Number(deliveries) + 1}`);
      message.nack(true);
    } else {
      console.log(`did ${job}`);
      message.ack();
    }
  }, 300);
});
console.log('ready');
