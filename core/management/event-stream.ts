import { Subscription, type Observable } from 'rxjs';
import type { Cancel, Clock } from '../ports.ts';
import { limits } from '../limits.ts';
import { jsonText } from './json.ts';

const utf8 = new TextEncoder();

/**
 * What happens as server-sent events, each with its type and its facts. Who does not read is left
 * out once many wait; a comment now and then keeps the connection in use.
 */
export function eventStream(
  events$: Observable<{ readonly type: string }>, clock: Clock,
): ReadableStream<Uint8Array> {
  const subscription = new Subscription();
  let cancel: Cancel = () => {};
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (text: string): void => {
        if (-(controller.desiredSize ?? 0) < limits.eventsUnreadMax) {
          controller.enqueue(utf8.encode(text));
          return;
        }
        subscription.unsubscribe();
        controller.close();
      };
      const beat = (): void => {
        cancel = clock.setTimer(limits.eventBeatMs, beat, 'a stream of events stays in use');
        send(': nothing new\n\n');
      };
      beat();
      subscription.add(() => cancel());
      subscription.add(events$.subscribe({
        next: (event) => {
          send(`event: ${event.type}\ndata: ${jsonText(event)}\n\n`);
          if (event.type !== 'broker.stopping') return;
          subscription.unsubscribe();
          controller.close();
        },
      }));
    },
    cancel: () => subscription.unsubscribe(),
  });
}
