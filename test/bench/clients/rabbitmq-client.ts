import { Connection } from 'rabbitmq-client';
import { slide, type OpenClient } from './client.ts';

/** By its channels, which do less than its publishers and consumers, and so are the quicker way. */
export const openRabbitmqClient: OpenClient = async (port) => {
  const connection = new Connection(`amqp://guest:guest@127.0.0.1:${port}`);
  return {
    async publish(counter, queue, body, window) {
      const channel = await connection.acquire();
      await channel.confirmSelect();
      const content = Buffer.from(body);
      slide(counter, window, (confirmed) => {
        void channel.basicPublish({ routingKey: queue }, content).then(confirmed);
      });
      await counter.full;
      await channel.close();
    },
    async consume(counter, queue, prefetch) {
      const channel = await connection.acquire();
      await channel.basicQos({ prefetchCount: prefetch });
      await channel.basicConsume({ queue }, ({ deliveryTag }) => {
        channel.basicAck({ deliveryTag });
        counter.add();
      });
      await counter.full;
      await channel.close();
    },
    close: () => connection.close(),
  };
};
