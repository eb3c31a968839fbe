import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.queueDeclare('logs-disk', { exclusive: true });
await channel.queueBind('logs-disk', 'logs', '');
await channel.basicConsume('logs-disk', { noAck: true }, (message) => {
  console.log(`writing ${message.bodyString()}`);
});
console.log('subscribed');
