import { filter, map, merge, type Observable } from 'rxjs';
import type { TopologyView } from '../../core/management/index.ts';
import { askAgain } from '../port/ask-again.ts';
import type { BrokerPort } from '../port/broker-port.ts';
import { view$ } from '../port/view.ts';

export const NO_TOPOLOGY: TopologyView = {
  now: 0, exchanges: [], queues: [], bindings: [], consumers: [], connections: [], channels: [],
};

/** Milliseconds of the wall between two pictures. */
const PICTURE_MS = 50;

/** The broker as it is: asked for after something happened, so that no picture drifts away. */
export function topologyOf(port: BrokerPort): Observable<TopologyView> {
  const news$: Observable<unknown>[] = [port.tap$({ aggregate: true })];
  // A client that ends, or a broker that begins anew, may leave no event behind.
  if (port.clients !== undefined) news$.push(port.clients.clients$);
  if (port.clock !== undefined) news$.push(port.clock.state$.pipe(map(({ seed }) => seed)));
  return merge(...news$).pipe(
    // Where the broker was lost meanwhile, the one after it has news.
    askAgain(
      () => port.api('/api/topology').catch(() => ({ status: 503, body: undefined })), PICTURE_MS,
    ),
    filter(({ status }) => status === 200),
    map(({ body }) => body as TopologyView),
    view$(NO_TOPOLOGY),
  );
}
