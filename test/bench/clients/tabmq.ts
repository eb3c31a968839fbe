import { map, range } from 'rxjs';
import { connect, type Connection } from 'tabmq/client';
import type { OpenClient } from './client.ts';

export const openTabmq: OpenClient = async (port) => {
  let close = (): void => {};
  const connection = await new Promise<Connection>((resolve, reject) => {
    // Not by firstValueFrom, which would unsubscribe and so close it at once.
    const link = connect(`amqp://127.0.0.1:${port}`).subscribe({ next: resolve, error: reject });
    close = () => link.unsubscribe();
  });
  return {
    async publish(counter, queue, body, window) {
      const message = { routingKey: queue, body };
      range(counter.total)
        .pipe(map(() => message), connection.publisher({ inFlightMax: window }))
        .subscribe(() => counter.add());
      await counter.full;
    },
    async consume(counter, queue, prefetch) {
      const deliveries = connection.consume(queue, { prefetch }).subscribe((delivery) => {
        delivery.ack();
        counter.add();
      });
      await counter.full;
      deliveries.unsubscribe();
    },
    close: async () => close(),
  };
};
