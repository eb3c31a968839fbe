import { deferTask } from '../../browser/host-clock.ts';
import { seededRandom } from '../../core/random.ts';
import { errorText } from './error-text.ts';
import type { FromClient, ToClient } from './protocol.ts';

interface Timer {
  readonly run: () => void;
  /** Milliseconds from one time to the next; undefined: once. */
  readonly everyMs: number | undefined;
}

/** Time as the code of a client sees it, and how the world moves it from turn to turn. */
export interface VirtualGlobals {
  begin(start: Extract<ToClient, { type: 'start' }>): void;
  moveTo(now: number): void;
  fire(timer: number): void;
  /** Resolves in a task of its own, after those that are waiting. */
  nextTask(): Promise<void>;
  onUncaught(listener: (error: unknown) => void): void;
}

type Scope = typeof globalThis;

/** As in Node: a timer that sets the next one lets time go on, and never holds it still. */
const DELAY_MIN_MS = 1;

/**
 * Puts virtual time in place of the real one: timers, dates, `performance.now`, randomness; and
 * sends what is written to the console to the world. What goes on in real time all the same: tasks
 * of the platform such as `crypto.subtle` or reading a Blob.
 */
export function virtualGlobals(scope: Scope, post: (message: FromClient) => void): VirtualGlobals {
  const timers = new Map<number, Timer>();
  let lastTimer = 0;
  let now = 0;
  let wallStart = 0;
  const set = (run: () => void, delayMs: number, repeats: boolean): number => {
    const id = ++lastTimer;
    timers.set(id, { run, everyMs: repeats ? delayMs : undefined });
    post({ type: 'timer', id, delayMs });
    return id;
  };
  const clear = (id: unknown): void => {
    if (timers.delete(id as number)) post({ type: 'cancel', id: id as number });
  };
  replaceTimers(scope, set, clear);
  replaceDate(scope, () => wallStart + now);
  Object.defineProperty(scope.performance, 'now', { value: () => now });
  const beginLines = replaceConsole(scope, post);
  return {
    begin(start) {
      ({ now, wallStart } = start);
      scope.Math.random = seededRandom(start.seed);
    },
    moveTo(at) {
      now = at;
      beginLines();
    },
    fire(id) {
      const timer = timers.get(id);
      if (timer === undefined) return;
      if (timer.everyMs === undefined) timers.delete(id);
      else post({ type: 'timer', id, delayMs: timer.everyMs });
      timer.run();
    },
    // The queue in which its sockets send: a task here comes after what they have to say.
    nextTask: () => new Promise(deferTask),
    onUncaught(listener) {
      scope.addEventListener?.('error', (event) => {
        event.preventDefault();
        listener(event.error ?? event.message);
      });
      scope.addEventListener?.('unhandledrejection', (event) => {
        event.preventDefault();
        listener(event.reason);
      });
    },
  };
}

function replaceTimers(
  scope: Scope, set: (run: () => void, delayMs: number, repeats: boolean) => number,
  clear: (id: unknown) => void,
): void {
  const timer = (repeats: boolean) =>
    (run: (...parameters: unknown[]) => void, delayMs = 0, ...parameters: unknown[]): number =>
      set(() => run(...parameters), Math.max(DELAY_MIN_MS, Number(delayMs) || 0), repeats);
  Object.assign(scope, {
    setTimeout: timer(false), setInterval: timer(true), clearTimeout: clear, clearInterval: clear,
  });
}

function replaceDate(scope: Scope, wall: () => number): void {
  scope.Date = new Proxy(scope.Date, {
    construct: (target, parameters, newTarget) =>
      Reflect.construct(target, parameters.length === 0 ? [wall()] : parameters, newTarget) as Date,
    apply: (target) => new target(wall()).toString(),
    get: (target, name, receiver) => (name === 'now' ? wall : Reflect.get(target, name, receiver)),
  });
}

/** Lines that a client may write in one turn; more would only hide what came before them. */
const LINES_PER_TURN = 200;

/** Answers what begins a turn. */
function replaceConsole(scope: Scope, post: (message: FromClient) => void): () => void {
  let lines = 0;
  for (const level of ['log', 'info', 'warn', 'error'] as const) {
    scope.console[level] = (...values: unknown[]) => {
      lines++;
      if (lines <= LINES_PER_TURN) {
        post({ type: 'log', level, text: values.map(textOf).join(' ') });
      } else if (lines === LINES_PER_TURN + 1) {
        post({ type: 'log', level: 'warn', text: tooManyLines });
      }
    };
  }
  scope.console.debug = scope.console.log;
  return () => (lines = 0);
}

const tooManyLines = `It writes more than ${LINES_PER_TURN} lines at once: the rest is left out.`;

/** Longest line that a client can write. */
const LOG_CHARS_MAX = 4000;

function textOf(value: unknown): string {
  return wordsOf(value).slice(0, LOG_CHARS_MAX);
}

function wordsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return errorText(value);
}
