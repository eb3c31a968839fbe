import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.prefetch(1);
await channel.basicConsume('work', { noAck: false }, (message) => {
  const deaths = message.properties.headers?.['x-death'] ?? [];
  const failures = deaths.find(({ queue }) => queue === 'work')?.count ?? 0;
  console.log(`attempt ${Number(failures) + 1} failed`);
  message.reject(false);
});
console.log('ready');
