import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.queueDeclare('tasks');
await channel.prefetch(1);
await channel.basicConsume('tasks', { noAck: false }, (message) => {
  console.log(`received ${message.bodyString()}`);
  setTimeout(() => message.ack(), 500);
});
