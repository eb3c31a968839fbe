import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.basicConsume('hello', { noAck: true }, (message) => {
  console.log(`received ${message.bodyString()}`);
});
console.log('waiting for messages');
