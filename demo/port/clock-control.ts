import type { Observable } from 'rxjs';
import type { RecordedInput, Recording } from './recording.ts';

/** Time as it is now. */
export interface ClockState {
  /** Virtual milliseconds since the start. */
  readonly now: number;
  /** Wall-clock time in milliseconds that virtual time 0 stands for. */
  readonly wallStart: number;
  readonly paused: boolean;
  /** Virtual milliseconds for one of the wall, as asked for: 0.01 to 1000. */
  readonly speed: number;
  /** The same as it is: less where clients or the machine do not keep up. */
  readonly effectiveSpeed: number;
  readonly seed: number;
  /** When the next timer is due; null: nothing waits. */
  readonly nextTimerAt: number | null;
  /** Why time was stopped, where a breakpoint or a fault did it; ''. */
  readonly stoppedBy: string;
  /** What the broker or its world last met with that never should be, and stopped time; ''. */
  readonly fault: string;
  /** How many steps were made by hand, so that a picture can show what each did. */
  readonly steps: number;
  /** How often time jumped to the next timer, over a while in which nothing happened. */
  readonly jumps: number;
}

/** Something that waits for its time. */
export interface TimerView {
  readonly at: number;
  /** `wait-5s: a message expires`, `consumer-1: timer` */
  readonly what: string;
}

/**
 * What one step is. `frame`: one frame reaches the broker or one batch of frames a client;
 * `event`: something happens beside frames; `hop`: a message takes one way of the picture.
 */
export type StepUnit = 'frame' | 'event' | 'hop';

/** Where time stops by itself. */
export type Breakpoint =
  | { readonly on: 'dead-lettered' | 'unroutable' | 'redelivered' | 'channel-error' }
  | { readonly on: 'depth'; readonly queue: string; readonly above: number }
  /** `method`: `basic.publish`, or `basic.*`. */
  | { readonly on: 'frame'; readonly method: string };

/** Whether a run can begin with it: a whole number that JSON and links carry as it is. */
export function isSeed(seed: number): boolean {
  return Number.isSafeInteger(seed) && seed >= 0;
}

export const SPEED_MIN = 0.01;
export const SPEED_MAX = 1000;

/** Holds time in its hand. Every promise resolves once the world is quiet again. */
export interface ClockControl {
  /** Starts with the present state. */
  readonly state$: Observable<ClockState>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Whether anything was left to step to. Pauses first. */
  step(unit: StepUnit): Promise<boolean>;
  /** Jumps to the next timer and lets it run; whether there was one. Pauses first. */
  nextTimer(): Promise<boolean>;
  /** Runs as fast as it can until this virtual time, then is as before: running or paused. */
  advanceTo(at: number): Promise<void>;
  setSpeed(speed: number): Promise<void>;
  setBreakpoints(breakpoints: readonly Breakpoint[]): Promise<void>;
  /** The next timers, the earliest first; at most `count`, by default 20. */
  timers(count?: number): Promise<readonly TimerView[]>;
  /** What was done to this world from outside of its time, since it began. */
  recording(): Promise<Recording>;
  /**
   * Lets everything of a recording happen once more, each thing at its place: it begins with the
   * world, or follows on what was done when that one began.
   */
  repeat(inputs: readonly RecordedInput[]): Promise<void>;
  /** Everything anew: an empty broker, no clients, time 0. */
  reset(seed: number): Promise<void>;
}
