import type { Delivery } from '../delivery/delivery.ts';

/** Takes messages out one after the other until those with these ids are found. */
export function pick(
  take: () => Delivery | undefined, ids: ReadonlySet<string>,
): { readonly removed: readonly Delivery[]; readonly others: readonly Delivery[] } {
  const removed: Delivery[] = [];
  const others: Delivery[] = [];
  while (removed.length < ids.size) {
    const taken = take();
    if (taken === undefined) break;
    (ids.has(taken.id) ? removed : others).push(taken);
  }
  return { removed, others };
}

/** Takes all messages out, and tells those that are to be kept from the others. */
export function sift(
  take: () => Delivery | undefined, isKept: (delivery: Delivery) => boolean,
): { readonly kept: readonly Delivery[]; readonly others: readonly Delivery[] } {
  const kept: Delivery[] = [];
  const others: Delivery[] = [];
  for (let taken = take(); taken !== undefined; taken = take()) {
    (isKept(taken) ? kept : others).push(taken);
  }
  return { kept, others };
}
