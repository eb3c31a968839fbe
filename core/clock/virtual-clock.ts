import type { Cancel, Clock } from '../ports.ts';

interface Timer {
  readonly at: number;
  /** Order of timers that are due at the same instant. */
  readonly sequence: number;
  run: (() => void) | undefined;
  readonly what: string;
}

/** A timer that waits. */
export interface PendingTimer {
  /** Clock time at which it is due. */
  readonly at: number;
  /** What waits; '' where that was not said. */
  readonly what: string;
}

/**
 * Time that stands still until it is moved. Timers run in order of their due time, those of one
 * instant in the order in which they were set; a binary heap keeps them.
 */
export class VirtualClock implements Clock {
  #now = 0;
  #sequence = 0;
  readonly #wallStart: number;
  readonly #timers: Timer[] = [];
  #deferred: (() => void)[] = [];
  #pending = 0;

  /** `wallStart` is the wall-clock time in milliseconds at which virtual time starts. */
  constructor(wallStart = Date.UTC(2026, 0, 1)) {
    this.#wallStart = wallStart;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#wallStart + this.#now;
  }

  /** Timers and deferred tasks that have not run yet; 0 when nothing is left behind. */
  get pending(): number {
    return this.#pending + this.#deferred.length;
  }

  /** When the next timer is due, or undefined when there is none. */
  get nextTimerAt(): number | undefined {
    this.#dropCancelled();
    return this.#timers[0]?.at;
  }

  setTimer(delayMs: number, run: () => void, what = ''): Cancel {
    const timer: Timer = {
      at: this.#now + Math.max(0, delayMs),
      sequence: this.#sequence++,
      run,
      what,
    };
    this.#push(timer);
    this.#pending++;
    return () => {
      if (timer.run === undefined) return;
      timer.run = undefined;
      this.#pending--;
    };
  }

  /** The timers that wait, the next one first. */
  get timers(): readonly PendingTimer[] {
    return this.#timers
      .filter(({ run }) => run !== undefined)
      .sort((a, b) => a.at - b.at || a.sequence - b.sequence)
      .map(({ at, what }) => ({ at, what }));
  }

  defer(run: () => void): void {
    this.#deferred.push(run);
  }

  /** Runs deferred tasks, and those that they defer, until none is left. Time stands still. */
  runDeferred(): void {
    while (this.#deferred.length > 0) {
      const tasks = this.#deferred;
      this.#deferred = [];
      for (const run of tasks) run();
    }
  }

  /** Moves time to `at`, running everything that becomes due on the way. */
  advanceTo(at: number): void {
    this.runDeferred();
    for (;;) {
      const next = this.nextTimerAt;
      if (next === undefined || next > at) break;
      this.#now = Math.max(this.#now, next);
      this.#runNext();
      this.runDeferred();
    }
    this.#now = Math.max(this.#now, at);
  }

  /** Moves time on, and runs in order all timers that are due by then. */
  advanceBy(milliseconds: number): void {
    this.advanceTo(this.#now + milliseconds);
  }

  /** Runs everything that is due without moving time. */
  runUntilIdle(): void {
    this.advanceTo(this.#now);
  }

  #runNext(): void {
    const timer = this.#pop();
    const run = timer?.run;
    if (timer === undefined || run === undefined) return;
    timer.run = undefined;
    this.#pending--;
    run();
  }

  #dropCancelled(): void {
    while (this.#timers.length > 0 && this.#timers[0]!.run === undefined) this.#pop();
  }

  #push(timer: Timer): void {
    const heap = this.#timers;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (isBefore(heap[parent]!, timer)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#timers;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (isBefore(last, heap[child]!)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
