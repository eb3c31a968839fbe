import type { TopologyView } from '../../../core/management/index.ts';
import type { ClientView } from '../../port/client-host.ts';
import { definitionsOf } from '../../scenarios/definitions.ts';
import type { Scenario } from '../../scenarios/format.ts';
import { buildGraph, type Graph, type Seen } from './model.ts';

/** The picture of a lesson before anything of it runs: where it will be, nothing moves then. */
export function outlineOf({ topology, clients }: Scenario, seen: Seen): Graph {
  const { exchanges, queues, bindings } = definitionsOf(topology);
  const vhost = '/';
  const own = { vhost, auto_delete: false, arguments: {} };
  const names = clients.filter(({ later }) => !later);
  const views = names.map(({ name, code, library }): ClientView => ({
    name, code, library, run: 0, status: 'starting', startedAfter: 0, endedAfter: 0,
    orphaned: false, connections: [], error: '', line: 0, delayMs: 0, unfinished: 0,
  }));
  const standard = { name: '', type: 'direct', durable: true };
  const view = {
    now: 0, consumers: [], connections: [], channels: [],
    exchanges: [standard, ...exchanges].map((one) => ({ ...own, internal: false, ...one })),
    queues: queues.map((one) => ({
      ...own, type: 'classic', exclusive: false, messages: 0, messages_ready: 0,
      messages_unacknowledged: 0, consumers: 0, head: [], ...one,
    })),
    bindings: bindings.map((one) => ({ vhost, routing_key: '', arguments: {}, ...one })),
  } as unknown as TopologyView;
  return buildGraph(view, views, seen);
}
