import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

const keys = ['quick.orange.rabbit', 'lazy.orange.old.rabbit', 'quick.brown.fox'];
let number = 0;
setInterval(() => {
  const key = keys[number % keys.length];
  number += 1;
  channel.basicPublish('animals', key, `animal ${number}`);
  console.log(`here comes ${key}`);
}, 1000);
