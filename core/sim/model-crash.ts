import type { BrokerView, Seen } from './broker-view.ts';
import { isBefore, NOT_YET, type Copy } from './model-copy.ts';
import type { ModelQueue } from './model-queue.ts';
import type { Model } from './model.ts';
import { DELAYED } from './plan.ts';
import { check, Violation } from './violation.ts';

/** What was known of a copy when the process went, and what a restart must and may show. */
type Expectation = 'must' | 'may' | 'must not';

/**
 * The process is gone. Of what the journal holds up to `durable`, all is there after a restart;
 * what it was given later, or should forget, may be there.
 */
export class ModelCrash {
  readonly #model: Model;
  readonly #durable: number;
  readonly #expected = new Map<Copy, Expectation>();
  /** Queues that were on their way to be declared anew. */
  readonly mayBeGone: ReadonlySet<string>;

  constructor(model: Model, durable: number) {
    this.#model = model;
    this.#durable = durable;
    model.connections.clear();
    this.mayBeGone = model.management.crashed(durable);
    for (const queue of model.queues.values()) {
      queue.removeConsumers();
      for (const copy of queue.copies) this.#expected.set(copy, this.#ofPresent(copy));
      for (const copy of queue.lately) this.#expected.set(copy, this.#ofGone(copy));
    }
  }

  /** Compares what came back with what had to, and goes on from there. */
  recovered(view: BrokerView): void {
    const model = this.#model;
    model.now = Math.max(model.now, 0);
    model.stream?.recovered(view.stream!, this.#durable, model.wall);
    const back = new Set<Copy>();
    const letters = new Map<ModelQueue, readonly Seen[]>();
    for (const queue of model.queues.values()) {
      const known = [...queue.copies, ...queue.lately];
      // What fell due meanwhile has gone on already, and was not out where it is now.
      const isLetter = ({ redelivered }: Seen): boolean => !redelivered && queue.name !== DELAYED;
      const all = view.ready(queue.name);
      const seen = all.filter((each) => !isLetter(each));
      letters.set(queue, all.filter(isLetter));
      check(all.slice(0, seen.length).every((each) => !isLetter(each)), 'redelivered',
        () => `in ${queue.name} something came back from a crash and does not say so`);
      const found = seen.map(({ id }) => this.#find(known, queue.name, id));
      this.#checkOrder(found);
      found.forEach((copy, index) => this.#checkCount(copy, seen[index]!));
      found.forEach((copy, index) => this.#checkDeadline(copy, seen[index]!));
      for (const copy of found) back.add(copy);
      queue.copies = found;
      queue.lately = [];
      queue.number = view.numberOf(queue.name);
    }
    for (const [copy, expected] of this.#expected) this.#check(copy, expected, back);
    this.#checkWhole(back);
    for (const [queue, seen] of letters) this.#takeLetters(queue, seen);
    for (const copy of back) settleIn(copy, model.turn, view.durable);
    model.turn++;
  }

  #ofPresent(copy: Copy): Expectation {
    const { message, arrived, source, doubtful } = copy;
    if (!message.persistent && !copy.queue.quorum) return 'must not';
    if (doubtful) return 'may';
    if (arrived <= this.#durable) return 'must';
    // What was confirmed is there, unless it has moved on: then it is where it came from or here.
    const confirmed = message.fate === 'confirmed' && source === undefined;
    return confirmed ? 'must' : 'may';
  }

  #ofGone({ settled }: Copy): Expectation {
    return settled <= this.#durable ? 'must not' : 'may';
  }

  /** What fell due while the broker was down is where it was to go to, in the order of its time. */
  #takeLetters(queue: ModelQueue, seen: readonly Seen[]): void {
    const sources = [...this.#expected].filter(([copy, expected]) =>
      copy.queue.deadQueue === queue.name && expected !== 'must not');
    let before: Copy | undefined;
    for (const { id } of seen) {
      const source = sources.find(([{ message }]) => message.id === id)?.[0];
      check(source !== undefined && this.#isPerhapsDue(source), 'invented',
        () => `${id} came to ${queue.name} while the broker was down`);
      check(before === undefined || !this.#isDueBefore(source!, before), 'due order',
        () => `${source!.name} was due before ${before!.message.id}, and came after it`);
      before = source;
      source!.queue.bringBack(source!);
      this.#model.die(source!);
    }
  }

  /** Whether it must have come first; where the clock was set meanwhile, that is not known. */
  #isDueBefore(copy: Copy, other: Copy): boolean {
    if (this.#model.wallOffsets.length > 1) return false;
    return copy.queue.name === DELAYED ? copy.deadline < other.deadline : isBefore(copy, other);
  }

  #isPerhapsDue(copy: Copy): boolean {
    return Math.min(...this.#deadlinesOf(copy)) <= this.#model.now;
  }

  #find(known: readonly Copy[], queue: string, id: string): Copy {
    const copy = known.find(({ message }) => message.id === id);
    if (copy === undefined) throw new Violation('invented', `${id} came back in ${queue}`);
    return copy;
  }

  #check(copy: Copy, expected: Expectation, back: ReadonlySet<Copy>): void {
    const isBack = back.has(copy);
    check(!isBack || expected !== 'must not', 'recovery',
      () => `${copy.name} came back, and was gone for good or not to be kept`);
    const excused = this.#isPerhapsDue(copy);
    check(isBack || excused || expected !== 'must', 'durability',
      () => `${copy.name} was ${copy.message.fate} and is lost`);
  }

  /** What came back before the crash counts, as far as that was durable. QUE-30. */
  #checkCount(copy: Copy, { returns }: Seen): void {
    const least = copy.returned.filter((mark) => mark <= this.#durable).length;
    check(copy.countUnknown || (returns >= least && returns <= copy.returns), 'delivery count',
      () => `${copy.name} came back ${least} to ${copy.returns} times, and counts ${returns}`);
    copy.believe(returns);
  }

  /**
   * Deadlines are kept in wall-clock time, so the time that the broker was down counts, and so
   * does each time that the clock was set while it was up, or not. QUE-14.
   */
  #checkDeadline(copy: Copy, { deadline }: Seen): void {
    const possible = this.#deadlinesOf(copy);
    check(possible.includes(deadline), 'deadline',
      () => `${copy.name} expires at ${possible.join(' or ')}, and is to at ${deadline}`);
    copy.deadline = deadline;
  }

