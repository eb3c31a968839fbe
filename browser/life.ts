/**
 * Who lives, as Web Locks tell it: a lock is let go of when its holder is closed or crashes, and
 * that is the only sign of it that every browser gives. There are none without a secure context,
 * and where a browser denies a site its storage it denies them as well.
 */
import type { Cancel } from '../core/ports.ts';
import { browserLimits } from './limits.ts';

let own: Promise<string | undefined> | undefined;

/**
 * Holds a lock until this page or worker ends, and answers its name; undefined: there are no
 * locks, so that nobody can be told.
 */
export function holdLife(): Promise<string | undefined> {
  return own ??= hold();
}

async function hold(): Promise<string | undefined> {
  if (!hasLocks()) return undefined;
  const name = `tabmq:life:${crypto.randomUUID()}`;
  return new Promise((resolve) => {
    const held = (): Promise<never> => {
      resolve(name);
      return new Promise(() => {});
    };
    lock(name, {}, held).catch(() => resolve(undefined));
  });
}

/** Whether this page or worker may use locks, which only an attempt shows. */
export async function mayLock(): Promise<boolean> {
  return await holdLife() !== undefined;
}

/** Somebody who waits for the end of a life. */
interface Watcher {
  readonly ended: () => void;
  readonly unsure: () => void;
}

/** Those who watch, by the life. */
const watchers = new Map<string, Set<Watcher>>();
/** Lives that were seen, and have ended. */
const ended = new Set<string>();
const ENDED_KEPT_MAX = 64;

/**
 * Calls `ended` once the holder of the lock is gone; never, where there are no locks. Calls
 * `unsure` where the lock is not seen to be held: its holder was gone before, or is there and has
 * locks of its own, as when the data of the site were cleared since either of the two began.
 */
export function watchLife(life: string, run: () => void, unsure = (): void => {}): Cancel {
  let cancelled = false;
  const unless = (run: () => void) => (): void => void (cancelled || run());
  const watcher: Watcher = { ended: unless(run), unsure: unless(unsure) };
  const watching = watchers.get(life);
  if (ended.has(life)) {
    queueMicrotask(watcher.ended);
  } else if (watching !== undefined) {
    watching.add(watcher);
  } else {
    watchers.set(life, new Set([watcher]));
    void awaitEnd(life);
  }
  return () => {
    cancelled = true;
    watchers.get(life)?.delete(watcher);
  };
}

/** Asks for the lock once, however many watch. */
async function awaitEnd(life: string): Promise<void> {
  let how: keyof Watcher = 'unsure';
  if (await isAlive(life)) {
    await lock(life, { mode: 'shared' }, () => {});
    how = 'ended';
    ended.add(life);
    if (ended.size > ENDED_KEPT_MAX) ended.delete([...ended][0]!);
  }
  const watching = watchers.get(life) ?? [];
  watchers.delete(life);
  for (const watcher of watching) watcher[how]();
}

/** Whether the lock is seen to be held. */
export async function isAlive(life: string): Promise<boolean> {
  if (!await mayLock()) return false;
  let isHeld = false;
  await lock(life, { mode: 'shared', ifAvailable: true }, (lock) => void (isHeld = lock === null));
  return isHeld;
}

/** Resolves once the holder of the lock is gone; never, where that is not seen. */
export function whenGone(life: string | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (life !== undefined) watchLife(life, resolve);
  });
}

/**
 * Watches a life that a port depends on. Where it is not seen, what is at the other end of the
 * port has time to show that it is there.
 */
export function watchPortLife(life: string, run: () => void, isOpen: () => boolean): Cancel {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = watchLife(life, run, () => {
    timer = setTimeout(() => void (isOpen() || run()), browserLimits.hostSilenceMs);
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}

export function hasLocks(): boolean {
  return globalThis.navigator?.locks !== undefined;
}

/** An exception of its own is a rejection as well. */
async function lock(
  name: string, options: LockOptions, run: (lock: Lock | null) => Promise<unknown> | void,
): Promise<unknown> {
  return navigator.locks.request(name, options, run);
}
