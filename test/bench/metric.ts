/** What the bench measures, how it is printed, and how several runs become one figure. */

export const METRICS = {
  publishedPerSecond: { title: 'published/s', digits: 0 },
  lastFifthShare: { title: 'last fifth / first fifth', digits: 2 },
  deliveredPerSecond: { title: 'delivered/s', digits: 0 },
  shareOfShort: { title: 'long / short queue', digits: 2 },
  cpuSecondsPerMillion: { title: 'CPU s per million', digits: 2 },
  p50Microseconds: { title: 'latency p50, us', digits: 0 },
  p99Microseconds: { title: 'latency p99, us', digits: 0 },
  residentMiB: { title: 'resident, MiB', digits: 0 },
  residentKiBPerConnection: { title: 'resident, KiB a connection', digits: 1 },
  storeMiB: { title: 'on disk, MiB', digits: 0 },
  storeBytesPerMessage: { title: 'on disk, bytes a message', digits: 0 },
  openSeconds: { title: 'launch to open, s', digits: 3 },
  openCpuSeconds: { title: 'CPU until then, s', digits: 2 },
} as const;

export type Metric = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as Metric[];

/** The figures of one run, or the medians of several; a run has only the metrics that apply. */
export type Figures = { readonly [M in Metric]?: number };

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}

/** The median of each metric by itself. */
export function medians(runs: readonly Figures[]): Figures {
  const result: { [M in Metric]?: number } = {};
  for (const metric of METRIC_NAMES) {
    const values = runs.map((run) => run[metric]).filter((value) => value !== undefined);
    if (values.length > 0) result[metric] = median(values);
  }
  return result;
}
