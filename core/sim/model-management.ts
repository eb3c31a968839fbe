import type { BrokerView } from './broker-view.ts';
import type { Copy } from './model-copy.ts';
import type { Model } from './model.ts';
import type { ModelQueue } from './model-queue.ts';
import type { ManagerOperation } from './plan.ts';
import { check } from './violation.ts';

/** What the manager asks of a queue, and what must be answered. */
export interface Ask {
  readonly kind: ManagerOperation;
  readonly queue: ModelQueue;
  /** Conditions of a deletion. QUE-11. */
  readonly ifUnused: boolean;
  readonly ifEmpty: boolean;
  refused: boolean;
  /** How many messages the answer may name, at least and at most. */
  counts: readonly [number, number];
  consumers: number;
}

/** What was answered, which nobody looks at before the turn is over. */
interface Answer {
  readonly ask: Ask;
  readonly messages: number;
  /** Undefined: the answer says nothing of them. */
  readonly consumers: number | undefined;
}

/**
 * Queues that are looked at, purged, bound, and deleted and declared anew. Whoever asks that does
 * nothing else, and what it asks arrives in a turn in which nothing else is heard.
 */
export class ModelManagement {
  readonly #model: Model;
  #asks: Ask[] = [];
  #answers: Answer[] = [];

  constructor(model: Model) {
    this.#model = model;
  }

  ask(kind: ManagerOperation, queue: ModelQueue, conditions: Partial<Ask> = {}): Ask {
    const ask: Ask = {
      kind, queue, ifUnused: false, ifEmpty: false, ...conditions,
      refused: false, counts: [0, Infinity], consumers: 0,
    };
    this.#asks.push(ask);
    return ask;
  }

  answer(ask: Ask | undefined, messages: number, consumers?: number): void {
    check(ask !== undefined, 'reply', () => 'an answer that nobody asked for');
    this.#answers.push({ ask, messages, consumers });
  }

  /** What was asked in this turn is done. */
  carryOut(view: BrokerView): void {
    for (const ask of this.#asks) {
      if (ask.kind === 'purge') this.#purge(ask, view);
      if (ask.kind === 'replace') this.#replace(ask, view);
      if (ask.kind !== 'rebind') continue;
      const { name } = ask.queue;
      check(view.isBound(name), 'definitions', () => `a binding of ${name} is gone`);
    }
    for (const queue of this.#model.queues.values()) {
      const number = view.numberOf(queue.name);
      queue.number ??= number;
      check(queue.number === number, 'definitions', () => `${queue.name} is another queue`);
    }
  }

  /** The turn is over: what is answered must be what is. */
  endTurn(): void {
    for (const ask of this.#asks) {
      const { kind, queue } = ask;
      ask.consumers = queue.consumerCount;
      if (kind === 'inspect') ask.counts = [queue.ready.length, queue.ready.length];
    }
    this.#asks = [];
    for (const { ask, messages, consumers } of this.#answers) {
      const { kind, queue: { name }, refused, counts: [least, most] } = ask;
      check(!refused, 'precondition', () => `${name} was deleted against a condition`);
      check(least <= messages && messages <= most, 'counters',
        () => `${kind} of ${name} tells of ${messages} messages, not ${least} to ${most}`);
      check(consumers === undefined || consumers === ask.consumers, 'counters',
        () => `${kind} of ${name} tells of ${consumers} consumers, not ${ask.consumers}`);
    }
    this.#answers = [];
  }

  /** All that waits must be gone, and all that is out must stay. QUE-10. */
  #purge(ask: Ask, view: BrokerView): void {
    const { queue } = ask;
    const left = new Set(view.ready(queue.name).map(({ id }) => id));
    const kept = queue.ready.find(({ message }) => left.has(message.id));
    check(kept === undefined, 'purge', () => `${kept!.name} was purged, and is there`);
    this.#empty(ask);
  }

  /** It is another queue from now on, with nothing in it and nobody at it. */
  #replace(ask: Ask, view: BrokerView): void {
    const { queue, ifUnused, ifEmpty } = ask;
    const { name } = queue;
    const waiting = queue.ready.find((copy) => this.#isThere(copy));
    if (view.numberOf(name) === queue.number) {
      ask.refused = view.failed || (ifEmpty && queue.ready.length > 0) ||
        (ifUnused && queue.consumerCount > 0);
      check(ask.refused, 'precondition', () => `${name} was not deleted`);
      return;
    }
    check(!ifEmpty || waiting === undefined, 'precondition',
      () => `${name} was deleted with ${waiting!.message.id} in it`);
    check(!ifUnused || queue.consumerCount === 0, 'precondition', () => `${name} was in use`);
    queue.number = view.numberOf(name);
    this.#empty(ask);
    for (const copy of queue.copies.filter(({ state }) => state === 'out')) {
      copy.holder!.forget(copy);
      this.#model.remove(copy);
    }
    // What is to be a dead letter becomes one, but a crash may find it in neither queue.
    for (const copy of queue.copies) copy.doubtful = true;
    queue.removeConsumers();
    for (const { channels } of this.#model.connections.values()) {
      for (const channel of channels.values()) channel.dismiss(queue);
    }
  }

  #isThere(copy: Copy): boolean {
    return copy.queue.excuse(copy, this.#model.now, this.#model.turn) === undefined;
  }

  /** All that waits is gone; what was due by then is dead or gone. */
  #empty(ask: Ask): void {
    const { ready } = ask.queue;
    const sure = ready.filter((copy) => this.#isThere(copy));
    for (const copy of sure) this.#model.remove(copy);
    for (const copy of ask.queue.ready) copy.doubtful = true;
    ask.counts = [sure.length, ready.length];
  }
}
