/** The playground as the gateway serves it. */
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
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

interface Answer { status: number; headers: IncomingHttpHeaders; body: Buffer }

/** As it comes over the wire: fetch would unpack it. */
const raw = async (path: string, headers: Record<string, string>, method = 'GET'): Promise<Answer> => {
  const asked = request(urlOf(path), { headers: { accept: 'text/html', ...headers }, method }).end();
  const [response] = await once(asked, 'response') as [IncomingMessage];
  const body = Buffer.concat(await response.toArray() as Buffer[]);
  return { status: response.statusCode!, headers: response.headers, body };
};

const unpack = { br: brotliDecompressSync, gzip: gunzipSync } as const;
const asBrowsersDo = 'gzip, deflate, br, zstd';

test('every file of text goes out compressed, as the asker takes it, and is the same file', async () => {
  const folder = fileURLToPath(new URL('../../dist/demo', import.meta.url));
  const files = (await readdir(folder, { recursive: true }))
    .filter((name) => /\.(js|css|html)$/.test(name)).map((name) => `/${name}`);
  expect(files.length).toBeGreaterThan(50);
  let [plainBytes, sentBytes] = [0, 0];
  for (const file of files) {
    const plain = await raw(file, {});
    const sent = await raw(file, { 'accept-encoding': asBrowsersDo });
    plainBytes += plain.body.length;
    sentBytes += sent.body.length;
    if (plain.body.length < 512) continue;
    expect(sent.headers, file).toMatchObject({
      'content-encoding': 'br', vary: 'Accept-Encoding', 'content-length': String(sent.body.length),
    });
    expect(brotliDecompressSync(sent.body).equals(plain.body), file).toBe(true);
  }
  expect(sentBytes / plainBytes).toBeLessThan(0.36);
});

test.each([
  ['gzip', 'gzip'], ['br;q=0, gzip;q=0.5', 'gzip'], ['*', 'br'], ['br;q=0.1, gzip', 'gzip'],
  ['identity', undefined], ['gzip;q=0', undefined], ['', undefined],
] as const)('who accepts "%s" gets %s', async (accepted, encoding) => {
  for (const path of ['/', '/sw.js']) {
    const { headers, body } = await raw(path, { 'accept-encoding': accepted });
    expect(headers['content-encoding'], path).toBe(encoding);
    const text = encoding === undefined ? body : unpack[encoding](body);
    expect(text.toString(), path).toContain(path === '/' ? '<title>' : 'addEventListener');
  }
});

test('what a browser has is not sent again, and each encoding has a tag of its own', async () => {
  const tags = new Set<string>();
  for (const accepted of ['br', 'gzip', 'identity']) {
    const { headers } = await raw('/', { 'accept-encoding': accepted });
    tags.add(headers.etag!);
    const known = { 'accept-encoding': accepted, 'if-none-match': `"other", W/${headers.etag}` };
    const again = await raw('/', known);
    expect([again.status, again.body.length, again.headers.vary]).toEqual([304, 0, 'Accept-Encoding']);
    expect((await raw('/', { ...known, 'if-none-match': '"other"' })).status).toBe(200);
  }
  expect(tags.size).toBe(3);
  const head = await raw('/sw.js', { 'accept-encoding': 'br' }, 'HEAD');
  expect(head.headers['content-encoding']).toBe('br');
  const { body } = await raw('/sw.js', { 'accept-encoding': 'br' });
  expect(Number(head.headers['content-length'])).toBe(body.length);
});

test('the page knows where the broker that serves it listens', async () => {
  const html = (await raw('/', {})).body.toString();
  expect(html).toContain(`<meta name="amqp-port" content="${gateway.ports.amqp}">`);
});

test('no other file is served', async () => {
  for (const path of ['/sw.js.br', '/sw.js.gz', '/assets/', '/assets/none.js', '/../package.json',
    '/%2e%2e/package.json', '//etc/passwd']) {
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
