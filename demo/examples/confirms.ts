/**
 * How a publisher knows what became of its messages: the broker confirms what it took over,
 * refuses what a full queue has no room for, and returns what no queue is bound for.
 */
import { once } from 'node:events';
import amqplib, { type Message } from 'amqplib';

const connection = await amqplib.connect(process.env['AMQP_URL'] ?? 'amqp://localhost');
const channel = await connection.createConfirmChannel();

const { queue } = await channel.assertQueue('', {
  exclusive: true,
  maxLength: 2,
  arguments: { 'x-overflow': 'reject-publish' },
});

function publish(text: string): Promise<string> {
  return new Promise((resolve) => {
    channel.sendToQueue(queue, Buffer.from(text), {}, (refusal) => {
      resolve(`${text}: ${refusal ? 'refused' : 'confirmed'}`);
    });
  });
}

for (const text of ['first', 'second', 'third']) console.log(await publish(text));

// A mandatory message that reaches no queue comes back, and is confirmed after that.
const returned = once(channel, 'return');
channel.publish('', 'no-such-queue', Buffer.from('lost?'), { mandatory: true });
const [message] = (await returned) as [Message];
const { replyText } = message.fields as unknown as { replyText: string };
console.log(`${message.content} came back: ${replyText}`);

await channel.waitForConfirms();
await connection.close();
