import type { Cancel, Clock } from '../../ports.ts';
import type { Address } from '../message/address.ts';
import type { MessageStore } from '../message/store.ts';
import { Fifo } from './fifo.ts';
import { Party, type Parties } from './parties.ts';
import { Run, RUN_MESSAGES_MAX, type Destination } from './run.ts';
import { work } from './work.ts';

/** A queue that has something to do at the end of the turn. */
export interface Pumped {
  pump(): void;
}

/** A connection or channel that has something to send at the end of the turn. */
export interface Flushed {
  flush(): void;
}

/** Hears which messages of a run were refused. */
export interface RefusalSink {
  reject(sequence: number): void;
}

/** Something to be done for somebody, whose tasks keep their order. */
interface Task {
  readonly source: object;
  readonly run: () => void;
}

/**
 * One turn of the broker: what follows from one chunk of input, one timer or one call. Publishes
 * are collected into runs, queues that were touched are pumped after the last frame, and each
 * connection is flushed once. What comes up on the way (dead letters, publishes out of a
 * consumer) waits in line, so nothing is recursive.
 *
 * A turn has a budget of work. When that is used up, queues that are still to be pumped and tasks
 * that are still to be done wait for later turns, in their order, beside everybody else who waits
 * (see `Parties`). What was begun is not cut: a method, a publish with its copies, a transaction,
 * a message that is `immediate`, one acknowledgement of many; what the turn changed is written as
 * one group, and what tells of it is sent at its end.
 */
export class Turn {
  /** Clock time at which this turn began. */
  now = 0;
  /** Writes what the turn changed, before anything that tells of it is sent. */
  commit: () => void = () => {};
  /** Called when a turn is over: nothing of it is open any more. */
  ended: () => void = () => {};
  /** Who waits for a turn. */
  readonly parties: Parties;
  readonly #clock: Clock;
  readonly #store: MessageStore;
  #depth = 0;
  /** The work, in that of the parties, at which this turn began and is to end. */
  #began = 0;
  #end = 0;
  /** Where whoever sends has used up its part. */
  #inputEnd = 0;
  #queues = new Fifo<Pumped>();
  #tasks = new Fifo<Task>();
  /** What the present turn pumps that an earlier one left. */
  #rest: Fifo<Pumped> | undefined;
  /** Tasks that no turn came to yet, by whom they are for. */
  readonly #lines = new Map<object, Fifo<() => void>>();
  /** What timers were for that are due and had no turn yet. */
  readonly #due = new Fifo<() => void>();
  readonly #dueParty = new Party(() => this.#runDue());
  #channels: Flushed[] = [];
  #connections: Flushed[] = [];
  /** The run that is being collected, and where it goes. */
  #run = new Run();
  #spareRun: Run | undefined = new Run();
  #destinations: readonly Destination[] = [];
  #refusals: RefusalSink | undefined;

  constructor(clock: Clock, store: MessageStore, parties: Parties) {
    this.#clock = clock;
    this.#store = store;
    this.parties = parties;
  }

  /** Does the work as a turn of its own, or as part of the present one. */
  within(work: () => void): void {
    this.enter();
    try {
      work();
    } finally {
      this.exit();
    }
  }

