import type { Cancel } from '../../ports.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Timers } from './expiry-timer.ts';

interface Retry {
  readonly at: number;
  readonly cancel: Cancel;
}

/** Messages that came back to a queue and wait before they are ready again. QUE-29. */
export class Retries {
  readonly #timers: Timers;
  readonly #ready: (delivery: Delivery) => void;
  readonly #waiting = new Map<Delivery, Retry>();
  /** Those that a restart brought back, until they have timers: the last due first. */
  #restored: { readonly delivery: Delivery; readonly at: number }[] = [];

  /** `ready` is told of each message that is ready again. */
  constructor(timers: Timers, ready: (delivery: Delivery) => void) {
    this.#timers = timers;
    this.#ready = ready;
  }

  /** The message is ready again at this time of the clock. */
  wait(delivery: Delivery, at: number): void {
    const run = (): void => {
      this.#waiting.delete(delivery);
      this.#ready(delivery);
    };
    const delayMs = Math.max(0, at - this.#timers.turn.now);
    const cancel = this.#timers.setTimer(delayMs, run, 'a message is tried again');
    this.#waiting.set(delivery, { at, cancel });
  }

  /** One that waited when the broker stopped; it has no timer before `resume`. */
  restore(delivery: Delivery, at: number): void {
    this.#restored.push({ delivery, at });
  }

  /** When the first of those that a restart brought back is ready; Infinity: there is none. */
  get restoredAt(): number {
    return this.#restored.at(-1)?.at ?? Infinity;
  }

  /** All that a restart brings back is here: from now on `restoredAt` is right. */
  sort(): void {
    this.#restored.reverse();
    this.#restored.sort((a, b) => b.at - a.at);
  }

  /** The first of those that a restart brought back is ready. */
  readyRestored(): void {
    this.#ready(this.#restored.pop()!.delivery);
  }

  /** What a restart brought back, and is not ready yet, has timers from now on. */
  resume(): void {
    for (const { delivery, at } of this.#restored.toReversed()) this.wait(delivery, at);
    this.#restored = [];
  }

  /** Visits the messages that wait, with when they are ready again. */
  forEach(visit: (delivery: Delivery, at: number) => void): void {
    for (const [delivery, { at }] of this.#waiting) visit(delivery, at);
  }

  /** Nobody waits for them any more; answers what waited. */
  clear(): Delivery[] {
    const deliveries = [
      ...this.#waiting.keys(), ...this.#restored.map(({ delivery }) => delivery),
    ];
    for (const { cancel } of this.#waiting.values()) cancel();
    this.#waiting.clear();
    this.#restored = [];
    return deliveries;
  }
}
