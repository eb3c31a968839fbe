import { AmqpError } from '../../errors.ts';
import type { Cancel } from '../../ports.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { ServerChannel } from './server-channel.ts';

/**
 * Fails a channel whose client keeps a delivery unacknowledged for too long. BAS-27. One timer
 * stands for all its deliveries: it is set for the first that may be due.
 */
export class DeliveryTimeout {
  readonly #channel: ServerChannel;
  readonly #defaultMs: number;
  #dueAt = Infinity;
  #cancel: Cancel = () => {};

  /** `defaultMs` is for queues and consumers that say nothing; 0: never. */
  constructor(channel: ServerChannel, defaultMs: number) {
    this.#channel = channel;
    this.#defaultMs = defaultMs;
  }

  watch(delivery: Delivery): void {
    const dueAt = this.#dueOf(delivery);
    if (dueAt >= this.#dueAt) return;
    this.#cancel();
    this.#dueAt = dueAt;
    const { vhost } = this.#channel;
    this.#cancel = vhost.setTimer(
      dueAt - vhost.turn.now, () => this.#check(), 'a consumer takes too long',
    );
  }

  stop(): void {
    this.#cancel();
    this.#dueAt = Infinity;
  }

  #check(): void {
    this.#dueAt = Infinity;
    const { now } = this.#channel.vhost.turn;
    for (const delivery of this.#channel.unacked.all) {
      if (this.#dueOf(delivery) > now) {
        this.watch(delivery);
        continue;
      }
      this.#channel.fail(new AmqpError('PRECONDITION_FAILED',
        `delivery acknowledgement on channel ${this.#channel.number} timed out. ` +
        `Timeout value used: ${this.#timeoutOf(delivery)} ms. This timeout value can be ` +
        'configured, see consumers doc guide to learn more'));
      return;
    }
  }

  #dueOf(delivery: Delivery): number {
    return delivery.deliveredAt + this.#timeoutOf(delivery);
  }

  #timeoutOf({ consumer, queue }: Delivery): number {
    const ms = consumer?.options.timeout ?? queue.settings.consumerTimeout ?? this.#defaultMs;
    return ms === 0 ? Infinity : ms;
  }
}
