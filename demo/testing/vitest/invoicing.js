/** The program under test: it knows amqplib and the address of a broker, and nothing of tests. */
import amqplib from 'amqplib';

const MINUTE_MS = 60_000;
const retries = [1, 5, 30].map((minutes) => ({ queue: `invoices.retry-${minutes}m`, minutes }));

/**
 * Prints invoices. One that cannot be printed waits 1, 5 and 30 minutes and is tried again; after
 * that it is buried in `invoices.failed`.
 */
export async function startInvoicing(url, print) {
  const connection = await amqplib.connect(url);
  const channel = await connection.createChannel();
  await channel.assertQueue('invoices');
  await channel.assertQueue('invoices.failed');
  for (const { queue, minutes } of retries) {
    await channel.assertQueue(queue, {
      messageTtl: minutes * MINUTE_MS, deadLetterExchange: '', deadLetterRoutingKey: 'invoices',
    });
  }
  await channel.prefetch(10);
  await channel.consume('invoices', async (message) => {
    const attempt = message.properties.headers?.['x-attempt'] ?? 0;
    try {
      await print(JSON.parse(message.content.toString()));
    } catch {
      const queue = retries[attempt]?.queue ?? 'invoices.failed';
      channel.sendToQueue(queue, message.content, { headers: { 'x-attempt': attempt + 1 } });
    }
    channel.ack(message);
  });
  return {
    submit: (invoice) => channel.sendToQueue('invoices', Buffer.from(JSON.stringify(invoice))),
    stop: () => connection.close(),
  };
}
