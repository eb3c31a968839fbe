import { performance } from 'node:perf_hooks';
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { hostClock, type Cancel, type Clock } from '../../core/index.ts';

// Taken when the module loads: where a test fakes timers, it fakes those of its own code, and the
// broker's sockets go on.
const timers = { clearTimeout, setImmediate, setTimeout };

/** Monotonic milliseconds of this machine. */
export const hostNow = performance.now.bind(performance);

/** Milliseconds since 1970 of this machine. */
export const hostWall = Date.now;

/** Runs once, after so many real milliseconds; keeps no process alive. */
export function startHostTimer(run: () => void, delayMs: number): Cancel {
  const timer = timers.setTimeout(run, delayMs).unref();
  return () => timers.clearTimeout(timer);
}

/** Runs after the event loop has looked at its sockets. */
export function hostSoon(run: () => void): void {
  timers.setImmediate(run);
}

/** One turn of the event loop: what lies in a socket of this process has been read. */
export function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => hostSoon(resolve));
}

/** For what has to do with sockets alone, whatever the test does to time. */
export const socketClock: Clock = hostClock({ defer: hostSoon, startTimer: startHostTimer });
