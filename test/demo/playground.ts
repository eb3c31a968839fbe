/** The playground in Chromium, with time that tests move. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { TapEvent } from '../../core/management/index.ts';
import type { ClientLog, ClientView } from '../../demo/port/client-host.ts';
import type { StepUnit } from '../../demo/port/clock-control.ts';
import { launchChromium } from '../browser/chromium.ts';

/** As set-up built it, which `npm test` runs first: `npm run build:demo` does it by hand. */
const folder = fileURLToPath(new URL('../../dist/demo', import.meta.url));

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml',
};

/** How a page is opened. */
export interface PageOptions {
  /** Part of the address behind `#`. Default: the work queue, paused at its very beginning. */
  readonly route?: string;
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  readonly reducedMotion?: boolean;
  /** Runs in the page before anything else of it. */
  readonly script?: string;
}

/** One page of the playground, and the seam by which its time moves. */
export class PlaygroundPage {
  readonly page: Page;
  /** Where the page asked for something, one URL each. */
  readonly requests: readonly string[];

  constructor(page: Page, requests: readonly string[]) {
    this.page = page;
    this.requests = requests;
  }

  /** How many of the steps there were to make. */
  step(count = 1, unit: StepUnit = 'event'): Promise<number> {
    return this.#call('step', count, unit);
  }

  nextTimer(): Promise<boolean> {
    return this.#call('nextTimer');
  }

  /** Resolves when all that happens until this virtual time has happened. */
  advanceTo(at: number): Promise<void> {
    return this.#call('advanceTo', at);
  }

  async now(): Promise<number> {
    return (await this.#call<{ now: number }>('clock')).now;
  }

  /** Events of these types that the ring of the tap has; without their bytes. */
  async tap(...wanted: readonly TapEvent['type'][]): Promise<TapEvent[]> {
    const all = await this.#call<TapEvent[]>('tap');
    return all.filter(({ type }) => wanted.length === 0 || wanted.includes(type));
  }

  /** What the clients wrote. */
  logs(): Promise<ClientLog[]> {
    return this.#call('logs');
  }

  clients(): Promise<ClientView[]> {
    return this.#call('clients');
  }

  /** Ends the Worker of a client at once. */
  async kill(client: string): Promise<void> {
    await this.page.evaluate((name) => window.__playground.app.port.clients!.kill(name), client);
  }

  /** How many events the ring has, and the SHA-256 of all of them with their bytes. */
  tapHash(): Promise<string> {
    return this.page.evaluate(async () => {
      const events = await window.__playground.tap();
      const text = JSON.stringify(events, (_key, value: unknown) => (
        value instanceof Uint8Array ? [...value] : typeof value === 'bigint' ? String(value) : value
      ));
      const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
      return `${events.length} ${[...new Uint8Array(hash)].join(' ')}`;
    });
  }

  /** Calls a function of `window.__playground`. */
  #call<T>(name: string, ...parameters: readonly unknown[]): Promise<T> {
    return this.page.evaluate(
      `window.__playground[${JSON.stringify(name)}](...${JSON.stringify(parameters)})`,
    ) as Promise<T>;
  }
}

/** How long a page of a busy machine may take for a step, in milliseconds. */
const PATIENCE = 60_000;

export interface PlaygroundServer {
  readonly url: () => string;
  readonly folder: () => string;
  /** A new page of a browser that has nothing kept; closed when the test is over. */
  open(options?: PageOptions): Promise<PlaygroundPage>;
  /** A profile in which several pages can be opened; closed when the test is over. */
  context(): Promise<BrowserContext>;
  readonly worker: ServedWorker;
}

/** How the script of the broker's worker is served from now on. */
export interface ServedWorker {
  /** Runs in the worker before its own script, to take away or break what browsers have. */
  before: string;
  missing: boolean;
}

/** Serves the playground to all tests of a file, which must see no error in a page. */
export function usePlayground(): PlaygroundServer {
  let browser: Browser | undefined;
  const faults: string[] = [];
  const worker: ServedWorker = { before: '', missing: false };
  const server = serveFolder(worker);

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    browser = await launchChromium();
  }, 120_000);

  // The brokers of pages that nobody looks at any more would go on and take their share.
  let shared: readonly BrowserContext[] = [];
  beforeEach(() => void (shared = browser!.contexts()));
  afterEach(async () => {
    const own = browser!.contexts().filter((each) => !shared.includes(each));
    await Promise.all(own.map((each) => each.close()));
  });

  afterAll(async () => {
    await browser?.close();
    server.close();
    expect(faults, 'errors that nobody caught in a page').toEqual([]);
  });

  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const context = async (): Promise<BrowserContext> => {
    const made = await browser!.newContext({ serviceWorkers: 'block' });
    made.setDefaultTimeout(PATIENCE);
    return made;
  };
  return {
    url,
    folder: () => folder,
    context,
    worker,
    async open({ route = '/s/work-queue?seed=1&paused=1', theme = 'light', width = 1280, height = 760,
      reducedMotion = false, script } = {}) {
      const page = await browser!.newPage({
        viewport: { width, height }, colorScheme: theme, serviceWorkers: 'block',
        reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
      });
      page.setDefaultTimeout(PATIENCE);
      if (script !== undefined) await page.addInitScript(script);
      const requests: string[] = [];
      page.on('request', (request) => requests.push(request.url()));
      page.on('pageerror', (error) => faults.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') faults.push(message.text());
      });
      await page.goto(`${url()}#${route}`);
      await page.waitForSelector('[data-ready]');
      return new PlaygroundPage(page, requests);
    },
  };
}

/** Serves files of a folder as any static host would, below `base`. */
export function serveFolder(worker: ServedWorker = { before: '', missing: false }, base = '/'): Server {
  return createServer(({ url = '/', headers }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    const path = pathname === base ? 'index.html' : pathname.slice(base.length);
    const isWorker = String(headers['sec-fetch-dest']).endsWith('worker') && path.startsWith('assets/');
    try {
      if (!pathname.startsWith(base) || (isWorker && worker.missing)) throw new Error('there is no such file');
      const file = readFileSync(join(folder, path));
      const body = isWorker ? Buffer.concat([Buffer.from(worker.before), file]) : file;
      response.writeHead(200, { 'Content-Type': types[extname(path)] ?? 'application/octet-stream' });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
}
