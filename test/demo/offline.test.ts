/** Loaded once, the playground needs no network any more, from whatever folder it came; and it asks no other origin. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hasChromium, launchChromium } from '../browser/chromium.ts';
import { PlaygroundPage, serveFolder } from './playground.ts';

const PATIENCE = 60_000;
const screens = ['scenarios', 'canvas', 'code', 'queues', 'connections', 'wire', 'definitions'];

async function serve(base: string): Promise<{ server: Server; url: string }> {
  const server = serveFolder(undefined, base);
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}` };
}

async function profile(): Promise<{ context: BrowserContext; requests: string[]; complaints: string[] }> {
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE);
  const [requests, complaints]: [string[], string[]] = [[], []];
  context.on('request', (request) => requests.push(request.url()));
  context.on('weberror', (error) => complaints.push(error.error().stack ?? String(error.error())));
  return { context, requests, complaints };
}

describe.skipIf(!hasChromium())('the playground', { timeout: 180_000 }, () => {
  test.each(['/', '/some/folder/'])('from %s works on without a network, and asks nobody else', async (base) => {
    const { server, url } = await serve(base);
    const { context, requests, complaints } = await profile();
    const page = await context.newPage();
    const pg = new PlaygroundPage(page, requests);
    const go = async (hash: string): Promise<void> => {
      await page.evaluate((hash) => (location.hash = hash), hash);
    };
    await page.goto(url);
    await page.waitForSelector('[data-ready]');
    expect(await page.evaluate('navigator.serviceWorker.ready.then(({ scope }) => scope)')).toBe(url);

    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    await page.reload();
    await page.waitForSelector('[data-ready]');
    await expect(page.evaluate('fetch("./nowhere")')).rejects.toThrow('Failed to fetch');

    // The first minute, as somebody has it who never loaded more than the first screen.
    await page.goto('about:blank');
    await page.goto(`${url}#/s/work-queue?seed=1&paused=1`);
    await page.waitForSelector('[data-ready]');
    await pg.advanceTo(2500);
    await page.getByRole('button', { name: 'Kill consumer 1', exact: true }).first().click();
    await page.getByText('killed').first().waitFor();
    await pg.advanceTo(6000);
    const delivered = await pg.tap('message.delivered');
    expect(delivered.some((event) => 'redelivered' in event && event.redelivered)).toBe(true);
    for (const screen of screens) {
      await go(`#/${screen}`);
      await page.getByRole('link', { name: new RegExp(screen, 'i') }).and(page.locator('[aria-current]')).waitFor();
    }
    await go('#/wire');
    await page.getByText('basic.deliver').first().waitFor();
    await go('#/code?client=consumer-2');
    const editor = page.getByRole('textbox', { name: 'Code of consumer-2' });
    await editor.fill('const said: string = `typed offline`;\nconsole.log(said);');
    await page.keyboard.press('Control+Enter');
    await expect.poll(async () => {
      await pg.advanceTo(await pg.now() + 10);
      return (await pg.logs()).map(({ text }) => text);
    }, { timeout: PATIENCE }).toContain('typed offline');
    await page.keyboard.press('Escape');
    await go('#/s/topics?seed=1&paused=1');
    // Its buttons change with time, which stands here; what it says and shows does not.
    await page.getByText('Keys here are speed, colour, species').waitFor();
    await page.getByLabel(/^queue rabbits/).first().waitFor();

    const addresses = requests.filter((address) => /^(https?|wss?):/.test(address));
    expect(addresses.filter((address) => !address.startsWith(url))).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
