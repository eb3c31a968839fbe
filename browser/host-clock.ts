import { hostClock } from '../core/clock/host-clock.ts';
import type { Clock } from '../core/ports.ts';

const tasks: (() => void)[] = [];
let tick: MessagePort | undefined;

/**
 * Runs a function in a task of its own. A timeout of 0 becomes one of 4 ms when it is used all the
 * time, and one of a second in a tab that nobody sees, so that a message to oneself takes its
 * place.
 */
export function deferTask(run: () => void): void {
  tick ??= startTicking();
  tasks.push(run);
  tick.postMessage(undefined);
}

function startTicking(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => tasks.shift()?.();
  return port2;
}

/** The browser's clock. */
export function browserClock(): Clock {
  return hostClock({ defer: deferTask });
}
