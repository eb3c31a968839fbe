import { Subscription, type Observable } from 'rxjs';
import type { Cancel, Clock } from '../ports.ts';
import { limits } from '../limits.ts';
import { jsonText } from './json.ts';

const utf8 = new TextEncoder();

/** A server-sent event: what it is called, and its facts. */
export interface ServerSent {
  readonly name: string;
  readonly data: object;
}

/**
 * What happens as server-sent events, until it completes. Who does not read is left out once many
 * wait; a comment now and then keeps the connection in use.
 */
export function eventStream(
  events$: Observable<ServerSent>, clock: Clock,
): ReadableStream<Uint8Array> {
  const subscription = new Subscription();
  let cancel: Cancel = () => {};
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const end = (): void => {
        subscription.unsubscribe();
        controller.close();
      };
      const send = (text: string): void => {
        if (-(controller.desiredSize ?? 0) < limits.eventsUnreadMax) {
          controller.enqueue(utf8.encode(text));
        } else {
          end();
        }
      };
      const beat = (): void => {
        cancel = clock.setTimer(limits.eventBeatMs, beat, 'a stream of events stays in use');
        send(': nothing new\n\n');
      };
      beat();
      subscription.add(() => cancel());
      subscription.add(events$.subscribe({
        next: ({ name, data }) => send(`event: ${name}\ndata: ${jsonText(data)}\n\n`),
        complete: end,
      }));
    },
    cancel: () => subscription.unsubscribe(),
  });
}
