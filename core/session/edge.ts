import { Observable, Subscription } from 'rxjs';
import type { Link, Machine, Serve, Sink } from '../ports.ts';

/**
 * Makes a `Serve` of a machine: chunks of the inbound go to `receive`, what it sends is the
 * outbound. Unsubscribing the outbound aborts the machine: the transport is lost.
 */
export function edge(open: (sink: Sink, link: Link) => Machine): Serve {
  return (inbound, link) => new Observable<Uint8Array>((outbound) => {
    let ended = false;
    const sink: Sink = {
      send: (bytes) => outbound.next(bytes),
      end() {
        ended = true;
        outbound.complete();
      },
      setReading: (on) => link.setReading?.(on),
    };
    const machine = open(sink, link);
    // Not the inbound's own subscription, whose end is not the end: the machine may still answer.
    const subscription = new Subscription();
    subscription.add(inbound.subscribe({
      next: (chunk) => machine.receive(chunk),
      error: (error: unknown) => machine.receiveEnd(error ?? new Error('the transport is lost')),
      complete: () => machine.receiveEnd(),
    }));
    subscription.add(link.writable$?.subscribe((on) => machine.setWritable(on)));
    subscription.add(() => {
      if (!ended) machine.abort();
    });
    return subscription;
  });
}
