import type { Delivery, Outcome } from '../delivery/delivery.ts';
import type { QueueFacts } from './queue-host.ts';

/** Tells whoever traces who settled a delivery, and how. */
export function traceSettled(queue: QueueFacts, delivery: Delivery, outcome: Outcome): void {
  const { address, consumer, deliveryTag } = delivery;
  const { owner = '', consumerTag = '' } = consumer?.options ?? {};
  const { trace } = queue.vhost.events;
  trace.settled(queue, address, outcome, { owner, consumerTag, deliveryTag });
}
