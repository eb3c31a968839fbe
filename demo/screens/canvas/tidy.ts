import { sizes } from './layout.ts';
import { implicitWays, type Graph } from './model.ts';
import type { Place } from './positions.ts';

/** What the Worker needs to know of a graph. */
export interface TidyRequest {
  readonly nodes: readonly {
    readonly id: string; readonly width: number; readonly height: number;
  }[];
  readonly lines: readonly { readonly from: string; readonly to: string }[];
}

/** Where dagre would have each thing: in layers, with few lines that cross. */
export function tidyPlaces({ things, ways, wayOf }: Graph): Promise<readonly Place[]> {
  // A queue that nothing leads to stands behind an exchange all the same.
  const beginnings = implicitWays({ things, ways, wayOf }).filter((each) => (
    ways.every(({ to }) => to !== each.to)
  ));
  const worker = new Worker(new URL('./tidy-worker.ts', import.meta.url), {
    type: 'module', name: 'tidy',
  });
  return new Promise<readonly Place[]>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message || 'It could not be laid out.'));
    worker.postMessage({
      nodes: things.map(({ id, kind }) => ({ id, ...sizes[kind] })),
      lines: [...ways, ...beginnings].map(({ from, to }) => ({ from, to })),
    } satisfies TidyRequest);
  }).finally(() => worker.terminate());
}
