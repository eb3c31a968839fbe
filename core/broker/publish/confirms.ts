import type { ConnectionInfo } from '../events/events.ts';
import type { RefusalSink } from '../turn/turn.ts';

/** Sends basic.ack or basic.nack for publishes up to, or of, a sequence number. */
export interface ConfirmSink {
  ack(deliveryTag: number, multiple: boolean): void;
  nack(deliveryTag: number, multiple: boolean): void;
}

/** Takes charge of confirms that are due: `send` sends them, whenever it is called. */
export type ConfirmHold = (connection: ConnectionInfo, send: () => void) => void;

/**
 * The confirms of one channel: what a turn published is confirmed at its end, with as few
 * methods as may be. CNF-02.
 */
export class Confirms implements RefusalSink {
  #published = 0;
  #confirmed = 0;
  #rejected: number[] = [];
  readonly #onAcked: (from: number, to: number) => void;

  /** `onAcked` hears of each row of sequence numbers that is acknowledged, both ends included. */
  constructor(onAcked: (from: number, to: number) => void) {
    this.#onAcked = onAcked;
  }

  /** Sequence number of the last publish. */
  get published(): number {
    return this.#published;
  }

  /** Up to which sequence number all is confirmed. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** Sequence number of one more publish. */
  next(): number {
    return ++this.#published;
  }

  reject(sequence: number): void {
    this.#rejected.push(sequence);
  }

  /** Confirms what was published up to this sequence number. */
  flush(upTo: number, sink: ConfirmSink): void {
    const later: number[] = [];
    for (const sequence of this.#rejected.sort((a, b) => a - b)) {
      if (sequence > upTo) {
        later.push(sequence);
        continue;
      }
      this.#ackUpTo(sequence - 1, sink);
      sink.nack(sequence, false);
      this.#confirmed = sequence;
    }
    this.#rejected = later;
    this.#ackUpTo(upTo, sink);
  }

  /** Refuses what was published up to this sequence number: it may be lost. CNF-02. */
  refuse(upTo: number, sink: ConfirmSink): void {
    if (upTo <= this.#confirmed) return;
    sink.nack(upTo, upTo - this.#confirmed > 1);
    this.#confirmed = upTo;
    this.#rejected = this.#rejected.filter((sequence) => sequence > upTo);
  }

  #ackUpTo(sequence: number, sink: ConfirmSink): void {
    const count = sequence - this.#confirmed;
    if (count <= 0) return;
    sink.ack(sequence, count > 1);
    this.#onAcked(this.#confirmed + 1, sequence);
    this.#confirmed = sequence;
  }
}
