import type { BrokerView, Seen } from './broker-view.ts';
import type { ModelConsumer } from './model-channel.ts';
import { DELAYED, type QueuePlan } from './plan.ts';
import type { Copy } from './model-copy.ts';
import { isBefore, NOT_YET } from './model-copy.ts';
import { check, Violation } from './violation.ts';

interface Left {
  readonly copy: Copy;
  /** Undefined: to a channel that ends in this turn, so that its place among others is unknown. */
  readonly connection: number | undefined;
  readonly steady: boolean;
}

/** A queue as a list that is searched from one end to the other. */
export class ModelQueue {
  readonly name: string;
  readonly deadQueue: string | undefined;
  readonly maxPriority: number;
  readonly timeToLive: number;
  readonly maxLength: number;
  readonly maxBytes: number;
  readonly refusesWhenFull: boolean;
  readonly quorum: boolean;
  readonly deliveryLimit: number;
  /** Tells it from queues of its name that were before it. */
  number: number | undefined;
  /** Those that are ready or out. */
  copies: Copy[] = [];
  /** The turn in which something came to it, or came back, last, and how much that made it. */
  #grewIn = 0;
  #longest = 0;
  #heaviest = 0;
  /** Those that are gone, but may come back after a crash. */
  lately: Copy[] = [];
  /** Whether only one consumer is served, and who that was in this turn. QUE-25. */
  readonly single: boolean;
  readonly #served = new Set<ModelConsumer>();
  /** It is not known of which of its consumers the broker heard in this turn. */
  #servesAnybody = false;
  #consumers: ModelConsumer[] = [];
  #active: ModelConsumer | undefined;
  #left: Left[] = [];

  constructor({ name, deadQueue, arguments: table }: QueuePlan) {
    const number = (key: string, otherwise: number): number =>
      (table[key] as number | undefined) ?? otherwise;
    this.name = name;
    this.deadQueue = deadQueue;
    this.maxPriority = number('x-max-priority', 0);
    this.timeToLive = number('x-message-ttl', Infinity);
    this.maxLength = number('x-max-length', Infinity);
    this.maxBytes = number('x-max-length-bytes', Infinity);
    this.refusesWhenFull = table['x-overflow'] === 'reject-publish';
    this.quorum = table['x-queue-type'] === 'quorum';
    this.deliveryLimit = number('x-delivery-limit', Infinity);
    this.single = table['x-single-active-consumer'] === true;
  }

  /**
   * Whether it may have served this consumer in this turn. Of a quorum queue the model cannot say:
   * a consumer of a higher priority takes it over once the active one holds nothing. QUE-25.
   */
  serves(consumer: ModelConsumer): boolean {
    if (this.quorum) return true;
    return !this.single || this.#servesAnybody || this.#served.has(consumer);
  }

  /** A channel of a consumer failed. */
  doubtConsumers(): void {
    this.#servesAnybody = true;
  }

  addConsumer(consumer: ModelConsumer): void {
    this.#consumers.push(consumer);
    this.#activate(this.#active ?? consumer);
  }

