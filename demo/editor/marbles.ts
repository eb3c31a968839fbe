/** What the Observables of clients did, a line for each. */
import { bufferTime, filter, scan, startWith, switchMap, type Observable } from 'rxjs';
import type { BrokerPort } from '../port/broker-port.ts';
import type { ClientView, Marble } from '../port/client-host.ts';
import { scenario$ } from '../shell/open-scenario.ts';

/** One Observable, named by the line of the code that makes it. */
export interface MarbleLine {
  readonly line: number;
  readonly name: string;
  readonly marbles: readonly Marble[];
}

/** Virtual milliseconds that are shown at once. */
export const SPAN_MS = 10_000;
/** Marbles that are kept, of all clients together. */
const MARBLES = 1000;
/** Milliseconds of the wall in which marbles are shown at once. */
const TOGETHER_MS = 50;

/** The last marbles of the scenario that is open. */
export function marblesOf({ clients }: BrokerPort): Observable<readonly Marble[]> {
  return scenario$.pipe(switchMap(() => clients!.marbles$.pipe(
    bufferTime(TOGETHER_MS),
    filter((marbles) => marbles.length > 0),
    scan((all: readonly Marble[], marbles) => [...all, ...marbles].slice(-MARBLES), []),
    startWith([]),
  )));
}

/** The lines of a client since it was started, in the order of its code. */
export function marbleLines(all: readonly Marble[], { name, run }: ClientView): MarbleLine[] {
  const lines = new Map<string, Marble[]>();
  for (const marble of all) {
    if (marble.client !== name || marble.run !== run) continue;
    const key = `${marble.line} ${marble.name}`;
    lines.set(key, [...lines.get(key) ?? [], marble]);
  }
  return [...lines.values()]
    .map((marbles) => ({ line: marbles[0]!.line, name: marbles[0]!.name, marbles }))
    .toSorted((a, b) => a.line - b.line);
}
