import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.queueDeclare('logs-screen', { exclusive: true });
await channel.queueBind('logs-screen', 'logs', '');
await channel.basicConsume('logs-screen', { noAck: true }, (message) => {
  console.log(`showing ${message.bodyString()}`);
});
console.log('subscribed');
