import { BehaviorSubject, Observable } from 'rxjs';
import { wireLimits } from '../protocol/limits.ts';
import type { Clock, Link, PeerInfo, Serve } from '../ports.ts';
import type { BufferPool } from '../protocol/buffer-pool.ts';

/** What the kernel, or whatever carries the bytes, reports about a chunk: gone, or lost. */
export type Written = (error?: Error | null) => void;

/** An open connection as its kind of socket offers it: TCP, TLS, WebSocket or MessagePort. */
export interface Transport {
  readonly peer: PeerInfo;
  /** Subscribed once. Completes at an orderly end of the peer's stream, fails at any other. */
  readonly inbound: Observable<Uint8Array>;
  /** Bytes that were written and that the kernel has not taken yet. */
  readonly unsentBytes: number;
  /** Calls `written` once, later, in the order of the calls. */
  write(chunk: Uint8Array, written: Written): void;
  /** Reads from the peer, or leaves what it sends where it is. */
  setReading(on: boolean): void;
  /** The peer has opened a connection: it is no stranger any more. Absent: nobody asks. */
  opened?(): void;
  /** Flushes what was written, then closes in good order. */
  end(): void;
  /** Ends the connection at once, and drops what was not sent. */
  destroy(): void;
  /** Calls `run` once nothing can be read or written any more. */
  whenClosed(run: () => void): void;
}

/** What a transport needs of its surroundings. */
export interface TransportEnv {
  readonly clock: Clock;
  readonly pool: BufferPool;
}

/**
 * Runs `serve` on an open connection, from either end. The result completes when the transport
 * has closed and fails when the outbound does; unsubscribing destroys the transport.
 */
export function serveTransport(
  transport: Transport,
  serve: Serve,
  env: TransportEnv,
): Observable<never> {
  return new Observable((connection) => {
    const outlet = new Outlet(transport, env.pool);
    const outbound = serve(transport.inbound, outlet).subscribe({
      next: (chunk) => outlet.send(chunk),
      error: (error) => connection.error(error),
      complete: () => {
        transport.end();
        // A peer that neither reads nor closes would otherwise hold the socket for ever.
        connection.add(env.clock.setTimer(
          wireLimits.lingerMs, () => transport.destroy(), 'a closed link lingers',
        ));
      },
    });
    connection.add(outbound);
    connection.add(() => outlet.close());
    connection.add(() => transport.destroy());
    transport.whenClosed(() => connection.complete());
  });
}

const GIVEN_BACK = new Uint8Array(0);

/** The way out of a connection: gives chunks back once they are gone, and tells when to wait. */
class Outlet implements Link {
  readonly peer: PeerInfo;
  readonly writable$ = new BehaviorSubject(true);
  readonly #transport: Transport;
  readonly #pool: BufferPool;
  /** One entry for each chunk whose `written` is still to come, oldest first. */
  readonly #unreported: Uint8Array[] = [];

  constructor(transport: Transport, pool: BufferPool) {
    this.peer = transport.peer;
    this.#transport = transport;
    this.#pool = pool;
  }

  setReading(on: boolean): void {
    this.#transport.setReading(on);
  }

  opened(): void {
    this.#transport.opened?.();
  }

  send(chunk: Uint8Array): void {
    this.#transport.write(chunk, this.#written);
    const { unsentBytes } = this.#transport;
    if (unsentBytes === 0) {
      // The kernel took it at once. To give it back now rather than when that is reported lets
      // the next connection of this turn fill the same memory, which the cache still holds.
      this.#pool.give(chunk);
      this.#unreported.push(GIVEN_BACK);
      return;
    }
    this.#unreported.push(chunk);
    this.#pool.unsentBytes += chunk.length;
    if (unsentBytes > wireLimits.unsentBytesMax && this.writable$.value) this.writable$.next(false);
  }

  /** Nobody reports any more what became of the rest. */
  close(): void {
    for (const chunk of this.#unreported.splice(0)) this.#pool.unsentBytes -= chunk.length;
  }

  /** One function for all chunks, so that a chunk costs no closure. */
  readonly #written: Written = (error) => {
    const chunk = this.#unreported.shift();
    this.#pool.unsentBytes -= chunk?.length ?? 0;
    if (chunk !== undefined && !error) this.#pool.give(chunk);
    if (!this.writable$.value && this.#transport.unsentBytes === 0) this.writable$.next(true);
  };
}
