import { AMQPClient } from '@cloudamqp/amqp-client';
import { slide, type OpenClient } from './client.ts';

export const openCloudamqp: OpenClient = async (port) => {
  const connection = await new AMQPClient(`amqp://127.0.0.1:${port}`).connect();
  return {
    async publish(counter, queue, body, window) {
      const channel = await connection.channel();
      await channel.confirmSelect();
      slide(counter, window, (confirmed) => {
        void channel.basicPublish('', queue, body).then(confirmed);
      });
      await counter.full;
    },
    async consume(counter, queue, prefetch) {
      const channel = await connection.channel();
      await channel.basicQos(prefetch);
      await channel.basicConsume(queue, { noAck: false }, (message) => {
        void message.ack();
        counter.add();
      });
      await counter.full;
    },
    close: () => connection.close(),
  };
};
