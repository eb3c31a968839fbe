import type { Copy, ModelMessage } from './model-copy.ts';
import type { ModelQueue } from './model-queue.ts';

export interface ModelConsumer {
  /** Undefined: a queue that no account is kept of. */
  readonly queue: ModelQueue | undefined;
  readonly noAck: boolean;
  /** 0: no limit. */
  readonly prefetch: number;
  readonly priority: number;
}

export type Outcome = 'ack' | 'requeue' | 'reject';

/** A channel as the specification has it. */
export class ModelChannel {
  readonly connection: number;
  readonly number: number;
  readonly consumers = new Map<string, ModelConsumer>();
  /** Copies that are out, by delivery tag; those of other queues stand for themselves. */
  readonly out = new Map<number, Copy | 'other'>();
  /** Out again after a rollback; nobody settles them, as the channel ends. */
  readonly restored: (Copy | 'other')[] = [];
  readonly unconfirmed = new Map<number, ModelMessage>();
  readonly gets: { readonly queue: ModelQueue | undefined; readonly noAck: boolean }[] = [];
  /** Messages that must come back, for want of a queue. */
  readonly returns: string[] = [];
  confirms = false;
  transaction: {
    publishes: (() => void)[];
    settlements: { taken: (Copy | 'other')[]; outcome: Outcome }[];
  } | undefined;
  /** Commits that are not answered: what they published. */
  readonly commits: ModelMessage[][] = [];
  /** The publishes of the commit at hand. */
  committing: ModelMessage[] | undefined;
  published = 0;
  lastTag = 0;
  consumerPrefetch = 0;
  /** It ends with this turn, and what it holds goes back. */
  ending = false;
  /** Copies that this turn's methods moved: if one of them failed, later ones were not heard. */
  moved: Copy[] = [];

  constructor(connection: number, number: number) {
    this.connection = connection;
    this.number = number;
  }

  unackedOf(consumerTag: string): number {
    let count = 0;
    for (const copy of this.out.values()) {
      if (copy !== 'other' && copy.consumerTag === consumerTag) count++;
    }
    return count;
  }

  /** Takes what a settlement names; nothing where there is no such tag. */
  take(deliveryTag: number, multiple: boolean): (Copy | 'other')[] {
    const tags = [...this.out.keys()].filter((tag) =>
      multiple ? tag <= deliveryTag || deliveryTag === 0 : tag === deliveryTag);
    if (deliveryTag !== 0 && !this.out.has(deliveryTag)) return [];
    return tags.map((tag) => {
      const taken = this.out.get(tag)!;
      this.out.delete(tag);
      return taken;
    });
  }
}
