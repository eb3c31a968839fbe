/** A peer that says bytes to a `Serve` and keeps what it hears: the transport without a transport. */
import { BehaviorSubject, Subject, type Subscription } from 'rxjs';
import type { Link, Serve } from '../../core/ports.ts';
import { concat, readFrames, type SentFrame } from './harness.ts';

export class RawPeer {
  readonly inbound = new Subject<Uint8Array>();
  readonly writable$ = new BehaviorSubject(true);
  /** What `setReading` was told, in order. */
  readonly reading: boolean[] = [];
  /** How the outbound ended: `completed`, or the error that a broken invariant is. */
  ended: unknown;
  readonly subscription: Subscription;
  #heard: Uint8Array[] = [];

  constructor(serve: Serve) {
    const link: Link = {
      peer: { transport: 'memory', address: '', port: 0, loopback: true, secure: true },
      writable$: this.writable$,
      setReading: (on) => this.reading.push(on),
    };
    this.subscription = serve(this.inbound, link).subscribe({
      next: (bytes) => this.#heard.push(bytes.slice()),
      error: (error: unknown) => (this.ended = error),
      complete: () => (this.ended = 'completed'),
    });
  }

  /** Says all of it in one chunk. */
  say(...bytes: readonly Uint8Array[]): this {
    this.inbound.next(concat(...bytes));
    return this;
  }

  /** What was heard since the last time. */
  take(): Uint8Array[] {
    return this.#heard.splice(0);
  }

  takeFrames(): SentFrame[] {
    return readFrames(concat(...this.take()));
  }

  takeNames(): string[] {
    return this.takeFrames().map(({ channel, name }) => `${channel} ${name}`);
  }

  /** Loses the transport. */
  drop(): void {
    this.subscription.unsubscribe();
  }
}
