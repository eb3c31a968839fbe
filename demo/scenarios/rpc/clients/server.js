import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

const fibonacci = (n) => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));

await channel.basicConsume('rpc', { noAck: false }, (message) => {
  const { replyTo } = message.properties;
  const answer = fibonacci(Number(message.bodyString()));
  channel.basicPublish('', replyTo, String(answer), {
    correlationId: message.properties.correlationId,
  });
  message.ack();
});
console.log('ready');
