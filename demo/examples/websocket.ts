/** AMQP over WebSocket, as a page in a browser speaks it: the same broker, the same queues. */
import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';
import { WebSocket } from 'ws';

// A browser has this global, and so has Node from version 22 on.
Object.assign(globalThis, { WebSocket });

const client = new AMQPWebSocketClient({
  url: process.env['AMQP_WS_URL'] ?? 'ws://localhost:15672/ws/amqp',
  vhost: '/',
  username: 'guest',
  password: 'guest',
});
const connection = await client.connect();
const channel = await connection.channel();

const { name } = await channel.queueDeclare('', { exclusive: true });
await channel.basicPublish('', name, 'hello from a page');
console.log('sent: hello from a page');

await channel.basicConsume(name, { noAck: false }, async (message) => {
  console.log(`received: ${message.bodyString()}`);
  await message.ack();
  await connection.close();
});
