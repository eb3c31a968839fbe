import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

const keys = ['eu', 'us', 'mars'];
let number = 0;
setInterval(() => {
  const key = keys[number % keys.length];
  number += 1;
  channel.basicPublish('orders', key, `order ${number} for ${key}`, {}, false);
}, 1000);
