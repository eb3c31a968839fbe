/** A page in Chromium that runs the functions of a script, served from this machine. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { launchChromium } from './chromium.ts';

export interface ScriptedPage {
  /** Calls a function that the script exports; what it takes and returns is plain data. */
  call(name: string, ...parameters: readonly unknown[]): Promise<unknown>;
}

const html = `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,">
<title>TabMQ</title><script type="module">import * as script from '/script.js'; globalThis.script = script;</script>`;

/** One page for all tests of a file; it may be used from the first test on. */
export function usePage(makeScript: () => Promise<string>): ScriptedPage {
  let browser: Browser | undefined;
  let page: Page;
  let script = '';
  const faults: string[] = [];
  const server = createServer(({ url }, response) => {
    const isScript = url === '/script.js';
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : html);
  });

  beforeAll(async () => {
    script = await makeScript();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    browser = await launchChromium();
    page = await browser.newPage();
    page.on('pageerror', (error) => faults.push(String(error)));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction('globalThis.script !== undefined');
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server.close();
    expect(faults, 'errors that nobody caught in the page').toEqual([]);
  });

  return {
    call: (name, ...parameters) =>
      page.evaluate(`globalThis.script[${JSON.stringify(name)}](...${JSON.stringify(parameters)})`),
  };
}
