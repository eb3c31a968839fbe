import type { BrokerView } from './broker-view.ts';
import type { ModelChannel } from './model-channel.ts';
import { NOT_YET, type Copy, type Mark } from './model-copy.ts';
import type { Model } from './model.ts';
import type { ModelQueue } from './model-queue.ts';
import { bindingsOf, type ManagerOperation } from './plan.ts';
import { check } from './violation.ts';

/** What the manager asks of a queue, and what must be answered. */
export interface Ask {
  readonly kind: ManagerOperation;
  readonly queue: ModelQueue;
  readonly channel: ModelChannel;
  /** Conditions of a deletion. QUE-11. */
  readonly ifUnused: boolean;
  readonly ifEmpty: boolean;
  /** It is under way: so much depends on a queue that a deletion takes several turns. */
  pending: boolean;
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

/** A queue, or a binding of it, that goes and is there anew. */
interface Change {
  readonly kind: ManagerOperation;
  readonly queue: ModelQueue;
  /** Methods that are to follow before all is as it was. */
  left: number;
  /** Turns that ended meanwhile. */
  turns: number;
}

/**
 * Queues that are looked at, purged, bound, and deleted and declared anew. Whoever asks that does
 * nothing else meanwhile. What it sends arrives at once, but a turn that is used up reads no
 * further: then a queue is away, or lacks bindings, while others have their turns.
 */
export class ModelManagement {
  readonly #model: Model;
  #asks: Ask[] = [];
  #answers: Answer[] = [];
  #change: Change | undefined;
  /** Queues that were away: where the journal was when they were declared anew. */
  #births = new Map<ModelQueue, Mark>();

  constructor(model: Model) {
    this.#model = model;
  }

