import type { Clock } from '../../ports.ts';
import type { Turn } from '../turn/turn.ts';

/** A queue or an exchange with messages that may have fallen due while the broker was down. */
export interface Overdue {
  /** All that a restart brings back is here. */
  restored(): void;
  /** When something is due next, by the clock; Infinity: never. */
  readonly dueAt: number;
  /** Does what is due next, for one message. */
  catchUp(): void;
  /** All that was due is done: from now on it is done when its time comes. */
  resume(): void;
}

/** Deadlines that are met between two waits for the disk, about. */
const STEP = 64;

/**
 * Does what fell due while the broker was down, in the order in which it would have happened, over
 * all queues and exchanges. `settled` resolves when the disk is not far behind.
 */
export async function catchUp(
  all: readonly Overdue[], { turn, clock, settled }: {
    readonly turn: Turn; readonly clock: Clock; readonly settled: () => Promise<void>;
  },
): Promise<void> {
  for (const each of all) each.restored();
  // Time goes on meanwhile.
  while (all.some(({ dueAt }) => dueAt <= clock.now())) {
    const line = new Line(all, clock.now());
    let count = 0;
    for (let each = line.first; each !== undefined; each = line.first) {
      turn.within(() => each!.catchUp());
      line.again();
      if (++count % STEP === 0) await settled();
    }
    await settled();
  }
  turn.within(() => {
    for (const each of all) each.resume();
  });
}

interface Waiting {
  readonly overdue: Overdue;
  at: number;
  readonly number: number;
}

/** Those with something that is due, the first one first: a binary heap. */
class Line {
  readonly #heap: Waiting[];
  readonly #until: number;

  constructor(all: readonly Overdue[], until: number) {
    this.#until = until;
    this.#heap = all.map((overdue, number) => ({ overdue, at: overdue.dueAt, number }))
      .filter(({ at }) => at <= until)
      .sort((a, b) => a.at - b.at || a.number - b.number);
  }

  get first(): Overdue | undefined {
    return this.#heap[0]?.overdue;
  }

  /** The first one has met its deadline, and has another one, or none. */
  again(): void {
    const first = this.#heap[0]!;
    const { dueAt } = first.overdue;
    if (dueAt > this.#until) {
      const last = this.#heap.pop()!;
      if (last === first) return;
      this.#sink(last);
      return;
    }
    // What lies behind something that was due later is due with it.
    first.at = Math.max(first.at, dueAt);
    this.#sink(first);
  }

  /** Puts one in the place of the first, and then where it belongs. */
  #sink(waiting: Waiting): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      let next = 2 * index + 1;
      if (next >= heap.length) break;
      if (next + 1 < heap.length && isBefore(heap[next + 1]!, heap[next]!)) next++;
      if (!isBefore(heap[next]!, waiting)) break;
      heap[index] = heap[next]!;
      index = next;
    }
    heap[index] = waiting;
  }
}

function isBefore(a: Waiting, b: Waiting): boolean {
  return a.at === b.at ? a.number < b.number : a.at < b.at;
}
