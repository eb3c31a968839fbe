import type { From, MethodArgs } from '../protocol/types.ts';

/** What acknowledgements ask of their channel. */
export interface AckChannel {
  readonly open: boolean;
  send<N extends AckMethod>(name: N, args: MethodArgs<N>): void;
  /** Has `write` called at the end of the turn. */
  writeAcksLater(): void;
}

type AckMethod = Extract<From<'client'>, 'basic.ack' | 'basic.nack' | 'basic.reject'>;

/** Settled out of order, beyond which one that is never settled costs more than it saves. */
const LATER_MAX = 65_536;

/**
 * The acknowledgements of one channel. Those of one turn that follow each other, with nothing
 * unsettled before them, go out as a single basic.ack with the bit `multiple`.
 */
export class Acks {
  readonly #channel: AckChannel;
  /** All tags up to this one are settled, or wait to be acknowledged. */
  #settledTo = 0;
  /** Tags beyond it that are settled. */
  readonly #later = new Set<number>();
  #merges = true;
  /** The last tag that waits, and how many do. */
  #waitingTag = 0;
  #waitingCount = 0;

  constructor(channel: AckChannel) {
    this.#channel = channel;
  }

  ack(deliveryTag: number): boolean {
    const channel = this.#channel;
    if (!channel.open) return false;
    if (deliveryTag === this.#settledTo + 1) {
      this.#waitingTag = deliveryTag;
      if (this.#waitingCount++ === 0) channel.writeAcksLater();
    } else {
      channel.send('basic.ack', { deliveryTag, multiple: false });
    }
    this.settle(deliveryTag);
    return true;
  }

  nack(deliveryTag: number, requeue: boolean): boolean {
    if (!this.#channel.open) return false;
    this.write();
    this.#channel.send('basic.nack', { deliveryTag, multiple: false, requeue });
    this.settle(deliveryTag);
    return true;
  }

  reject(deliveryTag: number, requeue: boolean): boolean {
    if (!this.#channel.open) return false;
    this.write();
    this.#channel.send('basic.reject', { deliveryTag, requeue });
    this.settle(deliveryTag);
    return true;
  }

  /** A tag needs no acknowledgement, or no more. */
  settle(deliveryTag: number): void {
    if (!this.#merges) return;
    if (deliveryTag !== this.#settledTo + 1) {
      if (deliveryTag <= this.#settledTo) return;
      this.#later.add(deliveryTag);
      if (this.#later.size > LATER_MAX) this.#stopMerging();
      return;
    }
    this.#settledTo = deliveryTag;
    while (this.#later.size > 0 && this.#later.delete(this.#settledTo + 1)) this.#settledTo++;
  }

  /** Writes what waits; before any other method, whose meaning may depend on it. */
  write(): void {
    const multiple = this.#waitingCount > 1;
    const waits = this.#waitingCount > 0;
    this.#waitingCount = 0;
    if (!waits || !this.#channel.open) return;
    this.#channel.send('basic.ack', { deliveryTag: this.#waitingTag, multiple });
  }

  /** From here on each goes alone: no tag follows on the last one ever again. */
  #stopMerging(): void {
    this.#merges = false;
    this.#settledTo = -2;
    this.#later.clear();
  }
}
