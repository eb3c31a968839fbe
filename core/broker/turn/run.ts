import type { Observer } from 'rxjs';
import { assert } from '../../assert.ts';
import { limits } from '../../limits.ts';
import type { Address, AddressArray } from '../message/address.ts';

/** Messages that one run holds at most; a longer one goes on in another. */
export const RUN_MESSAGES_MAX = limits.runMessagesMax;

/**
 * Consecutive messages of one turn for the same destinations: what crosses from publisher to
 * queue. One object serves all turns; a destination reads it during `next` and keeps nothing.
 */
export class Run {
  count = 0;
  readonly addresses = new Float64Array(RUN_MESSAGES_MAX) as AddressArray;
  /** Milliseconds after which each expires by its own property; Infinity: never. QUE-15. */
  readonly timesToLive = new Float64Array(RUN_MESSAGES_MAX);
  /** Number of each among the publishes that its publisher wants confirmed. */
  readonly sequences = new Float64Array(RUN_MESSAGES_MAX);
  /** 1 where a destination refused the message: a publisher in confirm mode gets a nack. */
  readonly rejected = new Uint8Array(RUN_MESSAGES_MAX);

  add(address: Address, timeToLive: number, sequence = 0): void {
    const index = this.count++;
    this.addresses[index] = address;
    this.timesToLive[index] = timeToLive;
    this.sequences[index] = sequence;
    this.rejected[index] = 0;
  }
}

/** Where a route ends: a queue, or what stands in its place. */
export abstract class Destination implements Observer<Run> {
  /** What it is called where somebody looks at where messages go. */
  abstract readonly label: string;

  /** `queue`: it holds messages for consumers. */
  readonly kind: 'queue' | 'other' = 'other';

  /** Takes the messages of the run, or marks those that it refuses. */
  abstract next(run: Run): void;

  /** It went after a route to it was found: what comes now is dropped. */
  abstract get gone(): boolean;

  /** Throws: who hands messages over has no errors to tell. */
  error(error: unknown): void {
    throw error;
  }

  /** Fails: a destination has many publishers, and none of them ends it. */
  complete(): void {
    assert(false, 'a destination has many publishers, so none of them ends it');
  }

  /** Whether it keeps messages over a restart that are not persistent. */
  get keepsAll(): boolean {
    return false;
  }

  /** Whether the journal has a record of each of them, so that each needs a row in the table. */
  get keepsEach(): boolean {
    return false;
  }

  /** Whether a message would go to a consumer at once. IMM-6. */
  acceptsImmediately(_address: Address): boolean {
    return false;
  }

  /** Delivers what it just took, as far as consumers can take it. */
  pump(): void {}
}
