import { Observable, Subscription } from 'rxjs';
import type { Clock, Random } from '../ports.ts';
import { backOff, type BackOffOptions } from './back-off.ts';
import { CancelledError, ReplyError } from './errors.ts';

/** How a consumer comes back, while its connection lasts. */
export interface ResubscribeOptions extends BackOffOptions {
  /** Hears why the consumer ended, and how long it waits before it consumes again. */
  readonly onEnd?: (error: Error, delayMs: number) => void;
}

/** What waits by. */
export interface Waiting {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Subscribes anew where a consumer ended by what may pass, after waits that grow until something
 * comes again. Anything else comes through.
 */
export function resubscribing<T>(
  source: Observable<T>, options: ResubscribeOptions, { clock, random }: Waiting,
): Observable<T> {
  return new Observable((subscriber) => {
    let failures = 0;
    let consuming = Subscription.EMPTY;
    let stopTimer = (): void => {};
    const consume = (): void => {
      consuming = source.subscribe({
        next(value) {
          failures = 0;
          subscriber.next(value);
        },
        error(error: unknown) {
          if (!mayPass(error)) {
            subscriber.error(error);
            return;
          }
          const delayMs = backOff(++failures, random, options);
          stopTimer = clock.setTimer(delayMs, consume);
          options.onEnd?.(error, delayMs);
        },
        complete: () => subscriber.complete(),
      });
    };
    subscriber.add(() => {
      stopTimer();
      consuming.unsubscribe();
    });
    consume();
  });
}

/**
 * The queue was deleted or is not there; someone else has it for himself, or may not be consumed
 * from at present; or a delivery was kept longer than the broker waits for it.
 */
function mayPass(error: unknown): error is Error {
  if (error instanceof CancelledError) return true;
  if (!(error instanceof ReplyError) || error.scope === 'connection') return false;
  const { replyCode: code, replyText } = error;
  // 406 stands for much that does not pass; RabbitMQ and TabMQ say the same of this.
  return code === 406 ? replyText.includes('timed out') : [403, 404, 405].includes(code);
}
