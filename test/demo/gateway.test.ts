/** The playground as the gateway serves it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type Gateway } from '../../node/index.ts';
import { Playground } from '../../node/playground.ts';
import { hasChromium, launchChromium } from '../browser/chromium.ts';

let gateway: Gateway;
const urlOf = (path: string): string => `http://127.0.0.1:${gateway.ports.http}${path}`;

beforeAll(async () => {
  const playground = Playground.installed();
  gateway = await startGateway({ hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 }, playground });
});

afterAll(() => gateway.stop());

const asBrowser = { headers: { accept: 'text/html,*/*' } };

test('a browser gets the page, everybody else the words', async () => {
  const page = await fetch(urlOf('/'), asBrowser);
  const html = await page.text();
  expect(html).toContain('<title>TabMQ playground</title>');
  expect(html).toContain("default-src 'none'; script-src 'self' 'sha256-");
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('content-security-policy')).toBe("frame-ancestors 'none'");
  expect(await (await fetch(urlOf('/'), { headers: { accept: '*/*' } })).text()).toContain('Clients connect here');
  expect((await fetch(urlOf('/health'), asBrowser)).status).toBe(200);
});

test('no other file is served', async () => {
  for (const path of ['/assets/', '/assets/none.js', '/../package.json', '/%2e%2e/package.json', '//etc/passwd']) {
    expect((await fetch(urlOf(path), asBrowser)).status, path).toBe(404);
  }
});

test('a HEAD has no body', async () => {
  const answer = await fetch(urlOf('/sw.js'), { method: 'HEAD' });
  expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  expect(await answer.text()).toBe('');
});

describe.skipIf(!hasChromium())('in Chromium', { timeout: 180_000 }, () => {
  test('it runs under its policy', async () => {
    const browser = await launchChromium();
    const page = await browser.newPage({ serviceWorkers: 'block' });
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(urlOf('/#/s/work-queue?paused=1'));
    await page.waitForSelector('[data-ready]', { timeout: 60_000 });
    await page.evaluate('window.__playground.advanceTo(1500)');
    // So the clients run in their sandbox.
    await page.getByLabel('queue tasks, 0 ready, 1 unacknowledged').first().waitFor();
    await browser.close();
    expect(complaints).toEqual([]);
  });
});
