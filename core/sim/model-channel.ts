import { Copy, type ModelMessage } from './model-copy.ts';
import type { Ask } from './model-management.ts';
import type { ModelQueue } from './model-queue.ts';
import type { StreamReader } from './model-stream.ts';

export interface ModelConsumer {
  /** Undefined: a queue that no account is kept of. */
  readonly queue: ModelQueue | undefined;
  /** Where it is in the stream, if it reads that. */
  readonly reader?: StreamReader | undefined;
  readonly noAck: boolean;
  /** 0: no limit. */
  readonly prefetch: number;
  readonly priority: number;
}

export type Outcome = 'ack' | 'requeue' | 'reject';

/** What is out: a copy, a record that a reader has, or something from a queue without account. */
export type Out = Copy | StreamReader | 'other';

/** What was out under a delivery tag. */
export interface Taken {
  readonly tag: number;
  readonly copy: Out;
}

/** A channel as the specification has it. */
export class ModelChannel {
  readonly connection: number;
  readonly number: number;
  readonly consumers = new Map<string, ModelConsumer>();
  /** What is out, by delivery tag. */
  readonly out = new Map<number, Out>();
  readonly unconfirmed = new Map<number, ModelMessage>();
  readonly gets: { readonly queue: ModelQueue | undefined; readonly noAck: boolean }[] = [];
  /** What was asked about queues, and is not answered. */
  readonly asks: Ask[] = [];
  /** Messages that must come back, for want of a queue. */
  readonly returns: string[] = [];
  confirms = false;
  transaction: {
    publishes: (() => void)[];
    settlements: { taken: Taken[]; outcome: Outcome }[];
  } | undefined;
  /** Commits that are not answered: what they published. */
  readonly commits: ModelMessage[][] = [];
  /** The publishes of the commit at hand. */
  committing: ModelMessage[] | undefined;
  published = 0;
  lastTag = 0;
  consumerPrefetch = 0;
  #ending = false;
  /** Copies that this turn's methods moved: if one of them failed, later ones were not heard. */
  moved: Copy[] = [];

  constructor(connection: number, number: number) {
    this.connection = connection;
    this.number = number;
  }

  /** It ends with this turn, and what it holds goes back. */
  get ending(): boolean {
    return this.#ending;
  }

  /** Answers and confirms that must come, and have not. */
  get owed(): number {
    const { unconfirmed, gets, asks, commits } = this;
    return unconfirmed.size + gets.length + asks.length + commits.length;
  }

  /** Its consumers go at once, so that the queues know who takes over. */
  end(): void {
    this.#ending = true;
    for (const consumer of this.consumers.values()) consumer.queue?.removeConsumer(consumer);
  }

  /** What it has: settlements that wait for a commit have settled nothing. TX-03. */
  get held(): Copy[] {
    const pending = this.transaction?.settlements.flatMap(({ taken }) => taken) ?? [];
    const all = [...this.out.values(), ...pending.map(({ copy }) => copy)];
    return all.filter((copy) => copy instanceof Copy);
  }

  /** The queue of this copy is deleted: its tag stands for nothing that is kept account of. */
  forget(copy: Copy): void {
    for (const [tag, other] of this.out) if (other === copy) this.out.set(tag, 'other');
    for (const { taken } of this.transaction?.settlements ?? []) {
      taken.forEach((each, index) => {
        if (each.copy === copy) taken[index] = { ...each, copy: 'other' };
      });
    }
  }

  /** The queue is deleted, and with it go its consumers. */
  dismiss(queue: ModelQueue): void {
    for (const [tag, consumer] of this.consumers) {
      if (consumer.queue === queue) this.consumers.delete(tag);
    }
  }

  unackedOf(consumerTag: string): number {
    return this.held.filter((copy) => copy.consumerTag === consumerTag).length;
  }

  /** Takes what a settlement names; nothing where there is no such tag. */
  take(deliveryTag: number, multiple: boolean): Taken[] {
    const tags = [...this.out.keys()].filter((tag) =>
      multiple ? tag <= deliveryTag || deliveryTag === 0 : tag === deliveryTag);
    if (deliveryTag !== 0 && !this.out.has(deliveryTag)) return [];
    return tags.map((tag) => {
      const copy = this.out.get(tag)!;
      this.out.delete(tag);
      return { tag, copy };
    });
  }

  /** Forgets the transaction: what it settled is out, as it was. TX-03. */
  rollBack(): void {
    const { settlements } = this.transaction!;
    this.transaction = { publishes: [], settlements: [] };
    for (const { tag, copy } of settlements.flatMap(({ taken }) => taken)) this.out.set(tag, copy);
  }
}
