/** The script of a Worker that lays out what stands in each other's way. */
import { Graph, layout } from '@dagrejs/dagre';
import type { Point } from './layout.ts';
import type { TidyRequest } from './tidy.ts';

/** Pixels between things of one layer, and between layers: labels of lines stand there. */
const GAP = { nodesep: 36, ranksep: 104 };

addEventListener('message', ({ data }: MessageEvent<TidyRequest>) => postMessage(placesOf(data)));

/** From left to right, as messages go. */
function placesOf({ nodes, lines }: TidyRequest): [string, Point][] {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', acyclicer: 'greedy', ...GAP });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of nodes) graph.setNode(id, { width, height });
  for (const { from, to } of lines) graph.setEdge(from, to);
  layout(graph);
  return nodes.map(({ id, width, height }) => {
    const { x, y } = graph.node(id) as Point;
    return [id, { x: Math.round(x - width / 2), y: Math.round(y - height / 2) }];
  });
}
