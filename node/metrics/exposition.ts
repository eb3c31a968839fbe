import { setImmediate } from 'node:timers/promises';
import { Registry, Summary, type Metric } from 'prom-client';
import {
  metricPieces, type MetricPiece, type MetricRequest, type MetricView, type NodeFacts,
} from '../../core/management/index.ts';
import type { Broker } from '../../core/index.ts';
import type { WrittenMetric } from './buckets.ts';
import type { Gauges } from './gauges.ts';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** What metrics are made of. */
export interface MetricSources {
  readonly broker: Broker;
  readonly facts: () => NodeFacts;
  /** What TabMQ measures of itself. */
  readonly gauges: Gauges;
}

/** Answers a request for metrics; undefined: that is no path of metrics. */
export type MetricsApp = (request: Request) => Promise<Response>;

/** Whether metrics are told at this path. */
export function isMetricsPath(path: string): boolean {
  return paths.has(path);
}

const paths = new Set(['/metrics', '/metrics/per-object', '/metrics/detailed']);

/** Tells metrics as text, as Prometheus asks for it. What is not a path of metrics: 404. */
export function metricsApp(sources: MetricSources): MetricsApp {
  const registry = new Registry();
  const scrapes = scrapeSummaries(registry);
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (!isMetricsPath(pathname)) return refusal(404, 'Object Not Found', 'there are no metrics');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return refusal(405, 'Method Not Allowed', 'metrics are only read', { allow: 'GET, HEAD' });
    }
    if (!takesText(request.headers.get('accept'))) {
      return refusal(406, 'Not Acceptable', 'metrics are told as text alone');
    }
    const headers = { 'content-type': CONTENT_TYPE, 'cache-control': 'no-cache' };
    if (request.method === 'HEAD') return new Response(null, { headers });
    const wanted = requestOf(pathname, searchParams);
    const lines = write(sources, wanted, registry, scrapes);
    return new Response(streamOf(lines), { headers });
  };
}

function requestOf(path: string, query: URLSearchParams): MetricRequest {
  if (path === '/metrics') return { kind: 'aggregated' };
  if (path === '/metrics/per-object') return { kind: 'per-object' };
  return {
    kind: 'detailed',
    families: new Set(query.getAll('family')), vhosts: new Set(query.getAll('vhost')),
  };
}

/** Prometheus asks for OpenMetrics and for text, and takes what it gets. */
function takesText(accept: string | null): boolean {
  if (accept === null || accept.trim() === '') return true;
  return /text\/plain|text\/\*|\*\/\*/.test(accept);
}

type Scrapes = (seconds: number, bytes: number) => void;

/** RabbitMQ's metrics of the scrapes themselves. */
function scrapeSummaries(registry: Registry): Scrapes {
  const labels = { registry: 'default', content_type: 'text/plain; version=0.0.4' };
  const summary = (name: string, help: string): Summary => new Summary({
    name, help, percentiles: [], labelNames: Object.keys(labels), registers: [registry],
  });
  const duration = summary('telemetry_scrape_duration_seconds', 'Scrape duration');
  const size = summary('telemetry_scrape_size_bytes', 'Scrape size, not encoded');
  const encoded = summary('telemetry_scrape_encoded_size_bytes', 'Scrape size, encoded');
  return (seconds, bytes) => {
    duration.observe(labels, seconds);
    size.observe(labels, bytes);
    encoded.observe(labels, bytes);
  };
}

async function* write(
  { broker, facts, gauges }: MetricSources, request: MetricRequest, registry: Registry,
  scrapes: Scrapes,
): AsyncGenerator<string> {
  const began = performance.now();
  let bytes = 0;
  const view: MetricView = { broker, facts: facts() };
  for (const piece of metricPieces(view, request)) {
    const text = await textOf(piece);
    bytes += text.length;
    if (text !== '') yield text;
    // Everything else comes in between: there may be hundreds of thousands of lines.
    await setImmediate();
  }
  if (request.kind === 'detailed') return;
  for (const metric of gauges.all()) yield await written(metric);
  scrapes((performance.now() - began) / 1000, bytes);
  yield await registry.metrics();
}

async function textOf(
  { name, type, help, isFirst, samples }: MetricPiece,
): Promise<string> {
  if (name === '') return '';
  const text = await written({ name, help, type, values: samples });
  // The words of a metric come once, before all of its samples.
  return isFirst ? text : text.split('\n').slice(2).join('\n');
}

/** As prom-client writes it: a registry takes whatever answers `get`. */
function written(metric: WrittenMetric): Promise<string> {
  const registry = new Registry();
  registry.registerMetric({ name: metric.name, get: async () => metric } as unknown as Metric);
  return registry.metrics();
}

function streamOf(lines: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const utf8 = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await lines.next();
      if (done === true) controller.close();
      else controller.enqueue(utf8.encode(value));
    },
    async cancel() {
      await lines.return(undefined);
    },
  });
}

function refusal(
  status: number, error: string, reason: string, headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json({ error, reason }, { status, headers });
}
