import { AmqpError } from '../../errors.ts';
import { limits } from '../../limits.ts';
import { isFloat, tagOf } from '../../protocol/field-tags.ts';
import type { FieldTable } from '../../protocol/types.ts';
import type { Address } from '../message/address.ts';
import { Destination, Run, RUN_MESSAGES_MAX } from '../turn/run.ts';
import type { HoldingExchange } from './holding-host.ts';

const LENGTH = 'x-recent-history-length';
const DEFAULT_LENGTH = 20;

/** Reads x-recent-history-length; what is not a positive integer: 406. TYP-08. */
export function historyLengthOf(table: FieldTable): number {
  const length = table[LENGTH] ?? DEFAULT_LENGTH;
  const isInteger = typeof length === 'number' && Number.isInteger(length);
  if (!isInteger || length < 1 || (LENGTH in table && isFloat(tagOf(table, LENGTH)))) {
    throw new AmqpError('PRECONDITION_FAILED',
      'Invalid argument, \'x-recent-history-length\' must be a positive integer');
  }
  return Math.min(length, limits.recentHistoryMax);
}

/** The last messages of an x-recent-history exchange, which a new queue gets when it is bound. */
export class RecentHistory extends Destination {
  readonly label = '(recent history)';
  readonly #exchange: HoldingExchange;
  readonly #length: number;
  #addresses: Address[] = [];

  constructor(exchange: HoldingExchange, length: number) {
    super();
    this.#exchange = exchange;
    this.#length = length;
    exchange.subscription.add(() => this.#drop(this.#addresses.length));
  }

  override get gone(): boolean {
    return this.#exchange.subscription.closed;
  }

  override next(run: Run): void {
    const { vhost } = this.#exchange;
    for (let i = 0; i < run.count; i++) {
      const address = run.addresses[i]!;
      const { headers } = vhost.readMessage(address).properties;
      if (headers?.['x-recent-history-no-store'] === true) continue;
      vhost.store.retain(address);
      this.#addresses.push(address);
    }
    this.#drop(this.#addresses.length - this.#length);
  }

  /** Gives the kept messages to a queue, oldest first. */
  replayTo(queue: Destination): void {
    for (let start = 0; start < this.#addresses.length; start += RUN_MESSAGES_MAX) {
      const run = new Run();
      for (const address of this.#addresses.slice(start, start + RUN_MESSAGES_MAX)) {
        run.add(address, this.#exchange.vhost.readMessage(address).timeToLive);
      }
      queue.next(run);
    }
  }

  /** What it remembers is in memory alone, and goes with a restart. */
  forget(): void {
    this.#drop(this.#addresses.length);
  }

  #drop(count: number): void {
    if (count <= 0) return;
    const dropped = this.#addresses.slice(0, count);
    this.#addresses = this.#addresses.slice(count);
    for (const address of dropped) this.#exchange.vhost.store.release(address);
  }
}
