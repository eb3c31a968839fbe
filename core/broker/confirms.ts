import type { RefusalSink } from './turn.ts';

/** Sends basic.ack or basic.nack for publishes up to, or of, a sequence number. */
export interface ConfirmSink {
  ack(deliveryTag: number, multiple: boolean): void;
  nack(deliveryTag: number, multiple: boolean): void;
}

/**
 * The confirms of one channel: what a turn published is confirmed at its end, with as few
 * methods as may be. CNF-02.
 */
export class Confirms implements RefusalSink {
  #published = 0;
  #confirmed = 0;
  #rejected: number[] = [];

  /** Sequence number of one more publish. */
  next(): number {
    return ++this.#published;
  }

  reject(sequence: number): void {
    this.#rejected.push(sequence);
  }

  /** Confirms everything that was published; answers how much that was. */
  flush(sink: ConfirmSink): number {
    const count = this.#published - this.#confirmed;
    for (const sequence of this.#rejected.sort((a, b) => a - b)) {
      this.#ackUpTo(sequence - 1, sink);
      sink.nack(sequence, false);
      this.#confirmed = sequence;
    }
    this.#rejected = [];
    this.#ackUpTo(this.#published, sink);
    return count;
  }

  #ackUpTo(sequence: number, sink: ConfirmSink): void {
    const count = sequence - this.#confirmed;
    if (count <= 0) return;
    sink.ack(sequence, count > 1);
    this.#confirmed = sequence;
  }
}