  #deadlinesOf({ deadline, settings }: Copy): number[] {
    const { wallOffsets } = this.#model;
    const now = wallOffsets.at(-1)!;
    return wallOffsets.slice(settings - 1).map((offset) => deadline + offset - now);
  }

  /** A dead letter is in its source or its target; a transaction is whole or absent. */
  #checkWhole(back: ReadonlySet<Copy>): void {
    const groups = new Map<object, boolean>();
    for (const [copy, expected] of this.#expected) {
      const { source, group, state } = copy;
      if (source !== undefined && expected !== 'must not' && state !== 'gone') {
        const atSource = back.has(source);
        const sourceWasThere = source.arrived <= this.#durable ||
          source.message.fate === 'confirmed';
        check(!atSource || !back.has(copy), 'atomic', () => `${copy.name} and in its source`);
        check(atSource || back.has(copy) || !sourceWasThere || this.#isPerhapsDue(source), 'atomic',
          () => `${copy.name} is neither there nor in ${source.queue.name}`);
      }
      if (group === undefined || expected === 'must not' || state === 'gone') continue;
      // What may have expired by itself says nothing of the others.
      if (!back.has(copy) && this.#isPerhapsDue(copy)) continue;
      const whole = groups.get(group);
      check(whole === undefined || whole === back.has(copy), 'atomic',
        () => `${copy.name} is ${whole === true ? 'not ' : ''}there, unlike its transaction`);
      groups.set(group, back.has(copy));
    }
  }

  #checkOrder(found: readonly Copy[]): void {
    found.forEach((copy, index) => {
      const before = found[index - 1];
      check(before === undefined || !isBefore(copy, before), 'order',
        () => `${copy.name} came back behind ${before!.message.id}`);
    });
  }
}

function settleIn(copy: Copy, turn: number, durable: number): void {
  copy.state = 'ready';
  copy.doubtful = false;
  copy.holder = undefined;
  copy.redelivered = true;
  copy.returned = copy.returned.map(() => durable);
  copy.readySince = turn;
  copy.arrived = Math.min(copy.arrived, durable);
  copy.settled = NOT_YET;
}
