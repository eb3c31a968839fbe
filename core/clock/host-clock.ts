import type { Cancel, Clock, Random } from '../ports.ts';

/** Longest delay that setTimeout takes; longer waits are cut into pieces of it. */
const TIMEOUT_MS_MAX = 0x7fff_ffff;

/** How a host does what the standard leaves to it. */
export interface HostClockOptions {
  /** Runs a task soon, as `setImmediate` does in Node. Default: a timeout of 0. */
  readonly defer?: (run: () => void) => void;
  /** Starts a timer and answers how to stop it. Default: `setTimeout`. */
  readonly startTimer?: (run: () => void, delayMs: number) => Cancel;
}

/** The clock of the machine, in Node and in browsers alike. */
export function hostClock(options: HostClockOptions = {}): Clock {
  const startTimer = options.startTimer ?? startTimeout;
  const origin = Date.now() - performance.now();
  return {
    now: () => performance.now(),
    wall: () => origin + performance.now(),
    defer: options.defer ?? ((run) => void setTimeout(run, 0)),
    setTimer(delayMs, run) {
      let cancel: Cancel = () => {};
      const wait = (left: number): void => {
        const piece = Math.min(left, TIMEOUT_MS_MAX);
        cancel = startTimer(() => (left > piece ? wait(left - piece) : run()), piece);
      };
      wait(Math.max(0, delayMs));
      return () => cancel();
    },
  };
}

/** The machine's own randomness, for brokers that nobody replays. */
export const hostRandom: Random = () => Math.random();

function startTimeout(run: () => void, delayMs: number): Cancel {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
