/** What makes a broker durable. One that keeps nothing never loads it. */
import type { Journal } from '../../storage/journal.ts';
import type { Durability } from '../broker.ts';
import { durabilityDefaults, type DurabilityOptions } from './options.ts';
import { Persistence } from './persistence.ts';
import { Recovery } from './recovery.ts';

export { messagesIn } from './records.ts';

/** Keeps what is durable in this journal: `new Broker({ durability: durableIn(journal) })`. */
export function durableIn(
  journal: Journal, given: Partial<DurabilityOptions> = {},
): Durability {
  const options = { ...durabilityDefaults, ...given };
  return {
    attach: ({ store, clock, turn }) => new Persistence(journal, store, clock, turn, options),
    recover: (broker, persistence, withCheckpoints) =>
      new Recovery(broker, persistence).run(withCheckpoints),
  };
}
