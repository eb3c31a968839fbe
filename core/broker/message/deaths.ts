import type { FieldTable } from '../../protocol/types.ts';

/** Why a message left a queue other than by an acknowledgement. QUE-19. */
export type DeadLetterReason = 'rejected' | 'expired' | 'maxlen' | 'delivery_limit';

/** One death of a message, as x-death tells it. QUE-21. */
export interface Death {
  readonly reason: DeadLetterReason;
  readonly queue: string;
  /** Exchange and keys that the message had been published with. */
  readonly exchange: string;
  readonly routingKeys: readonly string[];
  /** Whole seconds: the first death of this kind. */
  readonly time: Date;
  readonly originalExpiration: string | undefined;
}

/**
 * The headers that a death sets. `deaths` are the entries of x-death that count, newest first: one
 * for each queue and reason, the count of which goes up. QUE-21, QUE-22.
 */
export function addDeath(deaths: readonly FieldTable[], death: Death): FieldTable {
  const { reason, queue, exchange } = death;
  const isSame = (entry: FieldTable): boolean =>
    entry['queue'] === queue && entry['reason'] === reason;
  const before = deaths.find(isSame);
  const entry = before === undefined ? newEntry(death) : withCount(before, countOf(before) + 1n);
  const others = deaths.filter((each) => !isSame(each));
  // Where a publisher wrote the deaths before, which one was the first is its business.
  const first: FieldTable = deaths.length > 0
    ? {}
    : { 'x-first-death-exchange': exchange, 'x-first-death-queue': queue,
      'x-first-death-reason': reason };
  return {
    'x-death': [entry, ...others.map((other) => withCount(other, countOf(other)))],
    ...first,
    'x-last-death-exchange': exchange,
    'x-last-death-queue': queue,
    'x-last-death-reason': reason,
  };
}

/** Counts are always sent as 64 bits, however small they are. */
function withCount(entry: FieldTable, count: bigint): FieldTable {
  return { ...entry, count };
}

function countOf(entry: FieldTable): bigint {
  const { count } = entry;
  return typeof count === 'bigint' || typeof count === 'number' ? BigInt(count) : 0n;
}

function newEntry(death: Death): FieldTable {
  const { originalExpiration } = death;
  return {
    count: 1n,
    reason: death.reason,
    queue: death.queue,
    time: death.time,
    exchange: death.exchange,
    'routing-keys': [...death.routingKeys],
    ...(originalExpiration === undefined ? {} : { 'original-expiration': originalExpiration }),
  };
}

/**
 * The queues to which a message would go round without end: it died there before, and since then
 * nothing but the broker sent it on. A consumer's reject ends the suspicion. QUE-23.
 */
export function cycleQueues(deaths: readonly FieldTable[]): ReadonlySet<unknown> {
  const rejected = deaths.findIndex((entry) => entry['reason'] === 'rejected');
  const since = rejected === -1 ? deaths : deaths.slice(0, rejected);
  return new Set(since.map((entry) => entry['queue']));
}
