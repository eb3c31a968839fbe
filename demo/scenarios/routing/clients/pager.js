import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.basicConsume('alarm', { noAck: true }, (message) => {
  console.log(`waking somebody up: ${message.bodyString()}`);
});
console.log('ready');
