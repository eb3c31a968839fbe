import { hostClock, type Clock } from '../core/index.ts';

/**
 * Node's clock. Its timers keep no process alive: what waits for one in a gateway has a socket
 * that does.
 */
export function nodeClock(): Clock {
  return hostClock({
    defer: (run) => void setImmediate(run),
    startTimer(run, delayMs) {
      const timer = setTimeout(run, delayMs).unref();
      return () => clearTimeout(timer);
    },
  });
}
