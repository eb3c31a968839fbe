import { limits } from '../../limits.ts';

/**
 * What things count against the budget of a turn. One is an enqueue, a copy of a message for one
 * more queue, a delivery, an expiry, a settlement or the release of a message, each of which takes
 * a fraction of a microsecond; the others are told in that measure.
 */
export const work = {
  /** A method other than a publish or a settlement: it is decoded, done and answered. */
  method: 16,
  /** A message is read, rewritten and routed anew. */
  deadLetter: 16,
  /** A binding, a consumer or the like goes, and whoever looks is told. */
  removal: 8,
  /** A queue goes. */
  queueRemoval: 16,
  /** A queue or an exchange is looked at for the policies that apply to it. */
  policy: 64,
  /** An item of definitions is declared. */
  definition: 64,
  /** What is known of a message changes, and the journal has a record of it. */
  changedRecord: 16,
  /** A timer is due. */
  timer: 4,
  /** A death that a message died before, when it dies once more: it is read and written again. */
  pastDeath: 4,
  /** Bindings that are compared with the headers of a message. */
  comparisons: 4,
} as const;

/**
 * What it counts to write, or to copy, so many octets. Of fewer than `octetsPerWork` nobody needs
 * to ask: they are part of the enqueue or the delivery that they belong to.
 */
export function workOfOctets(octets: number): number {
  return Math.floor(octets / limits.octetsPerWork);
}
