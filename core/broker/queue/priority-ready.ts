import type { Delivery, Settler } from '../delivery/delivery.ts';
import type { Address } from '../message/address.ts';
import { Ready, type VisitReady } from './ready.ts';

/** The waiting messages of a queue with `x-max-priority`: highest first, FIFO within. QUE-24. */
export class PriorityReady {
  length = 0;
  readonly #queue: Settler;
  readonly #count: (bytes: number) => void;
  /** One for each priority that was ever used. */
  readonly #levels: (Ready | undefined)[];
  /** No level above this one holds a message. */
  #highest = 0;

  constructor(
    queue: Settler, maxPriority: number, count: (bytes: number) => void = () => {},
  ) {
    this.#queue = queue;
    this.#count = count;
    this.#levels = new Array<Ready | undefined>(maxPriority + 1).fill(undefined);
  }

  push(address: Address, expiresAt: number, priority: number): void {
    this.#level(priority).push(address, expiresAt);
    this.#added(priority);
  }

  shift(): Delivery | undefined {
    const delivery = this.#first()?.shift();
    if (delivery !== undefined) this.length--;
    return delivery;
  }

  /** Nobody asks for it any more: all that was in it is out. */
  release(): void {
    for (const level of this.#levels) level?.release();
  }

  takeAll(): PriorityReady {
    const taken = new PriorityReady(this.#queue, this.#levels.length - 1, this.#count);
    this.#levels.forEach((level, priority) => {
      taken.#levels[priority] = level?.takeAll();
    });
    taken.length = this.length;
    taken.#highest = this.#highest;
    this.length = 0;
    this.#highest = 0;
    return taken;
  }

  get expiresAt(): number {
    return this.#first()?.expiresAt ?? Infinity;
  }

  get headAddress(): Address {
    return this.#first()!.headAddress;
  }

  requeue(delivery: Delivery): void {
    this.#level(delivery.priority).requeue(delivery);
    this.#added(delivery.priority);
  }

  restore(address: Address, expiresAt: number, outCount: number, priority: number): void {
    this.#level(priority).restore(address, expiresAt, outCount);
    this.#added(priority);
  }

  restoreLater(
    address: Address, expiresAt: number, outCount: number, priority: number,
  ): Delivery {
    return this.#level(priority).restoreLater(address, expiresAt, outCount);
  }

  forEach(visit: VisitReady): boolean {
    return this.#levels.toReversed().every((level) => level?.forEach(visit) ?? true);
  }

  #added(priority: number): void {
    this.length++;
    if (priority > this.#highest) this.#highest = priority;
  }

  #level(priority: number): Ready {
    return (this.#levels[priority] ??= new Ready(this.#queue, priority, this.#count));
  }

  /** The level of the highest priority that holds a message. */
  #first(): Ready | undefined {
    if (this.length === 0) return undefined;
    while ((this.#levels[this.#highest]?.length ?? 0) === 0) this.#highest--;
    return this.#levels[this.#highest];
  }
}
