import { Observable, Subject } from 'rxjs';
import type { Confirmation } from './confirmation.ts';
import type { Outgoing } from './outgoing.ts';
import { IN_FLIGHT_MAX, type WindowSettings } from './publish-window.ts';

/** Publishes what it is given. It is an operator as well: `messages$.pipe(publisher)`. */
export type Publishing<M extends Outgoing = Outgoing> =
  (source: Observable<M> | AsyncIterable<M>) => Observable<Confirmation<M>>;

/** Has an operator take an AsyncIterable too, which is asked for no more than is let out. */
export function pulling<M extends Outgoing>(
  { inFlightMax = IN_FLIGHT_MAX }: Partial<WindowSettings>,
  publish: (source: Observable<M>) => Observable<Confirmation<M>>,
): Publishing<M> {
  return (source) => ('subscribe' in source ? publish(source) : pull(source, inFlightMax, publish));
}

/** An Observable cannot be told to wait: so the next message is asked for once there is room. */
function pull<M extends Outgoing>(
  source: AsyncIterable<M>, inFlightMax: number,
  publish: (source: Observable<M>) => Observable<Confirmation<M>>,
): Observable<Confirmation<M>> {
  return new Observable((confirmations) => {
    const feed = new Subject<M>();
    const iterator = source[Symbol.asyncIterator]();
    let outstanding = 0;
    let isAsking = false;
    let ended = false;
    const ask = async (): Promise<void> => {
      if (isAsking) return;
      isAsking = true;
      try {
        while (!ended && !confirmations.closed && outstanding < inFlightMax) {
          const { done, value } = await iterator.next();
          if (done === true) {
            ended = true;
            feed.complete();
          } else {
            outstanding++;
            feed.next(value);
          }
        }
      } catch (error) {
        ended = true;
        feed.error(error);
      }
      isAsking = false;
    };
    confirmations.add(publish(feed).subscribe({
      next: (confirmation) => {
        outstanding--;
        confirmations.next(confirmation);
        void ask();
      },
      error: (error: unknown) => confirmations.error(error),
      complete: () => confirmations.complete(),
    }));
    confirmations.add(() => {
      if (!ended) void iterator.return?.();
    });
    void ask();
  });
}
