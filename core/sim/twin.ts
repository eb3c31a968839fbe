import { restartInPlace } from '../broker/restart.ts';
import type { BrokerProcess } from './broker-process.ts';
import type { BrokerView, Seen } from './broker-view.ts';
import type { Model } from './model.ts';
import { check } from './violation.ts';

/** A queue in which nothing was out. */
interface Calm {
  readonly before: ReadonlySet<string>;
  readonly kept: readonly Seen[];
}

/**
 * Compares a restart in place, as the test kit does it, with the recovery after a kill that lost
 * nothing, for each queue in which nothing was out.
 */
export class Twin {
  #queues: ReadonlyMap<string, Calm> = new Map();

  /** A process is gone: what it had is restarted in place, where the disk has all that it did. */
  killed(process: BrokerProcess | undefined, { queues }: Model): void {
    this.#queues = new Map();
    if (process === undefined || process.failed || process.durable < process.written) return;
    const calm = [...queues.keys()].filter((name) => process.unackedCount(name) === 0);
    const before = calm.map((name) => new Set(process.ready(name).map(({ id }) => id)));
    // It is done in one turn, and nobody waits for that.
    process.broker.turn.ended = () => {};
    restartInPlace(process.broker, 'kept');
    this.#queues = new Map(calm.map((name, index) =>
      [name, { before: before[index]!, kept: process.ready(name) }]));
  }

  /** The restart that followed left the same, but for what fell due meanwhile, and went on. */
  recovered(view: BrokerView, { now, wallOffsets }: Model): void {
    const queues = this.#queues;
    this.#queues = new Map();
    // Where the wall clock was set, deadlines are others than they were.
    if (wallOffsets.length > 1) return;
    for (const [name, { before, kept }] of queues) {
      const known = (seen: readonly Seen[]): string => seen
        .filter(({ id, deadline }) => before.has(id) && deadline > now).map(({ id }) => id).join();
      const [inPlace, onJournal] = [known(kept), known(view.ready(name))];
      check(inPlace === onJournal, 'restart',
        () => `${name} keeps ${inPlace} in place, and ${onJournal} on its journal`);
    }
  }
}
