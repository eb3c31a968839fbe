import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.basicConsume('europe', { noAck: true }, (message) => {
  console.log(`shipping ${message.bodyString()}`);
});
console.log('ready');
