import { Observable, Subject, switchMap, tap } from 'rxjs';
import { browserDial, createConnect, hostClock, type Dial } from '../../../browser/client.ts';
import { BufferPool, dissectFrames, summarize } from '../../../core/protocol/index.ts';
import { connectTarget } from '../../port/connect-target.ts';
import type { BrokerPort } from '../../port/broker-port.ts';
import { view$ } from '../../port/view.ts';

/** What a connection that was made for one try has seen. */
export interface ScratchState {
  readonly phase: 'opening' | 'open' | 'ended';
  /** What the broker sent since the octets went out, a line each. */
  readonly answers: readonly string[];
  /** Why the broker, or the client, ended it; '' while it lasts. */
  readonly end: string;
}

const opening: ScratchState = { phase: 'opening', answers: [], end: '' };

/**
 * Opens a connection of its own with one channel, sends these octets as they are, and tells what
 * comes of it. Unsubscribing closes it.
 */
export function sendOnScratch(port: BrokerPort, octets: Uint8Array): Observable<ScratchState> {
  return new Observable<ScratchState>((states) => {
    let state: ScratchState = opening;
    const update = (change: Partial<ScratchState>): void => {
      state = { ...state, ...change };
      states.next(state);
    };
    const raw$ = new Subject<Uint8Array>();
    const dial = withRaw(raw$, (chunk) => {
      if (state.phase === 'opening') return;
      update({ answers: [...state.answers, ...dissectFrames(chunk).map(summarize)] });
    });
    const env = { clock: hostClock(), pool: new BufferPool() };
    const connection$ = createConnect(dial, env)({
      ...connectTarget(port), heartbeat: 0, connectionName: 'scratch',
    });
    states.add(connection$.pipe(switchMap((connection) => connection.channel())).subscribe({
      next: () => {
        update({ phase: 'open' });
        // What a connection gives away is its reader's from then on.
        raw$.next(octets.slice());
      },
      error: (error: Error) => update({ phase: 'ended', end: error.message }),
      complete: () => update({ phase: 'ended', end: 'The broker closed the connection in order.' }),
    }));
  }).pipe(view$(opening));
}

/** A dial whose connections send `raw$` besides, and show what they receive. */
function withRaw(raw$: Observable<Uint8Array>, received: (chunk: Uint8Array) => void): Dial {
  const dial = browserDial({ clock: hostClock(), pool: new BufferPool() });
  return (endpoint, serve) => dial(endpoint, (inbound, link) => new Observable((outbound) => {
    outbound.add(raw$.subscribe((octets) => outbound.next(octets)));
    outbound.add(serve(inbound.pipe(tap(received)), link).subscribe(outbound));
  }));
}
