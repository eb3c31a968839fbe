/** From publish to deliver inside one tab of Chromium: the broker in a worker, beside fakes in process. */
import { fileURLToPath } from 'node:url';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { bundle, bundleOptions } from '../../browser/bundle.ts';
import { findChromium, launchChromium } from '../../browser/chromium.ts';
import { CannotBench } from '../cannot-bench.ts';
import { median } from '../metric.ts';

const BODY_BYTES = 100;
/** Messages of one run at scale 1. */
const MESSAGES = 300_000;
/** What the broker in a tab is to reach, in messages a second. */
export const TAB_GOAL = 100_000;

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** In the order in which they take turns. */
const rigs = {
  tabmq: 'TabMQ in a worker, tabmq/client over TabWebSocket',
  cloudamqp: 'TabMQ in a worker, amqp-client.js over TabWebSocket',
  smqp: 'smqp, in process',
  mockAmqplib: 'mock-amqplib, in process',
} as const;

export interface TabResult {
  readonly title: string;
  /** Medians over the runs, in messages a second. */
  readonly rate: number;
}

interface TabBenchOptions {
  readonly scale: number;
  readonly repeats: number;
}

async function pageScript(): Promise<string> {
  const { outputFiles } = await build({
    ...bundleOptions, entryPoints: [here('page/measure.ts')], alias: { events: here('page/events.ts') },
  });
  return outputFiles[0]!.text;
}

/** Runs each rig in a fresh page, A B C D, A B C D. */
export async function benchTab({ scale, repeats }: TabBenchOptions): Promise<TabResult[]> {
  if (findChromium() === undefined) throw new CannotBench('There is no Chromium here (Debian package chromium).');
  const scripts: Record<string, string> = {
    '/measure.js': await pageScript(),
    '/broker-worker.js': await bundle({ file: 'dist/browser/broker-worker.js' }),
  };
  const server = createServer(({ url = '' }, response) => {
    const script = scripts[url];
    response.setHeader('Content-Type', script === undefined ? 'text/html' : 'text/javascript');
    response.end(script ?? '<!doctype html><title>bench</title>');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = await launchChromium();
  const rates = new Map(Object.keys(rigs).map((rig) => [rig, [] as number[]]));
  try {
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const [rig, found] of rates) {
        const page = await browser.newPage();
        await page.goto(url);
        const run = { rig, total: Math.ceil(MESSAGES * scale), bodyBytes: BODY_BYTES };
        found.push(await page.evaluate(
          `import('/measure.js').then(({ measure }) => measure(${JSON.stringify(run)}))`,
        ));
        await page.close();
      }
    }
  } finally {
    await browser.close();
    server.close();
  }
  return Object.entries(rigs).map(([rig, title]) => ({ title, rate: median(rates.get(rig)!) }));
}

export function tabAsText(results: readonly TabResult[]): string {
  const lines = results.map(({ title, rate }) => {
    return `  ${title.padEnd(54)}${Math.round(rate).toLocaleString('en').padStart(12)} messages/s`;
  });
  const best = Math.max(...results.filter(({ title }) => title.startsWith('TabMQ')).map(({ rate }) => rate));
  const verdict = best >= TAB_GOAL ? 'met' : 'not met';
  const goal = `  goal of ${TAB_GOAL.toLocaleString('en')} messages/s: ${verdict}`;
  return [`\ntab: publish to deliver in one tab, ${BODY_BYTES} B`, ...lines, goal].join('\n');
}
