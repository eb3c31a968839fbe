import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

const replyTo = 'amq.rabbitmq.reply-to';
await channel.basicConsume(replyTo, { noAck: true, tag: 'answers' }, (message) => {
  console.log(`twice ${message.properties.correlationId} is ${message.bodyString()}`);
});

let number = 0;
setInterval(() => {
  number += 1;
  const correlationId = String(number);
  channel.basicPublish('', 'double', correlationId, { replyTo, correlationId });
  console.log(`what is twice ${number}?`);
}, 800);
