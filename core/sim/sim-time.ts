import { VirtualClock } from '../clock/virtual-clock.ts';
import { check } from './violation.ts';

/** Continuations of promises that follow from one instant. */
const SETTLING_TICKS = 40;
const RECOVERY_TICKS = 3000;
/** Virtual time within which all must come that is waited for once everything is healed. */
const LIVENESS_MS = 60_000;

/** What is done as time passes. */
interface TimeHooks {
  /** Whether a broker is being recovered. */
  isStarting(): boolean;
  endTurn(): void;
}

/** Virtual time, which passes turn by turn until something went wrong. */
export class SimTime {
  readonly clock = new VirtualClock();
  readonly #hooks: TimeHooks;
  readonly #failures: unknown[] = [];

  constructor(hooks: TimeHooks) {
    this.#hooks = hooks;
  }

  now(): number {
    return this.clock.now();
  }

  /** Something went wrong: no more time passes. */
  fail(failure: unknown): void {
    this.#failures.push(failure);
  }

  /** What goes wrong here is not thrown now, into whatever called it. */
  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  background(promise: Promise<void>): void {
    promise.catch((error: unknown) => this.fail(error));
  }

  /** Lets time pass until it is so; liveness is that this is not for ever. */
  async until(holds: () => boolean, what: string): Promise<void> {
    const deadline = this.now() + LIVENESS_MS;
    while (!holds()) {
      const next = this.clock.nextTimerAt;
      check(this.now() < deadline, 'liveness', () => `waited ${LIVENESS_MS} ms for ${what}`);
      await this.advanceTo(Math.min(next ?? this.now() + 1000, this.now() + 1000));
    }
  }

  async finish(promise: Promise<unknown>): Promise<void> {
    let done = false;
    this.background(promise.then(() => void (done = true)));
    await this.until(() => done, 'a promise');
  }

  async advanceTo(at: number): Promise<void> {
    for (;;) {
      await this.#settle();
      const next = this.clock.nextTimerAt;
      if (next === undefined || next > at) break;
      this.clock.advanceTo(next);
    }
    this.clock.advanceTo(at);
    await this.#settle();
  }

  /** Runs the continuations of promises, and ends the turn that they were. */
  async #settle(): Promise<void> {
    for (let tick = 0; tick < SETTLING_TICKS; tick++) await undefined;
    // A recovery reads on and on, and is over before anything else happens to the process.
    for (let tick = 0; tick < RECOVERY_TICKS && this.#hooks.isStarting(); tick++) await undefined;
    this.#hooks.endTurn();
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}
