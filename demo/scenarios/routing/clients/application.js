import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

const levels = ['info', 'warning', 'error'];
let number = 0;
setInterval(() => {
  const level = levels[number % levels.length];
  number += 1;
  channel.basicPublish('log-levels', level, `${level} ${number}`);
  console.log(`logged ${level} ${number}`);
}, 1000);
