import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.basicPublish('notes', 'first', 'first note', { expiration: '5000' });
setTimeout(() => {
  channel.basicPublish('notes', 'second', 'second note');
  console.log('sent the second note');
}, 1000);
