import { BehaviorSubject, Observable, switchMap, take } from 'rxjs';
import type { Connection } from './connection.ts';
import { endsConnection } from './errors.ts';
import { Topology } from './topology.ts';

/** How it stands between a client and its broker. */
export type RecoveryState =
  | { readonly kind: 'connecting'; readonly attempt: number }
  | { readonly kind: 'connected'; readonly connection: Connection }
  /**
   * The last attempt failed, or the connection was lost; the next attempt comes. `sameEnds` counts
   * the connections in a row that ended for this reason soon after they were open.
   */
  | {
    readonly kind: 'waiting'; readonly delayMs: number; readonly error: unknown;
    readonly sameEnds: number;
  };

/** What a connection that comes back shares with whoever connects for it. */
export class Recovery {
  readonly state$ = new BehaviorSubject<RecoveryState>({ kind: 'connecting', attempt: 1 });
  readonly topology = new Topology();
  /** Ends it for good. */
  readonly stop: () => void;

  constructor(stop: () => void) {
    this.stop = stop;
  }

  /** The connection that is open now, where there is one. */
  get present(): Connection | undefined {
    const state = this.state$.value;
    return state.kind === 'connected' ? state.connection : undefined;
  }

  /** Declares again what was declared; emits once that is done. */
  recover(connection: Connection): Observable<void> {
    return connection.channel().pipe(
      switchMap((channel) => this.topology.recover(channel)), take(1),
    );
  }

  /**
   * Subscribes to what is made of the present connection, and again for each later one. That a
   * connection was lost is no error here, since the next one comes.
   */
  each<T>(make: (connection: Connection) => Observable<T>): Observable<T> {
    return this.state$.pipe(switchMap((state) => {
      if (state.kind !== 'connected') return [];
      return new Observable<T>((subscriber) => make(state.connection).subscribe({
        next: (value) => subscriber.next(value),
        error(error: unknown) {
          if (endsConnection(error)) subscriber.complete();
          else subscriber.error(error);
        },
        complete: () => subscriber.complete(),
      }));
    }));
  }
}
