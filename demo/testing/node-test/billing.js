/** The program under test: what operations declared is there, rascal only checks that it is. */
import rascal from 'rascal';

export async function startBilling(url, bill) {
  const broker = await rascal.BrokerAsPromised.create(rascal.withDefaultConfig({
    vhosts: {
      '/': {
        connection: { url, retry: { min: 20, max: 100 } },
        exchanges: { orders: { assert: false, check: true } },
        queues: { billing: { assert: false, check: true } },
        publications: { order: { exchange: 'orders', routingKey: 'order.created' } },
        subscriptions: { billing: { queue: 'billing', prefetch: 1 } },
      },
    },
  }));
  broker.on('error', () => {});
  const subscription = await broker.subscribe('billing');
  subscription.on('error', () => {});
  subscription.on('message', async (_message, order, ackOrNack) => {
    try {
      await bill(order);
      ackOrNack();
    } catch (error) {
      ackOrNack(error);
    }
  });
  return {
    order: (order) => broker.publish('order', order),
    pause: () => subscription.cancel(),
    stop: () => broker.shutdown(),
  };
}
