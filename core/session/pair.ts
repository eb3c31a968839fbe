import { BehaviorSubject, Observable, Subject, Subscription } from 'rxjs';
import type { Clock, Link, PeerInfo, Serve } from '../ports.ts';

/** The other end of a link that never leaves the machine. */
export const MEMORY_PEER: PeerInfo = {
  transport: 'memory', address: '', port: 0, loopback: true, secure: true,
};

/** One direction of the link: chunks wait for the next task, and for a reader that reads. */
class Lane {
  readonly chunks$ = new Subject<Uint8Array>();
  readonly writable$ = new BehaviorSubject(true);
  readonly #clock: Clock;
  #waiting: Uint8Array[] = [];
  #reading = true;
  #ended = false;
  #scheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  push(chunk: Uint8Array): void {
    this.#waiting.push(chunk);
    this.#schedule();
  }

  end(): void {
    this.#ended = true;
    this.#schedule();
  }

  setReading(on: boolean): void {
    this.#reading = on;
    this.writable$.next(on);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || !this.#reading) return;
    this.#scheduled = true;
    this.#clock.defer(() => this.#run());
  }

  #run(): void {
    this.#scheduled = false;
    const chunks = this.#waiting;
    this.#waiting = [];
    while (this.#reading && chunks.length > 0) this.chunks$.next(chunks.shift()!);
    this.#waiting = [...chunks, ...this.#waiting];
    if (this.#ended && this.#waiting.length === 0) this.chunks$.complete();
  }
}

/**
 * Joins two ends back to back in memory. Chunks cross by `clock.defer`, so neither end calls into
 * the other. Unsubscribing tears both down, as a lost wire would.
 */
export function pair(clock: Clock, a: Serve, b: Serve): Subscription {
  const toA = new Lane(clock);
  const toB = new Lane(clock);
  const wire = new Subscription();
  wire.add(join(a, toA, toB));
  wire.add(join(b, toB, toA));
  return wire;
}

function join(serve: Serve, inbound: Lane, outbound: Lane): Subscription {
  const link: Link = {
    peer: MEMORY_PEER,
    writable$: outbound.writable$,
    setReading: (on) => inbound.setReading(on),
  };
  const chunks$ = new Observable<Uint8Array>((chunks) => inbound.chunks$.subscribe(chunks));
  return serve(chunks$, link).subscribe({
    next: (chunk) => outbound.push(chunk),
    complete: () => outbound.end(),
  });
}
