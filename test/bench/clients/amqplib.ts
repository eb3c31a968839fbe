import amqplib from 'amqplib';
import { slide, type OpenClient } from './client.ts';

export const openAmqplib: OpenClient = async (port) => {
  const connection = await amqplib.connect({ hostname: '127.0.0.1', port });
  return {
    async publish(counter, queue, body, window) {
      const channel = await connection.createConfirmChannel();
      const content = Buffer.from(body);
      slide(counter, window, (confirmed) => channel.publish('', queue, content, {}, confirmed));
      await counter.full;
    },
    async consume(counter, queue, prefetch) {
      const channel = await connection.createChannel();
      await channel.prefetch(prefetch);
      await channel.consume(queue, (message) => {
        channel.ack(message!);
        counter.add();
      });
      await counter.full;
      // To close the connection at once would overtake the last acknowledgements.
      await channel.close();
    },
    close: () => connection.close(),
  };
};