  /** Begins a turn unless one is under way; `end` ends it. For the frames of one chunk. */
  begin(): void {
    if (this.#depth === 0) this.enter();
  }

  end(): void {
    if (this.#depth > 0) this.exit();
  }

  enter(): void {
    if (this.#depth++ > 0) return;
    this.now = this.#clock.now();
    this.#began = this.parties.work;
    const { allowance } = this.parties;
    this.#end = this.#began + allowance;
    this.#inputEnd = this.#began + Math.ceil(allowance / 2);
  }

  /** Ends what `enter` began; the outermost one settles everything that was touched. */
  exit(): void {
    if (this.#depth > 1) {
      this.#depth--;
      return;
    }
    try {
      this.#settle();
    } finally {
      this.#depth = 0;
      this.parties.turnEnded();
    }
    this.ended();
  }

  /** Whether a turn is under way. */
  get isOpen(): boolean {
    return this.#depth > 0;
  }

  /** Counts work against the budget of the turn; see `work`. */
  spend(amount: number): void {
    this.parties.work += amount;
  }

  /** Work of this turn so far, or of the last one. */
  get spent(): number {
    return this.parties.work - this.#began;
  }

  /** Its budget. */
  get allowed(): number {
    return this.#end - this.#began;
  }

  /** Whether the turn has used up its budget, so that what can wait does. */
  get isSpent(): boolean {
    return this.parties.work >= this.#end;
  }

  /** The same for whoever did so much more, and has yet to `spend` it. */
  isSpentWith(amount: number): boolean {
    return this.parties.work + amount >= this.#end;
  }

  /**
   * Whether whoever sends has used up its part of the budget: half of it is for what follows from
   * that, so that deliveries keep pace with publishes.
   */
  get isInputSpent(): boolean {
    return this.parties.work >= this.#inputEnd;
  }

  /** The queue may have something to deliver or to expire. */
  touch(queue: Pumped): void {
    this.#queues.push(queue);
    if (this.#depth === 0) this.#clock.defer(() => this.within(() => {}));
  }

  /**
   * A timer whose work is a turn of its own: behind others who wait, and where a great many are due
   * at once, over several turns.
   */
  setTimer(delayMs: number, run: () => void, what?: string): Cancel {
    let isWanted = true;
    const cancel = this.#clock.setTimer(delayMs, () => this.#whenDue(() => {
      if (isWanted) run();
    }), what);
    return () => {
      isWanted = false;
      cancel();
    };
  }

  #whenDue(run: () => void): void {
    if (!this.parties.admit(this.#dueParty)) {
      this.#due.push(run);
      return;
    }
    const before = this.parties.work;
    this.spend(work.timer);
    this.within(run);
    this.parties.charge(this.#dueParty, this.parties.work - before);
  }

  /** Runs in this turn, after what is at hand, or later; those of one source keep their order. */
  afterwards(source: object, run: () => void): void {
    const line = this.#lines.get(source);
    if (line === undefined) this.#tasks.push({ source, run });
    else line.push(run);
  }

  /**
   * Does work that may be long, step by step: in this turn as far as its budget goes, and on in
   * later ones. `step` answers whether there is more; `done` is called when there is not.
   */
  stepwise(step: () => boolean, done: () => void = () => {}): void {
    let more = true;
    const goOn = (): boolean => {
      this.within(() => {
        do more = step(); while (more && !this.isSpent);
        if (!more) done();
      });
      return more;
    };
    if (goOn()) this.parties.addLast(new Party(goOn));
  }

  /** The channel has confirms to send at the end of the turn. */
  flushChannel(channel: Flushed): void {
    this.#channels.push(channel);
  }

  /** The connection has bytes to send at the end of the turn. */
  flushConnection(connection: Flushed): void {
    this.#connections.push(connection);
  }

  /**
   * Adds a message to the run for these destinations. The turn takes over the caller's reference
   * to it.
   */
  publish(
    destinations: readonly Destination[], address: Address, timeToLive: number,
    refusals: RefusalSink | undefined, sequence: number,
  ): void {
    const same = this.#destinations === destinations && this.#refusals === refusals;
    if (!same || this.#run.count === RUN_MESSAGES_MAX) {
      // What is handed over may make consumers in process publish: until nothing is left.
      while (this.#run.count > 0) this.flushRun();
      this.#destinations = destinations;
      this.#refusals = refusals;
    }
    this.#run.add(address, timeToLive, sequence);
    this.parties.work += 1 + destinations.length;
  }

  /** Hands the collected run over, so that what follows sees its messages in the queues. */
  flushRun(): void {
    const run = this.#run;
    if (run.count === 0) return;
    const destinations = this.#destinations;
    const refusals = this.#refusals;
    this.#run = this.#spareRun ?? new Run();
    this.#spareRun = undefined;
    for (const destination of destinations) {
      if (!destination.gone) destination.next(run);
    }
    for (let i = 0; i < run.count; i++) {
      if (run.rejected[i] === 1) refusals?.reject(run.sequences[i]!);
      this.#store.release(run.addresses[i]!);
    }
    run.count = 0;
    this.#spareRun = run;
  }

  #settle(): void {
    do {
      this.settleQueues();
      this.commit();
      const flushed = [...this.#channels, ...this.#connections];
      this.#channels = [];
      this.#connections = [];
      for (const each of flushed) each.flush();
    } while (this.#hasWork);
    this.#leaveRest();
  }

  /** Whether there is something to do that is to be done in this turn. */
  get #hasWork(): boolean {
    if (this.#run.count + this.#channels.length + this.#connections.length > 0) return true;
    return !this.isSpent && this.#queues.length + this.#tasks.length > 0;
  }

  /**
   * Does all that waits in this turn but sending, as far as its budget goes: within it, no queue
   * has anything to do afterwards.
   */
  settleQueues(): void {
    for (;;) {
      this.flushRun();
      if (this.isSpent) return;
      const task = this.#tasks.shift();
      if (task !== undefined) {
        task.run();
        continue;
      }
      const queue = this.#queues.shift();
      if (queue === undefined) return;
      this.parties.work++;
      queue.pump();
    }
  }

  /** What is left goes on in later turns. */
  #leaveRest(): void {
    for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) {
      this.#lineOf(task.source).push(task.run);
    }
    if (this.#queues.length === 0) return;
    const rest = this.#rest ?? this.#newRest();
    for (let each = this.#queues.shift(); each !== undefined; each = this.#queues.shift()) {
      rest.push(each);
    }
  }

  #newRest(): Fifo<Pumped> {
    const rest = new Fifo<Pumped>();
    this.parties.addLast(new Party(() => this.#pumpRest(rest)));
    return rest;
  }

  #lineOf(source: object): Fifo<() => void> {
    const known = this.#lines.get(source);
    if (known !== undefined) return known;
    const line = new Fifo<() => void>();
    this.#lines.set(source, line);
    this.parties.addLast(new Party(() => this.#runLine(source, line)));
    return line;
  }

  /** Does tasks that were left; whether some are still left. */
  #runLine(source: object, line: Fifo<() => void>): boolean {
    this.within(() => {
      while (line.length > 0 && !this.isSpent) {
        line.shift()!();
        this.flushRun();
      }
      if (line.length === 0) this.#lines.delete(source);
    });
    return line.length > 0;
  }

  /** Does what timers were for; whether some still waits. */
  #runDue(): boolean {
    this.within(() => {
      for (let run = this.#due.shift(); run !== undefined; run = this.#due.shift()) {
        this.spend(work.timer);
        run();
        if (this.isSpent) return;
      }
    });
    return this.#due.length > 0;
  }

  /** Pumps queues that were left; whether some are still left. */
  #pumpRest(rest: Fifo<Pumped>): boolean {
    this.within(() => {
      this.#rest = rest;
      while (rest.length > 0 && !this.isSpent) {
        this.parties.work++;
        rest.shift()!.pump();
      }
    });
    this.#rest = undefined;
    return rest.length > 0;
  }
}
