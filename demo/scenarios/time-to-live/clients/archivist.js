import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.basicConsume('expired', { noAck: true }, (message) => {
  console.log(`expired: ${message.bodyString()}`);
});
console.log('ready');
