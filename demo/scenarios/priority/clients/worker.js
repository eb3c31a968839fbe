import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.prefetch(1);
await channel.basicConsume('printer', { noAck: false }, (message) => {
  console.log(`working on ${message.bodyString()}`);
  setTimeout(() => message.ack(), 1000);
});
