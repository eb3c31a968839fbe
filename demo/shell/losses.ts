import {
  combineLatest, distinctUntilChanged, map, of, scan, shareReplay, type Observable,
} from 'rxjs';
import type { TopologyView } from '../../core/management/index.ts';
import type { BrokerPort } from '../port/broker-port.ts';
import type { ClientView } from '../port/client-host.ts';

/** Messages that nobody will ever finish, by queue. */
export type Losses = ReadonlyMap<string, number>;

interface Watched {
  readonly losses: Losses;
  /** Which queue sends each client messages without waiting for acknowledgements, by its run. */
  readonly feeds: ReadonlyMap<number, string>;
  /** Runs whose end was seen. */
  readonly ended: ReadonlySet<number>;
}

const NOTHING: Watched = { losses: new Map(), feeds: new Map(), ended: new Set() };

/**
 * What a client without acknowledgements had begun and not finished when it was killed is lost. It
 * is counted whichever screen is open.
 */
export function lossesOf(
  port: BrokerPort, topology$: Observable<TopologyView>,
): Observable<Losses> {
  return combineLatest([port.clients?.clients$ ?? of([]), topology$]).pipe(
    scan((watched, [clients, topology]) => watch(watched, clients, topology), NOTHING),
    map(({ losses }) => losses),
    distinctUntilChanged(),
    shareReplay({ bufferSize: 1, refCount: false }),
  );
}

function watch(watched: Watched, clients: readonly ClientView[], topology: TopologyView): Watched {
  // The world began anew.
  if (clients.length === 0) return NOTHING;
  const losses = new Map(watched.losses);
  const feeds = new Map(watched.feeds);
  const ended = new Set(watched.ended);
  for (const client of clients) {
    const { run, status, unfinished } = client;
    const queue = feedOf(client, topology) ?? feeds.get(run);
    if (queue !== undefined) feeds.set(run, queue);
    if (status !== 'killed' || ended.has(run)) continue;
    ended.add(run);
    if (queue !== undefined && unfinished > 0) {
      losses.set(queue, (losses.get(queue) ?? 0) + unfinished);
    }
  }
  const isSame = [...losses].every(([queue, count]) => watched.losses.get(queue) === count);
  return { losses: isSame ? watched.losses : losses, feeds, ended };
}

function feedOf({ connections }: ClientView, { consumers }: TopologyView): string | undefined {
  return consumers.find(({ channel, ack_required }) =>
    !ack_required && connections.includes(channel.split('/')[0]!))?.queue;
}
