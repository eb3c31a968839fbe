import type { Address } from '../message/address.ts';
import type { QueueFacts } from './queue-host.ts';
import type { PriorityReady } from './priority-ready.ts';
import type { Ready } from './ready.ts';

/** Forgets messages that were taken out of a queue, over as many turns as that takes. */
export function forgetAll(
  queue: QueueFacts, taken: Ready | PriorityReady, forget: (address: Address) => void,
  done?: () => void,
): void {
  const { turn, events: { trace } } = queue.vhost;
  const reason = queue.gone ? 'queue-deleted' : 'purged';
  turn.stepwise(() => {
    const delivery = taken.shift();
    if (delivery === undefined) {
      taken.release();
      return false;
    }
    turn.spend(1);
    if (trace.active) trace.dropped(queue, delivery.address, reason);
    forget(delivery.address);
    return true;
  }, done);
}
