import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

const questions = new Map();
await channel.queueDeclare('answers', { exclusive: true });
await channel.basicConsume('answers', { noAck: true }, (message) => {
  const question = questions.get(message.properties.correlationId);
  if (question === undefined) console.log('an answer to a question that nobody asked');
  else console.log(`fibonacci(${question}) is ${message.bodyString()}`);
});

let number = 0;
setInterval(() => {
  number += 1;
  questions.set(`question ${number}`, number);
  channel.basicPublish('', 'rpc', String(number), {
    replyTo: 'answers', correlationId: `question ${number}`,
  });
}, 1000);
