import { segmentNumberOf, type Lsn } from '../../storage/journal.ts';
import type { Address } from '../message-store.ts';
import type { DurableDestination } from './persistence.ts';

/** That a message lies in a queue, or is held back by an exchange. */
export interface LiveEntry {
  readonly destination: DurableDestination;
  /** On the broker's clock. */
  readonly until: number;
  /** How often it came back there; it is redelivered if it did. */
  deliveryCount: number;
}

/** A message that the journal keeps, and where it lies. */
export interface LiveMessage {
  readonly address: Address;
  /** Its place among all messages: its first log sequence number. */
  order: Lsn;
  /** Size of its record. */
  bytes: number;
  readonly entries: LiveEntry[];
}

/** The messages in the journal that are not settled, by the segment that they lie in. */
export class LiveMessages {
  /** Size of all their records. */
  bytes = 0;
  readonly #segments = new Map<number, Map<Lsn, LiveMessage>>();

  get(lsn: Lsn): LiveMessage | undefined {
    return this.#segments.get(segmentNumberOf(lsn))?.get(lsn);
  }

  set(lsn: Lsn, live: LiveMessage): void {
    const number = segmentNumberOf(lsn);
    let segment = this.#segments.get(number);
    if (segment === undefined) {
      segment = new Map();
      this.#segments.set(number, segment);
    }
    segment.set(lsn, live);
    this.bytes += live.bytes;
  }

  delete(lsn: Lsn): void {
    const segment = this.#segments.get(segmentNumberOf(lsn));
    this.bytes -= segment?.get(lsn)?.bytes ?? 0;
    segment?.delete(lsn);
    if (segment?.size === 0) this.#segments.delete(segmentNumberOf(lsn));
  }

  /** Those of one segment. */
  inSegment(number: number): ReadonlyMap<Lsn, LiveMessage> {
    return this.#segments.get(number) ?? NONE;
  }
}

const NONE: ReadonlyMap<Lsn, LiveMessage> = new Map();
