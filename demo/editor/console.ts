/** What clients wrote, and what the broker closed on them. */
import {
  bufferTime, filter, map, merge, mergeAll, scan, startWith, switchMap,
  type Observable,
} from 'rxjs';
import type { BrokerPort } from '../port/broker-port.ts';
import type { ClientLog, ClientView } from '../port/client-host.ts';
import { scenario$ } from '../shell/open-scenario.ts';

/** A line of the console. */
export interface ConsoleLine {
  /** Virtual milliseconds. */
  readonly at: number;
  readonly level: ClientLog['level'];
  readonly text: string;
  /** Who it is of: a client, or a connection as the broker names it. */
  readonly of: string;
  /** `seq` of the frame that the broker answered so; 0: none. */
  readonly frame: number;
}

/** Lines that are kept, of all clients together. */
const LINES = 1000;
/** Milliseconds of the wall in which lines are shown at once. */
const TOGETHER_MS = 50;

/** The last lines of all clients of the scenario that is open, in the order of time. */
export function consoleLines(port: BrokerPort): Observable<readonly ConsoleLine[]> {
  return scenario$.pipe(switchMap(() => merge(written(port), closed(port)).pipe(
    bufferTime(TOGETHER_MS),
    filter((lines) => lines.length > 0),
    scan((all: readonly ConsoleLine[], lines) =>
      [...all, ...lines].toSorted((a, b) => a.at - b.at).slice(-LINES), []),
    startWith([]),
  )));
}

/** Those of one client. */
export function linesOf(lines: readonly ConsoleLine[], client: ClientView): readonly ConsoleLine[] {
  return lines.filter((line) => line.of === client.name || client.connections.includes(line.of));
}

function written(port: BrokerPort): Observable<ConsoleLine> {
  return port.clients!.logs$.pipe(
    map(({ client, at, level, text }) => ({ of: client, at, level, text, frame: 0 })),
  );
}

/** Channels and connections that the broker closed, each with the frame that made it do so. */
function closed(port: BrokerPort): Observable<ConsoleLine> {
  return port.tap$({ since: 0, types: ['channel.closed', 'connection.closed'] }).pipe(
    map(({ events }) => events.flatMap((event): ConsoleLine[] => {
      if (event.type !== 'channel.closed' && event.type !== 'connection.closed') return [];
      const { at, frame, text, connection: { id } } = event;
      if (text === '' || (event.type === 'connection.closed' && event.by !== 'us')) return [];
      const what = event.type === 'channel.closed' ? `channel ${event.channel}` : 'the connection';
      return [{ of: id, at, level: 'error', text: `The broker closed ${what}: ${text}`, frame }];
    })),
    mergeAll(),
  );
}
