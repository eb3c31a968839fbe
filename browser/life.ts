/**
 * Who lives, as Web Locks tell it: a lock is let go of when its holder is closed or crashes, and
 * that is the only sign of it that every browser gives. Without a secure context there are none.
 */

/** Holds a lock of its own until this page or worker ends, and answers its name. */
export async function holdLife(): Promise<string | undefined> {
  if (!hasLocks()) return undefined;
  const name = `tabmq:life:${crypto.randomUUID()}`;
  await new Promise<void>((held, refused) => {
    navigator.locks
      .request(name, () => {
        held();
        return new Promise<never>(() => {});
      })
      .catch(refused);
  });
  return name;
}

/** Resolves once the holder of the lock is gone; never, where there are no locks. */
export function whenGone(life: string | undefined): Promise<void> {
  if (life === undefined || !hasLocks()) return new Promise(() => {});
  return navigator.locks.request(life, { mode: 'shared' }, () => {});
}

export function hasLocks(): boolean {
  return globalThis.navigator?.locks !== undefined;
}
