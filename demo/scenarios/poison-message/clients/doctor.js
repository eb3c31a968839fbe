import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.basicConsume('poison', { noAck: true }, (message) => {
  console.log(`looking at ${message.bodyString()}`);
});