  ask(
    kind: ManagerOperation, queue: ModelQueue, channel: ModelChannel, conditions: Partial<Ask> = {},
  ): Ask {
    const ask: Ask = {
      kind, queue, channel, ifUnused: false, ifEmpty: false, ...conditions,
      pending: false, refused: false, counts: [0, Infinity], consumers: 0,
    };
    this.#asks.push(ask);
    if (kind === 'rebind') this.#change = { kind, queue, left: 1, turns: 0 };
    if (kind === 'replace') {
      const left = 1 + bindingsOf(this.#model.plan, queue.name).length;
      this.#change = { kind, queue, left, turns: 0 };
    }
    return ask;
  }

  /** A queue is declared, or bound. */
  followed(queue: ModelQueue): void {
    if (this.#change?.queue === queue) this.#change.left--;
  }

  /** The queue that may be away, or not be bound. */
  get unsteady(): ModelQueue | undefined {
    return this.#change?.queue;
  }

  answer(ask: Ask | undefined, messages: number, consumers?: number): void {
    check(ask !== undefined, 'reply', () => 'an answer that nobody asked for');
    this.#answers.push({ ask, messages, consumers });
  }

  /** What was asked in this turn, or is under way, is done as far as it is. */
  carryOut(view: BrokerView): void {
    for (const ask of this.#asks) {
      if (ask.kind === 'purge') this.#purge(ask, view);
      if (ask.kind === 'replace') this.#replace(ask, view);
    }
    if (this.#change?.kind === 'rebind') this.#checkBound(this.#change, view);
    if (this.#change !== undefined) this.#doubtLetters(this.#change);
    for (const queue of this.#model.queues.values()) this.#checkNumber(queue, view);
  }

  /** The turn is over: what is answered must be what is. */
  endTurn(): void {
    for (const ask of this.#asks) {
      const { kind, queue } = ask;
      ask.consumers = queue.consumerCount;
      if (kind === 'inspect') ask.counts = [queue.ready.length, queue.ready.length];
    }
    this.#asks = this.#asks.filter(({ pending }) => pending);
    for (const { ask, messages, consumers } of this.#answers) {
      const { kind, queue: { name }, refused, counts: [least, most] } = ask;
      check(!refused, 'precondition', () => `${name} was deleted against a condition`);
      check(least <= messages && messages <= most, 'counters',
        () => `${kind} of ${name} tells of ${messages} messages, not ${least} to ${most}`);
      check(consumers === undefined || consumers === ask.consumers, 'counters',
        () => `${kind} of ${name} tells of ${consumers} consumers, not ${ask.consumers}`);
    }
    this.#answers = [];
    if (this.#change !== undefined) this.#change.turns++;
    if (this.#change?.left === 0) this.#change = undefined;
  }

  /** Notes where the journal is, and forgets what a crash cannot undo any more. */
  mark({ written, durable }: BrokerView): void {
    for (const [queue, mark] of this.#births) {
      if (mark === NOT_YET) this.#births.set(queue, written);
      else if (mark <= durable) this.#births.delete(queue);
    }
  }

  /**
   * The process is gone, and with it what was under way. Answers the queues that the next one may
   * not find, which are declared anew then.
   */
  crashed(durable: Mark): ReadonlySet<string> {
    const young = [...this.#births].filter(([, mark]) => mark > durable).map(([queue]) => queue);
    const away = this.#change?.kind === 'replace' ? [this.#change.queue] : [];
    this.#births = new Map([...young, ...away].map((queue) => [queue, NOT_YET]));
    this.#asks = [];
    this.#answers = [];
    this.#change = undefined;
    return new Set([...this.#births.keys()].map(({ name }) => name));
  }

  #checkNumber(queue: ModelQueue, view: BrokerView): void {
    const number = view.numberOf(queue.name);
    const isChanging = this.#change?.queue === queue;
    if (queue.number === undefined && isChanging) this.#births.set(queue, NOT_YET);
    queue.number ??= number;
    check(queue.number === number, 'definitions', () => `${queue.name} is another queue`);
    check(number !== undefined || isChanging, 'definitions', () => `${queue.name} is away`);
  }

  /** Dead letters that are on their way to the queue may find it away, and are gone then. */
  #doubtLetters({ queue: { name } }: Change): void {
    for (const { deadQueue, copies } of this.#model.queues.values()) {
      if (deadQueue !== name) continue;
      for (const copy of copies) copy.doubtful ||= copy.state === 'dying';
    }
  }

  /** A binding comes back, but where the disk failed between its end and that. */
  #checkBound({ queue: { name }, left, turns }: Change, view: BrokerView): void {
    if (view.isBound(name)) {
      this.#change = undefined;
      return;
    }
    check(view.failed ? turns > 0 : left > 0, 'definitions', () => `a binding of ${name} is gone`);
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
    const { queue } = ask;
    const number = view.numberOf(queue.name);
    if (number === queue.number) this.#keep(ask, view);
    else this.#end(ask, number);
  }

  /** It is there: its deletion was refused, or is under way and has consumers of it go. */
  #keep(ask: Ask, view: BrokerView): void {
    const { queue, ifUnused, ifEmpty, channel } = ask;
    ask.pending = !channel.ending;
    if (ask.pending) {
      queue.doubtConsumers();
      return;
    }
    ask.refused = true;
    this.#change = undefined;
    const isRight = view.failed || (ifEmpty && queue.ready.length > 0) ||
      (ifUnused && queue.consumerCount > 0);
    check(isRight, 'precondition', () => `${queue.name} was not deleted`);
  }

  #end(ask: Ask, number: number | undefined): void {
    const { queue, ifUnused, ifEmpty, pending } = ask;
    const { name } = queue;
    const waiting = queue.ready.find((copy) => this.#isThere(copy));
    check(pending || !ifEmpty || waiting === undefined, 'precondition',
      () => `${name} was deleted with ${waiting!.message.id} in it`);
    check(pending || !ifUnused || queue.consumerCount === 0, 'precondition',
      () => `${name} was in use`);
    ask.pending = false;
    queue.number = number;
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
