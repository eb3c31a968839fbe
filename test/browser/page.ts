/** Tabs of Chromium that run the functions of a script, served from this machine. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { launchChromium } from './chromium.ts';

export interface ScriptedPage {
  /** Calls a function that the script exports; what it takes and returns is plain data. */
  call(name: string, ...parameters: readonly unknown[]): Promise<unknown>;
}

export interface Tab extends ScriptedPage {
  readonly page: Page;
}

export interface Site {
  readonly url: string;
  /** Opens a further tab, which knows of the ones before. */
  open(): Promise<Tab>;
  /** Forgets all tabs and what they stored. */
  forget(): Promise<void>;
}

const html = `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,">
<title>TabMQ</title><script type="module">import * as script from '/script.js'; globalThis.script = script;</script>`;

/**
 * A site whose page imports `/script.js`, for all tests of a file; in windows that are private, or
 * in the one of a profile.
 */
export function useSite(
  makeScripts: () => Promise<Record<string, string>>, openProfile?: () => Promise<BrowserContext>,
): Site {
  let browser: Browser | undefined;
  let context: BrowserContext;
  let url = '';
  let scripts: Record<string, string> = {};
  const faults: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    const script = scripts[url];
    if (script === undefined && url !== '/') response.statusCode = 404;
    // A sandboxed frame has no origin, and so comes from another one.
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Content-Type', script === undefined ? 'text/html' : 'text/javascript');
    response.end(script ?? html);
  });

  async function newContext(): Promise<BrowserContext> {
    if (openProfile !== undefined) return openProfile();
    browser ??= await launchChromium();
    return browser.newContext();
  }

  beforeAll(async () => {
    scripts = await makeScripts();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    context = await newContext();
  }, 60_000);

  afterAll(async () => {
    await context?.close();
    await browser?.close();
    server.close();
    expect(faults, 'errors that nobody caught in the page').toEqual([]);
  });

  return {
    get url() {
      return url;
    },
    async open() {
      const page = await context.newPage();
      page.on('pageerror', (error) => faults.push(String(error)));
      await page.goto(url);
      return tabOf(page);
    },
    async forget() {
      await context.close();
      context = await newContext();
    },
  };
}

/** The page of a site; it can be called once its script has run. */
export async function tabOf(page: Page): Promise<Tab> {
  await page.waitForFunction('globalThis.script !== undefined');
  return {
    page,
    call: (name, ...parameters) =>
      page.evaluate(`globalThis.script[${JSON.stringify(name)}](...${JSON.stringify(parameters)})`),
  };
}

/** One page for all tests of a file; it may be used from the first test on. */
export function usePage(makeScript: () => Promise<string>): ScriptedPage {
  const site = useSite(async () => ({ '/script.js': await makeScript() }));
  let tab: Tab;
  beforeAll(async () => {
    tab = await site.open();
  });
  return { call: (name, ...parameters) => tab.call(name, ...parameters) };
}
