/**
 * A question and its answer. The client names the pseudo-queue amq.rabbitmq.reply-to, so the
 * broker hands the answer straight back to the channel that asked: no reply queue is declared.
 */
import amqplib from 'amqplib';

const connection = await amqplib.connect(process.env['AMQP_URL'] ?? 'amqp://localhost');

const server = await connection.createChannel();
const { queue } = await server.assertQueue('', { exclusive: true });
await server.consume(queue, (question) => {
  if (question === null) return;
  const { replyTo, correlationId } = question.properties;
  const answer = Number(question.content) ** 2;
  server.sendToQueue(replyTo, Buffer.from(`${answer}`), { correlationId });
  server.ack(question);
});

const client = await connection.createChannel();
const waiting = new Map<string, (answer: string) => void>();
await client.consume(
  'amq.rabbitmq.reply-to',
  (reply) => waiting.get(reply?.properties.correlationId)?.(`${reply?.content}`),
  { noAck: true },
);

function square(number: number): Promise<string> {
  const correlationId = `question-${number}`;
  const answer = new Promise<string>((resolve) => waiting.set(correlationId, resolve));
  const replyTo = 'amq.rabbitmq.reply-to';
  client.sendToQueue(queue, Buffer.from(`${number}`), { correlationId, replyTo });
  return answer;
}

const numbers = [2, 7, 12];
const answers = await Promise.all(numbers.map(square));
numbers.forEach((number, index) => console.log(`${number} squared is ${answers[index]}`));
await connection.close();
