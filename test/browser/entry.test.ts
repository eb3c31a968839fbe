/** `tabmq/browser` as pages load it: by Vite, as a plain script, and in a service worker. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { rollup } from 'rollup';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build, createServer as createViteServer, preview } from 'vite';
import webpack from 'webpack';
import { bundle } from './bundle.ts';
import { programsOf } from '../support/guides.ts';
import { hasChromium, launchChromium } from './chromium.ts';
import { useSite } from './page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [program = '', ...others] = ['README.md', 'browser/README.md']
  .flatMap((path) => programsOf({ path, text: readFileSync(join(root, path), 'utf8') }))
  .flatMap(({ code }) => (code.includes("'tabmq/browser'") ? [code] : []));

const html = (script: string): string => `<!doctype html><html lang="en"><meta charset="utf-8"><title>a page</title>
<link rel="icon" href="data:,"><script type="module" ${script}</script></html>`;

test('the front page and the guide show the same program', () => {
  expect(others).toEqual([program]);
});

test('the program of the front page takes five lines to have a broker and a client', () => {
  const lines = program.trim().split('\n').filter((line) => line !== '');
  expect(lines.findIndex((line) => line.includes('.channel()'))).toBeLessThanOrEqual(5);
});

describe.runIf(hasChromium())('the browser package', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  /** The first line that a page prints. */
  async function firstLineOf(url: string): Promise<string> {
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    const printed = page.waitForEvent('console', (line) => line.type() === 'log');
    await page.goto(url);
    const text = (await printed).text();
    expect(faults).toEqual([]);
    return text;
  }

  describe('from a bundler', () => {
    const user = mkdtempSync(join(tmpdir(), 'tabmq-bundled-'));
    const options = { root: user, configFile: false, logLevel: 'error' } as const;

    beforeAll(() => {
      const installed = join(user, 'node_modules');
      for (const name of ['package.json', 'dist/web', 'dist/lib', 'dist/types']) {
        cpSync(join(root, name), join(installed, 'tabmq', name), { recursive: true });
      }
      // What npm installs with the package, and the client of the program.
      const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
        dependencies: Record<string, string>;
      };
      for (const name of [...Object.keys(dependencies), 'tslib', '@cloudamqp/amqp-client']) {
        mkdirSync(dirname(join(installed, name)), { recursive: true });
        symlinkSync(join(root, 'node_modules', name), join(installed, name), 'junction');
      }
      writeFileSync(join(user, 'package.json'), '{ "type": "module" }');
      writeFileSync(join(user, 'index.html'), html('src="/main.js">'));
      writeFileSync(join(user, 'main.js'), program);
    });
    afterAll(() => rmSync(user, { recursive: true, force: true }));

    test('runs on the server of Vite', async () => {
      const fs = { allow: [user, root] };
      const server = await createViteServer({ ...options, server: { host: '127.0.0.1', port: 0, fs } });
      onTestFinished(() => server.close());
      await server.listen();
      expect(await firstLineOf(server.resolvedUrls!.local[0]!)).toBe('hello');
    });

    test('runs when Vite built it', async () => {
      await build(options);
      const server = await preview({ ...options, preview: { host: '127.0.0.1', port: 0 } });
      onTestFinished(() => server.close());
      expect(await firstLineOf(server.resolvedUrls!.local[0]!)).toBe('hello');
    });

    test.each([
      // It finds the script of the worker, and writes it beside the page.
      ['webpack', async () => {
        writeFileSync(join(user, 'main.js'), program);
        const packed = webpack({
          mode: 'development', devtool: false, context: user, entry: './main.js',
          output: { path: join(user, 'webpack') },
        });
        const stats = await promisify(packed.run.bind(packed))();
        expect(stats!.toJson({ all: false, errors: true }).errors).toEqual([]);
      }],
      // It does not, so that the program says which script is that of the worker.
      ['rollup', async () => {
        writeFileSync(join(user, 'main.js'), `
          import { openBroker } from 'tabmq/browser';
          import { connect } from 'tabmq/client';
          const worker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
          const broker = await openBroker({ place: 'worker', worker });
          const connection = await connect({ messagePort: broker.dial() }).open();
          await connection.declareQueue('tasks');
          await connection.publish({ routingKey: 'tasks', body: 'hello' });
          for await (const delivery of connection.consume('tasks')) console.log(delivery.text());`);
        writeFileSync(join(user, 'worker.js'), "import { hostBrokers } from 'tabmq/browser';\nhostBrokers();\n");
        const input = [join(user, 'main.js'), join(user, 'worker.js')];
        const bundled = await rollup({ input, plugins: [nodeResolve({ browser: true })], logLevel: 'silent' });
        await bundled.write({ dir: join(user, 'rollup'), format: 'es' });
        await bundled.close();
      }],
    ])('runs when %s built it', async (bundler, bundleWith) => {
      await bundleWith();
      writeFileSync(join(user, bundler, 'index.html'), html('src="main.js">'));
      const server = await preview({
        ...options, build: { outDir: bundler }, preview: { host: '127.0.0.1', port: 0 },
      });
      onTestFinished(() => server.close());
      expect(await firstLineOf(server.resolvedUrls!.local[0]!)).toBe('hello');
    });
  });

  test('runs as a plain script, from a folder of any server', async () => {
    execFileSync('npm', ['run', '--silent', 'bundle'], { cwd: root });
    const client = await bundle({ code: "export * from '@cloudamqp/amqp-client';" });
    const plain = program.replace('tabmq/browser', './tabmq.js').replace('@cloudamqp/amqp-client', './client.js');
    const server = createServer(({ url = '' }, response) => {
      const file = /^\/folder\/(?!client\.js)([\w-]+\.js)$/.exec(url)?.[1];
      response.setHeader('Content-Type', url.endsWith('.js') ? 'text/javascript' : 'text/html');
      const from = file === 'rxjs.js' ? 'page' : 'web';
      if (file !== undefined) response.end(readFileSync(join(root, 'dist', from, file)));
      else response.end(url.endsWith('.js') ? client : html(`>${plain}`));
    });
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await firstLineOf(`http://127.0.0.1:${port}/folder/`)).toBe('hello');
  });

  describe('in a service worker', () => {
    const scriptOf = (name: string): Promise<string> =>
      bundle({ file: fileURLToPath(new URL(`page/${name}.ts`, import.meta.url)) });
    const site = useSite(async () => ({
      '/script.js': await scriptOf('service'),
      '/service-worker.js': await scriptOf('service-worker'),
    }));

    test('runs a broker for the pages', async () => {
      const tab = await site.open();
      expect(await tab.call('overServiceWorker', 100)).toEqual({ cloudamqp: 100, tabmq: 100 });
    });
  });
});
