import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.confirmSelect();

let number = 0;
setInterval(() => {
  number += 1;
  const order = `order ${number}`;
  channel.basicPublish('', 'orders', order)
    .then(() => console.log(`${order} is safe`))
    .catch(() => console.log(`${order} was refused`));
}, 1000);
