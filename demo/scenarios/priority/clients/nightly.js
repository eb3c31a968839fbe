import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

for (let number = 1; number <= 30; number++) {
  await channel.basicPublish('printing', 'nightly', `nightly job ${number}`, { priority: 1 });
}
console.log('sent all');
