import {
  defer, Observable, throwError, type ObservableInput, type OperatorFunction, type Subscriber,
} from 'rxjs';
import { hostClock } from '../clock/host-clock.ts';
import type { Cancel, Clock } from '../ports.ts';
import type { Delivery } from './delivery.ts';
import { WorkError } from './errors.ts';

/** How `ackAfter` works through deliveries. */
export interface AckAfterOptions {
  /** Deliveries that are worked on at once. Default: as many as prefetch lets in. */
  readonly concurrency?: number;
  /**
   * Whether a delivery whose work failed goes back to its queue. Default: the first time; one that
   * was delivered before is given up. What is given up goes to the dead-letter exchange of its
   * queue, and is gone where that has none.
   */
  readonly requeue?: boolean | ((error: unknown, delivery: Delivery) => boolean);
  /**
   * Hears why work failed, which is no error of the stream. Default: a WorkError is reported as
   * RxJS reports errors that nobody handles, which ends a Node process that does not say else.
   */
  readonly onError?: (error: unknown, delivery: Delivery, requeued: boolean) => void;
}

/** What is to be done with a delivery. */
export type Project<T> = (delivery: Delivery) => ObservableInput<T>;

/**
 * Works on deliveries: each is acknowledged when the Observable that is made of it completes, and
 * refused when that fails; what was not finished when the stream is unsubscribed goes back to its
 * queue. Emits what the work emits. A delivery that the work settles itself is left alone.
 */
export function ackAfter<T>(
  project: Project<T>, options: AckAfterOptions = {},
): OperatorFunction<Delivery, T> {
  return (source) => new Observable((results) => {
    new Crew(project, options, results).run(source);
  });
}

/** Works on so many deliveries at once. Those that wait must not be lost, as in a mergeMap. */
class Crew<T> {
  readonly #project: Project<T>;
  readonly #options: AckAfterOptions;
  readonly #results: Subscriber<T>;
  readonly #waiting: Delivery[] = [];
  #working = 0;
  #sourceEnded = false;

  constructor(project: Project<T>, options: AckAfterOptions, results: Subscriber<T>) {
    this.#project = project;
    this.#options = options;
    this.#results = results;
  }

  run(source: Observable<Delivery>): void {
    const results = this.#results;
    results.add(source.subscribe({
      next: (delivery) => {
        this.#waiting.push(delivery);
        this.#goOn();
      },
      error: (error: unknown) => results.error(error),
      complete: () => {
        this.#sourceEnded = true;
        this.#goOn();
      },
    }));
    // After the consumer is cancelled, to which they would else come once more.
    results.add(() => this.#waiting.forEach(giveBack));
  }

  #goOn(): void {
    const { concurrency = Infinity } = this.#options;
    while (this.#working < concurrency && !this.#results.closed) {
      const delivery = this.#waiting.shift();
      if (delivery === undefined) break;
      this.#working++;
      this.#workOn(delivery);
    }
    if (this.#sourceEnded && this.#working === 0) this.#results.complete();
  }

  #workOn(delivery: Delivery): void {
    const results = this.#results;
    const work = defer(() => this.#project(delivery)).subscribe({
      next: (result) => results.next(result),
      error: (error: unknown) => this.#refuse(delivery, error),
      complete: () => settle(delivery, () => delivery.ack()),
    });
    // Runs after each of those, and when the stream is unsubscribed.
    const done = (): void => {
      results.remove(work);
      giveBack(delivery);
      this.#working--;
      if (!results.closed) this.#goOn();
    };
    results.add(work);
    work.add(done);
  }

  #refuse(delivery: Delivery, error: unknown): void {
    const { requeue = !delivery.redelivered, onError = report } = this.#options;
    const again = typeof requeue === 'boolean' ? requeue : requeue(error, delivery);
    try {
      onError(error, delivery, again);
    } finally {
      settle(delivery, () => delivery.nack({ requeue: again }));
    }
  }
}

/** An Observable that fails with nobody to hear it is what RxJS reports. */
function report(error: unknown, delivery: Delivery, again: boolean): void {
  throwError(() => new WorkError(error, delivery, again)).subscribe();
}

function settle(delivery: Delivery, run: () => void): void {
  if (!delivery.settled) run();
}

function giveBack(delivery: Delivery): void {
  settle(delivery, () => delivery.nack({ requeue: true }));
}

/** Deliveries to be worked on together. */
export class Batch {
  readonly deliveries: readonly Delivery[];

  constructor(deliveries: readonly Delivery[]) {
    this.deliveries = deliveries;
  }

  /** Acknowledges those that are not settled yet. */
  ack(): void {
    for (const delivery of this.deliveries) settle(delivery, () => delivery.ack());
  }

  /** Refuses those that are not settled yet; they go back to their queue, where not told else. */
  nack(options: { readonly requeue?: boolean } = {}): void {
    for (const delivery of this.deliveries) settle(delivery, () => delivery.nack(options));
  }
}

/** When `batches` hands on what it gathered. */
export interface BatchOptions {
  /** Deliveries in a batch, at most; no more than prefetch, which would never let it fill. */
  readonly size: number;
  /** Milliseconds after its first delivery at which a batch is complete anyway. */
  readonly timeMs: number;
  /** Default: that of the machine. */
  readonly clock?: Clock;
}

/**
 * Gathers deliveries. When the stream ends, those gathered come in a last batch; when it is
 * unsubscribed, they go back to their queue.
 */
export function batches(options: BatchOptions): OperatorFunction<Delivery, Batch> {
  const { size, timeMs, clock = hostClock() } = options;
  return (source) => new Observable((subscriber) => {
    let deliveries: Delivery[] = [];
    let stopTimer: Cancel = () => {};
    const emit = (): void => {
      stopTimer();
      if (deliveries.length === 0) return;
      const batch = new Batch(deliveries);
      deliveries = [];
      subscriber.next(batch);
    };
    subscriber.add(source.subscribe({
      next(delivery) {
        deliveries.push(delivery);
        if (deliveries.length >= size) emit();
        else if (deliveries.length === 1) stopTimer = clock.setTimer(timeMs, emit);
      },
      error(error: unknown) {
        emit();
        subscriber.error(error);
      },
      complete() {
        emit();
        subscriber.complete();
      },
    }));
    subscriber.add(() => {
      stopTimer();
      deliveries.forEach(giveBack);
    });
  });
}
