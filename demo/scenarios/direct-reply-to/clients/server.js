import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';

const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const connection = await client.connect();
const channel = await connection.channel();

await channel.basicConsume('double', { noAck: true }, (message) => {
  const { replyTo, correlationId } = message.properties;
  const answer = 2 * Number(message.bodyString());
  setTimeout(() => {
    channel.basicPublish('', replyTo, String(answer), { correlationId });
    console.log(`answered ${answer}`);
  }, 500);
});
console.log('ready');
