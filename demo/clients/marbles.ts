import type * as Rxjs from 'rxjs';
import type { Marble } from '../port/client-host.ts';
import { lineIn, type Modules } from './module.ts';

/** What was seen, before the world says when and of whom. */
export type Mark = Pick<Marble, 'line' | 'name' | 'kind' | 'text'>;

/** Where in the code an Observable comes from, and what made it. */
interface Origin {
  readonly line: number;
  readonly name: string;
}

/** Marks that a client may make in one turn; more would lie on each other. */
const MARKS_PER_TURN = 50;
const TEXT_CHARS_MAX = 60;

export interface Marbles {
  /** What the code imports in place of the modules: it does the same, and is watched. */
  readonly modules: Modules;
  beginTurn(): void;
}

/**
 * Watches the Observables that the code of a client makes: those that a function of RxJS or of the
 * RxJS client answers when a line of the code calls it, and what an operator makes of others. What
 * libraries do among themselves is not seen.
 */
export function watchMarbles(modules: Modules, mark: (mark: Mark) => void): Marbles {
  const rxjs = modules['rxjs'] as typeof Rxjs;
  const origins = new WeakMap<object, Origin>();
  let marks = 0;
  const note = ({ line, name }: Origin, kind: Mark['kind'], value?: unknown): void => {
    marks++;
    if (marks <= MARKS_PER_TURN) mark({ line, name, kind, text: textOf(value) });
  };
  const setOrigin = (made: unknown, origin: Origin): void => {
    const isKnown = typeof made !== 'function' && !rxjs.isObservable(made);
    if (!isKnown && !origins.has(made as object)) origins.set(made as object, origin);
  };
  watchPipes(rxjs, origins, setOrigin);
  watchSubscriptions(rxjs, origins, note);
  const watched = (name: string): Record<string, unknown> =>
    watchedModule(modules[name] as object, setOrigin);
  return {
    modules: { ...modules, rxjs: watched('rxjs'), 'tabmq/client': watched('tabmq/client') },
    beginTurn: () => (marks = 0),
  };
}

type SetOrigin = (made: unknown, origin: Origin) => void;

/** The same module, whose functions note which line of the code called them. */
function watchedModule(module: object, setOrigin: SetOrigin): Record<string, unknown> {
  return Object.fromEntries(Object.entries(module).map(([name, value]: [string, unknown]) => {
    // Classes have a capital letter, and are what they are.
    if (typeof value !== 'function' || !/^[a-z]/.test(name)) return [name, value];
    const make = value as (...parameters: unknown[]) => unknown;
    return [name, (...parameters: unknown[]): unknown => {
      const made = make(...parameters);
      const line = lineIn(new Error());
      if (line > 0) setOrigin(made, { line, name });
      return made;
    }];
  }));
}

/** What an operator makes has the origin of the operator. */
function watchPipes(
  { Observable }: typeof Rxjs, origins: WeakMap<object, Origin>, setOrigin: SetOrigin,
): void {
  type Operator = (source: unknown) => unknown;
  const pipe = function pipe(this: unknown, ...operators: Operator[]): unknown {
    return operators.reduce((source, operator) => {
      const made = operator(source);
      const origin = origins.get(operator);
      if (origin !== undefined) setOrigin(made, origin);
      return made;
    }, this);
  };
  Observable.prototype.pipe = pipe as typeof Observable.prototype.pipe;
}

function watchSubscriptions(
  { Observable, tap }: typeof Rxjs, origins: WeakMap<object, Origin>,
  note: (origin: Origin, kind: Mark['kind'], value?: unknown) => void,
): void {
  type Subscribe = (this: Rxjs.Observable<unknown>, ...observer: unknown[]) => Rxjs.Subscription;
  const { subscribe } = Observable.prototype as unknown as { subscribe: Subscribe };
  /** Those to which their own watcher is about to subscribe. */
  const passing = new Set<Rxjs.Observable<unknown>>();
  const watching: Subscribe = function watching(...observer) {
    const origin = origins.get(this);
    if (origin === undefined || passing.delete(this)) return subscribe.apply(this, observer);
    passing.add(this);
    const watched = tap({
      next: (value: unknown) => note(origin, 'next', value),
      error: (error: unknown) => note(origin, 'error', error),
      complete: () => note(origin, 'complete'),
    })(this);
    return subscribe.apply(watched, observer);
  };
  Observable.prototype.subscribe = watching as typeof Observable.prototype.subscribe;
}

/** A value in a few words. */
function textOf(value: unknown): string {
  return wordsOf(value).slice(0, TEXT_CHARS_MAX);
}

function wordsOf(value: unknown): string {
  if (value === undefined || typeof value === 'function') return '';
  if (value === null || typeof value !== 'object') return String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (Array.isArray(value)) return `${value.length} values`;
  // A message has a body, which text() reads.
  const { text } = value as { readonly text?: unknown };
  return typeof text === 'function' ? String(text.call(value)) : '';
}
