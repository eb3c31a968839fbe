import { VirtualClock, type Cancel, type Clock } from '../../core/index.ts';
import { hostNow, hostSoon, startHostTimer } from './host-time.ts';

/** Longest delay of a host timer; what is due later is looked at again then. */
const HOST_DELAY_MS_MAX = 0x7fff_ffff;

/**
 * A clock that a test can move forward. One that flows goes with the wall clock in between; one
 * that does not stands still until it is moved.
 */
export class TestClock implements Clock {
  readonly #timers = new VirtualClock();
  readonly #flows: boolean;
  readonly #startedAt = hostNow();
  readonly #wallStart: number;
  /** How far it was moved beyond the wall clock. */
  #skipped = 0;
  #alarmAt = Infinity;
  #stopAlarm: Cancel = () => {};

  constructor(flows: boolean, wallStart: number) {
    this.#flows = flows;
    this.#wallStart = wallStart;
  }

  now(): number {
    return this.#flows ? hostNow() - this.#startedAt + this.#skipped : this.#timers.now();
  }

  wall(): number {
    return this.#wallStart + this.now();
  }

  setTimer(delayMs: number, run: () => void): Cancel {
    // The timers lag behind while nothing is due.
    const lag = this.now() - this.#timers.now();
    const cancel = this.#timers.setTimer(lag + Math.max(0, delayMs), run);
    this.#setAlarm();
    return cancel;
  }

  /** Sockets are real, and so is what is to happen right after what one of them brought. */
  defer(run: () => void): void {
    hostSoon(run);
  }

  /** Milliseconds until the next timer is due; Infinity: there is none. */
  get nextDelay(): number {
    return Math.max(0, (this.#timers.nextTimerAt ?? Infinity) - this.now());
  }

  /** Moves forward, and runs what is due then. */
  skip(milliseconds: number): void {
    if (!this.#flows) {
      this.#timers.advanceBy(milliseconds);
      return;
    }
    this.#skipped += milliseconds;
    this.#runDue();
  }

  /** Nothing runs any more. */
  stop(): void {
    this.#stopAlarm();
    this.#alarmAt = -Infinity;
  }

  #runDue(): void {
    this.#timers.advanceTo(Math.max(this.now(), this.#timers.now()));
    if (this.#alarmAt !== -Infinity) this.#alarmAt = Infinity;
    this.#stopAlarm();
    this.#setAlarm();
  }

  /** Has the wall clock wake a clock that flows when its next timer is due. */
  #setAlarm(): void {
    const dueAt = this.#timers.nextTimerAt;
    if (!this.#flows || dueAt === undefined || dueAt >= this.#alarmAt) return;
    this.#stopAlarm();
    this.#alarmAt = dueAt;
    // A host timer counts whole milliseconds, and a timer must never run too early.
    const delayMs = Math.min(Math.ceil(Math.max(0, dueAt - this.now())), HOST_DELAY_MS_MAX);
    this.#stopAlarm = startHostTimer(() => this.#runDue(), delayMs);
  }
}
