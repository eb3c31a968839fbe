import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.basicPublish('letters', 'slow', 'slow', { expiration: '1500' });
await channel.basicPublish('letters', 'quick', 'quick', { expiration: '300' });
console.log('sent both');