  /** The highest priority comes next, and among those who have it who waits longest. */
  removeConsumer(consumer: ModelConsumer): void {
    this.#consumers = this.#consumers.filter((other) => other !== consumer);
    if (this.#active !== consumer) return;
    const highest = Math.max(...this.#consumers.map(({ priority }) => priority));
    this.#activate(this.#consumers.find(({ priority }) => priority === highest));
  }

  get consumerCount(): number {
    return this.#consumers.length;
  }

  removeConsumers(): void {
    this.#consumers = [];
    this.#activate(undefined);
  }

  #activate(consumer: ModelConsumer | undefined): void {
    this.#active = consumer;
    if (consumer !== undefined) this.#served.add(consumer);
  }

  get ready(): Copy[] {
    return this.copies.filter(({ state }) => state === 'ready');
  }

  get unackedCount(): number {
    return this.copies.filter(({ state }) => state === 'out').length;
  }

  get hasDoubts(): boolean {
    return this.ready.some(({ doubtful }) => doubtful);
  }

  /** Something came to it, or came back. */
  grow(turn: number): void {
    if (this.#grewIn !== turn) this.#longest = this.#heaviest = 0;
    this.#grewIn = turn;
    this.#longest = Math.max(this.#longest, this.copies.length);
    if (this.maxBytes < Infinity) this.#heaviest = Math.max(this.#heaviest, this.#bytes);
  }

  get #bytes(): number {
    return this.copies.reduce((sum, { message }) => sum + message.body.length, 0);
  }

  /** Whether nothing is left of it, nor must come of it. */
  get isEmpty(): boolean {
    return this.copies.every(({ state, doubtful }) => state === 'dying' && doubtful);
  }

  find(id: string): Copy | undefined {
    return this.copies.find(({ message }) => message.id === id);
  }

  /** Why a copy that nobody got may be missing; undefined: it may not. */
  excuse(copy: Copy, now: number, turn: number): 'dead' | 'turned away' | 'either' | undefined {
    if (copy.state === 'dying') return 'dead';
    if (copy.state !== 'ready') return undefined;
    const dead = copy.deadline <= now || copy.returns > this.deliveryLimit;
    const isLimited = Math.min(this.maxLength, this.maxBytes) < Infinity;
    if (!isLimited) return dead ? 'dead' : undefined;
    if (this.refusesWhenFull) {
      const turnedAway = copy.turn === turn && !copy.redelivered;
      if (dead) return turnedAway ? 'either' : 'dead';
      return turnedAway ? 'turned away' : undefined;
    }
    // What those who end in this turn had is back, and was not judged yet.
    const comesBack = this.copies.some(({ holder }) => holder?.ending === true);
    const grew = this.#grewIn === turn;
    const longest = Math.max(comesBack ? this.copies.length : 0, grew ? this.#longest : 0);
    const heaviest = Math.max(comesBack ? this.#bytes : 0, grew ? this.#heaviest : 0);
    const dropped = longest >= this.maxLength || heaviest > this.maxBytes;
    return dead || dropped ? 'dead' : undefined;
  }

  /**
   * A queue that drops its oldest keeps no more than it may, once something came to it. What a
   * restart gave back is judged with the next one that comes. QUE-17.
   */
  checkLength(view: BrokerView, turn: number): void {
    const { name, maxLength, maxBytes } = this;
    if (this.refusesWhenFull || !this.copies.some((copy) => copy.turn === turn)) return;
    const ready = view.readyCount(name);
    check(ready <= maxLength, 'length',
      () => `${ready} messages wait in ${name}, which keeps ${maxLength}`);
    if (maxBytes === Infinity) return;
    const bytes = view.readyBytes(name);
    check(bytes <= maxBytes, 'length', () => `${bytes} B wait in ${name}, which keeps ${maxBytes}`);
  }

  /** A copy went out in this turn. */
  leave(copy: Copy, connection: number | undefined, turn: number): void {
    this.#left.push({ copy, connection, steady: copy.readySince < turn });
  }

  remove(copy: Copy): void {
    copy.state = 'gone';
    copy.doubtful = false;
    copy.settled = NOT_YET;
    this.drop(copy);
    if (copy.message.persistent || this.quorum) this.lately.push(copy);
  }

  /** A copy never was here. */
  drop(copy: Copy): void {
    this.copies.splice(this.copies.indexOf(copy), 1);
  }

  /** A copy is not gone after all. */
  bringBack(copy: Copy): void {
    this.lately = this.lately.filter((other) => other !== copy);
    if (!this.copies.includes(copy)) this.copies.push(copy);
    copy.settled = NOT_YET;
  }

  /** Nothing goes while something that was there before it, and must go first, stays. */
  checkOrder(turn: number): void {
    const staying = this.ready.filter(({ readySince, doubtful }) => readySince < turn && !doubtful);
    this.#left.forEach(({ copy, connection }, index) => {
      const passed = staying.find((other) => isBefore(other, copy));
      if (passed !== undefined) {
        throw new Violation('order', `${copy.name} went before ${passed.message.id}`);
      }
      const later = this.#left.slice(index + 1).find((other) => other.steady &&
        connection !== undefined && other.connection === connection &&
        isBefore(other.copy, copy));
      check(later === undefined, 'order',
        () => `${copy.name} went before ${later!.copy.message.id}, on one connection`);
    });
    this.#left = [];
    this.#served.clear();
    this.#servesAnybody = false;
    this.#activate(this.#active);
  }

  /** The broker's list has every copy once, in its order, and nothing else. */
  compare(seen: readonly Seen[]): Copy[] {
    let before: Copy | undefined;
    for (const { id, redelivered, returns, deadline } of seen) {
      const copy = this.find(id);
      if (copy === undefined || copy.state !== 'ready') {
        throw new Violation('invented', `${id} waits in ${this.name}: it is ${this.stateOf(id)}`);
      }
      if (copy.doubtful) {
        copy.doubtful = false;
        copy.redelivered = redelivered;
        copy.countUnknown = true;
      }
      if (copy.countUnknown) copy.believe(returns);
      check(deadline === copy.deadline, 'deadline',
        () => `${copy.name} expires at ${copy.deadline}, and is to at ${deadline}`);
      check(returns === copy.returns, 'delivery count',
        () => `${copy.name} came back ${copy.returns} times, and counts ${returns}`);
      // What is held back was not out.
      check(this.name === DELAYED || redelivered === copy.redelivered, 'redelivered',
        () => `${copy.name} waits with redelivered=${redelivered}`);
      check(before === undefined || !isBefore(copy, before), 'order',
        () => `${copy.name} stands behind ${before!.message.id}`);
      before = copy;
    }
    check(new Set(seen.map(({ id }) => id)).size === seen.length, 'duplicate',
      () => `a message waits twice in ${this.name}`);
    const there = new Set(seen.map(({ id }) => id));
    return this.ready.filter(({ message }) => !there.has(message.id));
  }

  stateOf(id: string): string {
    return this.find(id)?.state ??
      (this.lately.some(({ message }) => message.id === id) ? 'gone' : 'unknown');
  }
}
