import { AmqpError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Address } from '../message/address.ts';
import type { MessageStore } from '../message/store.ts';
import type { Delivery, Outcome } from '../delivery/delivery.ts';
import type { Route } from '../exchange/router.ts';

/** A publish that waits for tx.commit; its route was found when it came. TX-02. */
export interface PendingPublish {
  readonly address: Address;
  readonly route: Route;
  readonly timeToLive: number;
  /** The flags of basic.publish. */
  readonly flags: number;
}

/** Settlements that wait for tx.commit. */
export interface PendingSettlement {
  readonly deliveries: readonly Delivery[];
  readonly outcome: Outcome;
}

/** What a transactional channel did since tx.select or the last commit or rollback. */
export class Transaction {
  publishes: PendingPublish[] = [];
  settlements: PendingSettlement[] = [];
  #bytes = 0;

  addPublish(publish: PendingPublish, bytes: number): void {
    this.#bytes += bytes;
    this.publishes.push(publish);
    this.#checkSize();
  }

  addSettlement(settlement: PendingSettlement): void {
    this.settlements.push(settlement);
    this.#checkSize();
  }

  /** What is unacknowledged again where it is not committed. */
  get unsettled(): readonly Delivery[] {
    return this.settlements.flatMap(({ deliveries }) => deliveries);
  }

  /** Forgets what waits; the messages go. */
  drop(store: MessageStore): void {
    for (const { address } of this.publishes) store.release(address);
    this.clear();
  }

  clear(): void {
    this.publishes = [];
    this.settlements = [];
    this.#bytes = 0;
  }

  #checkSize(): void {
    const operations = this.publishes.length + this.settlements.length;
    if (operations > limits.transactionOperationsMax || this.#bytes > limits.transactionBytesMax) {
      throw new AmqpError('PRECONDITION_FAILED', 'transaction is too large: commit more often');
    }
  }
}
