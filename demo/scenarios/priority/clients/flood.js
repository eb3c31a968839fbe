import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

let number = 0;
setInterval(() => {
  number += 1;
  channel.basicPublish('printing', `flood ${number}`, `flood ${number}`, { priority: 9 });
}, 500);
