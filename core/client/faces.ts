import { Observable } from 'rxjs';
import type { Delivery } from './delivery.ts';
import { closedError } from './errors.ts';

/** An Observable that emits once, and can be awaited as well: each await subscribes to it anew. */
export class Once<T> extends Observable<T> implements PromiseLike<T> {
  readonly #failureOf: (value: T) => Error | undefined;

  /** `failureOf` tells what a promise is rejected with that an Observable emits. */
  constructor(
    source: Observable<T>, failureOf: (value: T) => Error | undefined = () => undefined,
  ) {
    super((subscriber) => source.subscribe(subscriber));
    this.#failureOf = failureOf;
  }

  // What can be awaited is what has this method.
  // oxlint-disable-next-line unicorn/no-thenable
  then<R = T, E = never>(
    onFulfilled?: ((value: T) => R | PromiseLike<R>) | null,
    onRejected?: ((error: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return new Promise<T>((resolve, reject) => {
      this.subscribe({
        next: (value) => {
          const failure = this.#failureOf(value);
          if (failure === undefined) resolve(value);
          else reject(failure);
        },
        error: reject,
        complete: () => reject(closedError()),
      });
    }).then(onFulfilled, onRejected);
  }
}

/** Deliveries as an Observable, and for `for await`, whose end cancels the consumer. */
export class Deliveries extends Observable<Delivery> implements AsyncIterable<Delivery> {
  constructor(source: Observable<Delivery>) {
    super((subscriber) => source.subscribe(subscriber));
  }

  /** What comes while the loop is at work waits: no more than the prefetch lets in. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Delivery> {
    const waiting: Delivery[] = [];
    const done: IteratorResult<Delivery> = { done: true, value: undefined };
    let ended = false;
    let failure: { readonly error: unknown } | undefined;
    let wake = (): void => {};
    const end = (): void => {
      ended = true;
      wake();
    };
    const subscription = this.subscribe({
      next(delivery) {
        waiting.push(delivery);
        wake();
      },
      error(error: unknown) {
        failure = { error };
        end();
      },
      complete: end,
    });
    return {
      async next() {
        while (waiting.length === 0) {
          if (failure !== undefined) {
            const { error } = failure;
            // It is told once.
            failure = undefined;
            throw error;
          }
          if (ended) return done;
          await new Promise<void>((resolve) => void (wake = resolve));
        }
        return { done: false, value: waiting.shift()! };
      },
      return() {
        subscription.unsubscribe();
        waiting.length = 0;
        failure = undefined;
        end();
        return Promise.resolve(done);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}
