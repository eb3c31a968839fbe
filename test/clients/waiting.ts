/** Tests here never sleep: they wait for a promise, an event or a delivery, and say which one. */
import { once, type EventEmitter } from 'node:events';

/** So long that only what never comes is late, on however slow a machine. */
const PATIENCE_MS = 45_000;

export async function within<T>(what: string, promise: Promise<T>, millisecondsMax = PATIENCE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    const late = new Error(`waited ${millisecondsMax} ms for ${what}`);
    timer = setTimeout(() => reject(late), millisecondsMax);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** The first argument of the next such event. */
export async function nextEvent<T>(emitter: EventEmitter, name: string): Promise<T> {
  const [argument] = await within(`the event '${name}'`, once(emitter, name));
  return argument as T;
}

/** Collects what a callback is given, so that a test can take it in order. */
export class Inbox<T> {
  readonly #arrived: T[] = [];
  readonly #takers: ((item: T) => void)[] = [];

  readonly put = (item: T): void => {
    const taker = this.#takers.shift();
    if (taker) taker(item);
    else this.#arrived.push(item);
  };

  /** How many items arrived that nobody took. */
  get waitingCount(): number {
    return this.#arrived.length;
  }

  async take(what = 'a message'): Promise<T> {
    if (this.#arrived.length > 0) return this.#arrived.shift() as T;
    return within(what, new Promise<T>((resolve) => this.#takers.push(resolve)));
  }

  async takeMany(count: number): Promise<T[]> {
    const items: T[] = [];
    while (items.length < count) items.push(await this.take(`message ${items.length + 1} of ${count}`));
    return items;
  }
}

/** Calls a callback-style function and resolves with its result. */
export function calling<T>(what: string, call: (done: (error: unknown, result?: T) => void) => void): Promise<T> {
  return within(
    what,
    new Promise<T>((resolve, reject) => {
      call((error, result) => (error ? reject(error as Error) : resolve(result as T)));
    }),
  );
}
