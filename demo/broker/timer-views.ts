import type { Broker, VirtualClock } from '../../core/index.ts';
import type { TimerView } from '../port/clock-control.ts';

const EXPIRY = 'a message expires';

/** The next timers of a broker and of all that lives in its time. */
export function timerViews(
  clock: VirtualClock, broker: Broker, count: number,
): readonly TimerView[] {
  return clock.timers.slice(0, count).map(({ at, what }) => (
    { at, what: what === EXPIRY ? expiryText(broker, at) : what }
  ));
}

/** Whose message it is that expires then. */
function expiryText(broker: Broker, at: number): string {
  for (const queue of broker.vhost().queues.values()) {
    let first = Infinity;
    queue.forEachReady((_message, { expiresAt }) => {
      first = expiresAt;
      return false;
    });
    if (first === at) return `${queue.name}: ${EXPIRY}`;
  }
  return EXPIRY;
}
