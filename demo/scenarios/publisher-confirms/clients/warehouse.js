import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.basicConsume('orders', { noAck: false }, (message) => {
  console.log(`packing ${message.bodyString()}`);
  message.ack();
});
