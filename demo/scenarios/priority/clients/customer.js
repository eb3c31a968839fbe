import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.basicPublish('printing', 'urgent', 'an urgent job', { priority: 9 });
console.log('sent an urgent job');
