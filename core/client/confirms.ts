import type { MethodArgs } from '../protocol/types.ts';
import type { Outgoing, Route } from './outgoing.ts';
import type { Returned } from './returned.ts';

/** Hears what became of the messages that it published. */
export interface ConfirmListener {
  readonly route: Route;
  /** The broker took the message, or refused it; `pending.returned` tells what came back. */
  onConfirm(pending: Pending, nacked: boolean): void;
  /** The channel ended before the broker said either. */
  onUnconfirmed(pending: Pending, error: Error): void;
}

/** A message whose confirm is still to come. */
export class Pending {
  /** What was written. */
  readonly message: Outgoing;
  readonly listener: ConfirmListener;
  /** What the program gave, whose memory may hold something else by now. */
  readonly given: Outgoing;
  /** It came back, since there was no queue for it. */
  returned: Returned | undefined;

  constructor(message: Outgoing, listener: ConfirmListener, given: Outgoing) {
    this.message = message;
    this.listener = listener;
    this.given = given;
  }
}

/** Settled slots at the front before the rest is moved up. */
const FREE_SLOTS_MAX = 1024;

/** Confirms of one channel, in the order of publishing. CNF-02. */
export class Confirms {
  /** Sequence number of `#slots[0]`. */
  #base = 1;
  #slots: (Pending | undefined)[] = [];
  /** Slots before this one are settled. */
  #head = 0;

  /** A message goes out; undefined, where nobody waits for its confirm. */
  add(pending: Pending | undefined): void {
    this.#slots.push(pending);
  }

  settle({ deliveryTag, multiple }: MethodArgs<'basic.ack'>, nacked: boolean): void {
    // A tag of 0 with `multiple` stands for all.
    const all = multiple && deliveryTag === 0;
    const index = all ? this.#slots.length - 1 : deliveryTag - this.#base;
    if (multiple) {
      const last = Math.min(index, this.#slots.length - 1);
      while (this.#head <= last) this.#settleSlot(this.#head++, nacked);
    } else {
      this.#settleSlot(index, nacked);
    }
    this.#advance();
  }

  /** The first message without a confirm that the returned one may be. */
  findReturned(returned: Returned): Pending | undefined {
    for (let i = this.#head; i < this.#slots.length; i++) {
      const pending = this.#slots[i];
      if (pending === undefined || pending.returned !== undefined) continue;
      if (returned.isOf(pending.message, pending.listener.route)) return pending;
    }
    return undefined;
  }

  /** No confirm will come any more. */
  fail(error: Error): void {
    const rest = this.#slots.slice(this.#head);
    this.#slots = [];
    this.#head = 0;
    for (const pending of rest) pending?.listener.onUnconfirmed(pending, error);
  }

  #settleSlot(index: number, nacked: boolean): void {
    const pending = this.#slots[index];
    if (pending === undefined) return;
    this.#slots[index] = undefined;
    pending.listener.onConfirm(pending, nacked);
  }

  #advance(): void {
    const slots = this.#slots;
    while (this.#head < slots.length && slots[this.#head] === undefined) this.#head++;
    if (this.#head < FREE_SLOTS_MAX || this.#head * 2 < slots.length) return;
    this.#slots = slots.slice(this.#head);
    this.#base += this.#head;
    this.#head = 0;
  }
}
