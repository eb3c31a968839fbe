import { hostClock } from '../core/clock/host-clock.ts';
import type { Clock } from '../core/ports.ts';

/**
 * The browser's clock. A timeout of 0 becomes one of 4 ms when it is used all the time, and one of
 * a second in a tab that nobody sees, so that a message to oneself takes its place.
 */
export function browserClock(): Clock {
  const { port1, port2 } = new MessageChannel();
  const tasks: (() => void)[] = [];
  port1.onmessage = () => tasks.shift()?.();
  return hostClock({
    defer(run) {
      tasks.push(run);
      port2.postMessage(undefined);
    },
  });
}
