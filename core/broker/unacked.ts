import { AmqpError } from '../errors.ts';
import type { Delivery } from './delivery.ts';

/** The deliveries of one channel that are not settled, by delivery tag, oldest first. */
export class Unacked {
  #deliveries = new Map<number, Delivery>();

  get count(): number {
    return this.#deliveries.size;
  }

  /** Oldest first. */
  get all(): Iterable<Delivery> {
    return this.#deliveries.values();
  }

  add(delivery: Delivery): void {
    this.#deliveries.set(delivery.deliveryTag, delivery);
  }

  /** Takes out what basic.ack, nack or reject names; 406 where there is no such tag. BAS-20. */
  take(deliveryTag: number, multiple: boolean): readonly Delivery[] {
    if (multiple && deliveryTag === 0) return this.takeAll();
    const last = this.#deliveries.get(deliveryTag);
    if (last === undefined) {
      throw new AmqpError('PRECONDITION_FAILED', `unknown delivery tag ${deliveryTag}`);
    }
    if (!multiple) {
      this.#deliveries.delete(deliveryTag);
      return [last];
    }
    const taken: Delivery[] = [];
    for (const [tag, delivery] of this.#deliveries) {
      if (tag > deliveryTag) break;
      taken.push(delivery);
      this.#deliveries.delete(tag);
    }
    return taken;
  }

  takeAll(): readonly Delivery[] {
    const all = [...this.#deliveries.values()];
    this.#deliveries.clear();
    return all;
  }

  /** Puts deliveries back whose settlement was rolled back; the order stays that of tags. TX-03. */
  restore(deliveries: readonly Delivery[]): void {
    const all = [...deliveries, ...this.#deliveries.values()];
    all.sort((a, b) => a.deliveryTag - b.deliveryTag);
    this.#deliveries = new Map(all.map((delivery) => [delivery.deliveryTag, delivery]));
  }
}
