import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.prefetch(1);
await channel.basicConsume('ledger', { noAck: false, tag: 'clerk-1' }, (message) => {
  console.log(`booking ${message.bodyString()}`);
  setTimeout(() => message.ack(), 300);
});
console.log('ready');
