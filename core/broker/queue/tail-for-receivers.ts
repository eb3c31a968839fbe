import type { Delivery } from '../delivery/delivery.ts';
import { tailOf, type Tail } from '../message/content-frames.ts';
import { rewrite } from '../message/rewriting.ts';
import { MARK_BCC } from '../message/store.ts';
import type { QueueFacts } from './queue-host.ts';

/**
 * The message of a delivery as receivers see it: from a quorum queue with the count of deliveries
 * that failed, from `countFrom` on (QUE-30), and never with the header BCC (BAS-04).
 */
export function tailForReceivers(
  { vhost, settings }: QueueFacts, { address, deliveryCount }: Delivery, countFrom: number,
): Tail {
  const { store } = vhost;
  const counts = settings.type === 'quorum' && deliveryCount >= countFrom;
  store.locate(address);
  const hides = (store.marks & MARK_BCC) !== 0;
  if (!counts && !hides) return store;
  return tailOf(rewrite(vhost.readMessage(address).bytes, {
    ...(counts ? { setHeaders: { 'x-delivery-count': BigInt(deliveryCount) } } : {}),
    ...(hides ? { dropHeaders: ['BCC'] } : {}),
  }));
}
