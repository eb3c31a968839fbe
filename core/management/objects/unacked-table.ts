import type { Delivery } from '../../broker/delivery/delivery.ts';
import { flags, numbers, texts } from '../lists/columns.ts';
import { Table } from '../lists/table.ts';

/** A delivery that is out, and the channel that holds it. */
export interface HeldDelivery {
  readonly owner: string;
  readonly delivery: Delivery;
}

/** A message that somebody holds unacknowledged: who, and for how long. */
export const unackedTable = new Table<HeldDelivery>('delivery', {
  id: texts(({ delivery }) => delivery.id),
  channel: texts(({ owner }) => owner),
  consumer_tag: texts(({ delivery }) => delivery.consumer?.options.consumerTag ?? ''),
  delivery_tag: numbers(({ delivery }) => delivery.deliveryTag),
  redelivered: flags(({ delivery }) => delivery.redelivered),
  delivery_count: numbers(({ delivery }) => delivery.deliveryCount),
  age_ms: numbers(({ delivery }, { broker }) => (
    Math.floor(broker.clock.now() - delivery.deliveredAt))),
}, { nameOf: ({ owner }) => owner });
