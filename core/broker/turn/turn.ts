import type { Clock } from '../../ports.ts';
import type { Address, MessageStore } from '../message/store.ts';
import { Run, RUN_MESSAGES_MAX, type Destination } from './run.ts';

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

/**
 * One turn of the broker: everything that follows from one chunk of input, one timer or one call,
 * run to the end before the next one begins. Publishes are collected into runs, queues that were
 * touched are pumped after the last frame, and each connection is flushed once. What comes up on
 * the way (dead letters, publishes out of a consumer) waits in line, so nothing is recursive.
 */
export class Turn {
  /** Clock time at which this turn began. */
  now = 0;
  /** Writes what the turn changed, before anything that tells of it is sent. */
  commit: () => void = () => {};
  readonly #clock: Clock;
  readonly #store: MessageStore;
  #depth = 0;
  #queues: Pumped[] = [];
  #tasks: (() => void)[] = [];
  #channels: Flushed[] = [];
  #connections: Flushed[] = [];
  /** The run that is being collected, and where it goes. */
  #run = new Run();
  #spareRun: Run | undefined = new Run();
  #destinations: readonly Destination[] = [];
  #refusals: RefusalSink | undefined;

  constructor(clock: Clock, store: MessageStore) {
    this.#clock = clock;
    this.#store = store;
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
    if (this.#depth++ === 0) this.now = this.#clock.now();
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
    }
  }

  /** The queue may have something to deliver or to expire. */
  touch(queue: Pumped): void {
    this.#queues.push(queue);
    if (this.#depth === 0) this.#clock.defer(() => this.within(() => {}));
  }

  /** The queue goes on in a later turn, after what else is waiting. */
  later(queue: Pumped): void {
    this.#clock.defer(() => this.within(() => this.touch(queue)));
  }

  /** Runs in this turn, after what is at hand. */
  afterwards(task: () => void): void {
    this.#tasks.push(task);
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
  }

  get #hasWork(): boolean {
    return this.#run.count + this.#queues.length + this.#tasks.length + this.#channels.length +
      this.#connections.length > 0;
  }

  /** Does all that waits but sending: afterwards no queue has anything to do. */
  settleQueues(): void {
    for (;;) {
      this.flushRun();
      const tasks = this.#tasks;
      if (tasks.length > 0) {
        this.#tasks = [];
        for (const task of tasks) task();
        continue;
      }
      const queues = this.#queues;
      if (queues.length === 0) return;
      this.#queues = [];
      for (const queue of queues) queue.pump();
    }
  }
}
