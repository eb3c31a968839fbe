import { settlePublishes } from '../../broker/stats.ts';
import type { MetricGroup, MetricPiece, MetricView, Sample } from './family.ts';
import { clusterMetrics } from './cluster-metrics.ts';
import { globalMetrics, loginsOf } from './global-metrics.ts';
import { nodeGroups } from './node-groups.ts';
import { objectGroups } from './object-groups.ts';

/** Samples in a piece: a fraction of a millisecond of work. */
const PIECE_SAMPLES = 500;

/** Which metrics are wanted: sums, a series for each thing, or those of some families alone. */
export type MetricRequest =
  | { readonly kind: 'aggregated' | 'per-object' }
  | { readonly kind: 'detailed'; readonly families: ReadonlySet<string>;
      /** Of these virtual hosts alone; empty: of all. */
      readonly vhosts: ReadonlySet<string> };

/** The metrics in pieces, between which other work can be done. */
export function* metricPieces(view: MetricView, request: MetricRequest): Generator<MetricPiece> {
  for (const vhost of view.broker.vhosts.values()) settlePublishes(vhost);
  if (request.kind !== 'detailed') {
    yield* globalMetrics(view);
    for (const group of nodeGroups) yield* seriesOf(group, view);
    for (const group of objectGroups) {
      if (request.kind === 'aggregated') yield* sumsOf(group, view);
      else yield* seriesOf(group, view);
    }
    return;
  }
  const { families, vhosts } = request;
  if (families.has('auth_attempt_metrics')) {
    for (const piece of loginsOf(view)) yield { ...piece, name: detailed(piece.name) };
  }
  yield* clusterMetrics(view, families, (vhost) => vhosts.size === 0 || vhosts.has(vhost));
  for (const group of [...nodeGroups, ...objectGroups]) {
    if (!families.has(group.family)) continue;
    const { vhost: vhostOf } = group;
    const isWanted = (item: unknown): boolean => (
      vhosts.size === 0 || vhostOf === undefined || vhosts.has(vhostOf(item) ?? ''));
    yield* seriesOf(group, view, isWanted, detailed);
  }
}

function* sumsOf(group: MetricGroup<unknown>, view: MetricView): Generator<MetricPiece> {
  const items = group.items(view);
  const summed = group.metrics.filter(({ name }) => !isOfOneThing.has(name));
  const sums = summed.map(() => 0);
  for (const [i, item] of items.entries()) {
    for (const [at, { of }] of summed.entries()) sums[at]! += of(item);
    if (i % PIECE_SAMPLES === PIECE_SAMPLES - 1) yield NOTHING;
  }
  for (const [at, { name, type, help }] of summed.entries()) {
    yield { name, type, help, isFirst: true, samples: [{ labels: {}, value: sums[at]! }] };
  }
}

function* seriesOf(
  group: MetricGroup<unknown>, view: MetricView, isWanted: (item: unknown) => boolean = () => true,
  nameOf = (name: string): string => name,
): Generator<MetricPiece> {
  const items = group.items(view).filter(isWanted);
  const labels = items.map(group.labels);
  for (const { name, type, help, of } of group.metrics) {
    const words = { name: nameOf(name), type, help };
    if (items.length === 0) yield { ...words, isFirst: true, samples: [] };
    for (let from = 0; from < items.length; from += PIECE_SAMPLES) {
      const samples: Sample[] = items.slice(from, from + PIECE_SAMPLES)
        .map((item, i) => ({ labels: labels[from + i]!, value: of(item) }));
      yield { ...words, isFirst: from === 0, samples };
    }
  }
}

/** `rabbitmq_queues` as `rabbitmq_detailed_queues`. */
function detailed(name: string): string {
  return name.replace('_', '_detailed_');
}

/** What has no meaning as a sum. */
const isOfOneThing = new Set([
  'rabbitmq_queue_head_message_timestamp', 'rabbitmq_queue_consumer_capacity',
]);

/** Lets others come in between. */
const NOTHING: MetricPiece = { name: '', type: 'gauge', help: '', isFirst: false, samples: [] };
