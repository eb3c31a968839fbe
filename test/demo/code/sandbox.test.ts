/** What client code tries, and what comes of it: it reaches its broker and nothing else. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ClientView } from '../../../demo/port/client-host.ts';
import { hasChromium } from '../../browser/chromium.ts';
import { PlaygroundPage, usePlayground } from '../playground.ts';

/** Time in which a client gets as far as it does. */
const A_WHILE_MS = 1000;

/** What came of code that ran as a client. */
interface Outcome {
  readonly client: ClientView;
  readonly lines: readonly string[];
}

let lastIntruder = 0;

/** Starts code as a client, and lets it run for a while. */
async function outcomeOf(pg: PlaygroundPage, code: string): Promise<Outcome> {
  const name = `intruder-${++lastIntruder}`;
  await pg.page.evaluate(`(async () => {
    const { app: { port }, advanceTo, clock } = window.__playground;
    await port.clients.start(${JSON.stringify({ name, code, library: 'raw' })});
    await advanceTo((await clock()).now + ${A_WHILE_MS});
  })()`);
  return await seenOf(pg, name);
}

/** What came of it so far. */
async function seenOf(pg: PlaygroundPage, name: string): Promise<Outcome> {
  const client = (await pg.clients()).find((each) => each.name === name)!;
  const lines = (await pg.logs()).filter((line) => line.client === name).map(({ text }) => text);
  return { client, lines };
}

/** What came of code that floods: time goes on without a Worker that takes long, so it is given more. */
async function outcomeOfFlood(pg: PlaygroundPage, code: string): Promise<Outcome> {
  const { client: { name } } = await outcomeOf(pg, code);
  await expect.poll(async () => {
    await pg.advanceTo(await pg.now() + A_WHILE_MS);
    return (await seenOf(pg, name)).lines.at(-1);
  }).toMatch(/^It /);
  return await seenOf(pg, name);
}

async function statusOf(pg: PlaygroundPage, client: string): Promise<ClientView['status'] | undefined> {
  return (await pg.clients()).find(({ name }) => name === client)?.status;
}

describe.skipIf(!hasChromium())('the sandbox of the clients', { timeout: 180_000 }, () => {
  const playground = usePlayground();
  const reached: string[] = [];
  // Somewhere that would answer anybody: only the sandbox keeps code away from it.
  const elsewhere: Server = createServer(({ url }, response) => {
    reached.push(url!);
    response.writeHead(200, { 'Access-Control-Allow-Origin': '*', 'Content-Type': 'text/javascript' });
    response.end('self.loaded = true;');
  });
  elsewhere.on('upgrade', ({ url }, socket) => {
    reached.push(url!);
    socket.destroy();
  });
  let place = '';

  /** What ends only clients of its own can be on one page with others of the kind. */
  let pg: PlaygroundPage;

  beforeAll(async () => {
    pg = await playground.open();
    elsewhere.listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    place = `127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
  });
  afterAll(() => void elsewhere.close());

  /** Ways to the network; `H` is the host. Each tells what came of it. */
  const network = {
    'fetch': "await fetch('http://H/fetch')",
    'fetch of the page\'s own host': "await fetch('PAGE')",
    'fetch that was found on the prototype':
      "await Object.getPrototypeOf(Object.getPrototypeOf(self)).fetch.call(self, 'http://H/proto')",
    'XMLHttpRequest': "const x = new XMLHttpRequest(); x.open('GET', 'http://H/xhr', false); x.send()",
    'WebSocket': `await new Promise((resolve, reject) => {
      const socket = new WebSocket('ws://H/socket'); socket.onopen = resolve;
      socket.onerror = () => reject(new Error('no socket')); })`,
    'the WebSocket behind the one in front': `await new Promise((resolve, reject) => {
      const Native = Object.getPrototypeOf(new WebSocket('ws://H/native')).constructor;
      const socket = new Native('ws://H/native'); socket.onopen = resolve;
      socket.onerror = () => reject(new Error('no socket')); })`,
    'EventSource': `await new Promise((resolve, reject) => {
      const source = new EventSource('http://H/events');
      source.onopen = resolve; source.onerror = reject; })`,
    'a font': "await new FontFace('a', 'url(http://H/font)').load()",
    'importScripts': "importScripts('http://H/script.js')",
    'importScripts of text': "importScripts('data:text/javascript,self.loaded = true')",
  };

  test.each(Object.entries(network))('no network: %s', async (_name, attempt) => {
    const tried = attempt.replaceAll('//H/', `//${place}/`).replaceAll('PAGE', playground.url());
    const { lines } = await outcomeOf(pg,
      `try { ${tried}; console.log('reached'); } catch (error) { console.log('failed', error); }`);
    expect(lines.filter((line) => line.startsWith('failed'))).toHaveLength(1);
    expect(lines).not.toContain('reached');
    expect(lines.join('\n')).toContain('The sandbox has no network and no eval: it refused');
    expect(reached).toEqual([]);
  });

  /** Ways out of the Worker, and what each ends with. */
  const ways = {
    'parent.document.title': 'ReferenceError',
    'window.top.location': 'ReferenceError',
    'document.cookie': 'ReferenceError',
    'new RTCPeerConnection()': 'ReferenceError',
    'new Image().src': 'ReferenceError',
    'opener.location': 'ReferenceError',
    "new WebTransport('https://H/')": 'ReferenceError',
    'await navigator.serviceWorker.register(\'a\')': 'TypeError',
    'await self.showOpenFilePicker()': 'TypeError',
    "localStorage.setItem('a', 'b')": 'ReferenceError',
    "sessionStorage.getItem('a')": 'ReferenceError',
    "indexedDB.open('a')": 'SecurityError',
    "await caches.open('a')": 'Error',
    'await navigator.storage.getDirectory()': 'Error',
    "await navigator.locks.request('a', () => {})": 'Error',
    "navigator.sendBeacon('http://H/beacon')": 'TypeError',
    "new BroadcastChannel('a').postMessage('a')": 'ReferenceError',
    "new Worker(URL.createObjectURL(new Blob([''])))": 'ReferenceError',
    "new SharedWorker('a')": 'ReferenceError',
    "(0, eval)('this').fetch": 'EvalError',
    "new Function('return this')()": 'EvalError',
    "(async () => {}).constructor('return this')()": 'EvalError',
    "[].constructor.constructor('return this')()": 'EvalError',
    "await import('http://H/module.js')": "There is no module 'http://H/module.js' in this sandbox",
    "require('node:fs')": "There is no module 'node:fs' in this sandbox",
  };

  test('no way to the page, to storage, to other clients, or to what was taken away', async () => {
    for (const [way, end] of Object.entries(ways)) {
      const { lines } = await outcomeOf(pg, `try { ${way.replaceAll('H/', `${place}/`)}; console.log('got there'); }
        catch (error) { console.log('failed', error); }`);
      const told = lines.find((line) => line.startsWith('failed'));
      expect.soft(lines, way).not.toContain('got there');
      expect.soft(told, way).toContain(end.replace('H/', `${place}/`));
    }
    expect(reached).toEqual([]);
  });

  test('nothing that a Worker says to its maker, or does to its realm, reaches the page', async () => {
    const { lines } = await outcomeOf(pg, `
      postMessage({ type: 'end', id: 1 });
      self.onmessage = () => {};
      console.log(self.origin, typeof self.parent);
      Object.prototype.polluted = true; Array.prototype.push = null;
      setTimeout(() => console.log('still here'), 10);`);
    expect(lines[0]).toBe('null undefined');
    expect(await pg.page.evaluate('({}).polluted')).toBeUndefined();
    expect(await statusOf(pg, 'producer')).toBe('running');
  });

  test('an endless loop freezes nothing but itself, and a kill ends it', async () => {
    await pg.page.evaluate(`window.__playground.app.port.clients.start({
      name: 'loop', library: 'raw', code: "console.log('begins');\\nwhile (true);",
    })`);
    const advanced = pg.advanceTo(3000);
    await pg.page.getByText('busy').first().waitFor();
    // The page answers while the loop goes on, and so do the broker and the other clients.
    await pg.page.getByRole('button', { name: /theme/ }).click();
    await advanced;
    expect((await pg.logs()).map(({ text }) => text)).toContain('sent task 3');
    await pg.kill('loop');
    expect(await statusOf(pg, 'loop')).toBe('killed');
  });

  test('what floods its console is cut short, and told so', async () => {
    const { lines } = await outcomeOfFlood(pg, "for (let i = 0; i < 1e5; i++) console.log('x'.repeat(1e4));");
    expect(lines).toHaveLength(201);
    expect(lines[0]).toHaveLength(4000);
    expect(lines.at(-1)).toBe('It writes more than 200 lines at once: the rest is left out.');
  });

  test.each([
    ['frames', `const socket = new WebSocket('ws://broker.tab/', 'amqp');
      socket.onopen = () => { for (let i = 0; i < 40; i++) socket.send(new Uint8Array(1 << 20)); };`],
    ['timers', 'for (let i = 0; i < 1e6; i++) setTimeout(() => {}, 1e6);'],
  ])('what floods the broker with %s is cut off, and told so', async (_what, code) => {
    const { client, lines } = await outcomeOfFlood(pg, code);
    expect(lines.at(-1)).toBe('It asked for too much at once: more than 16 MiB, or 20,000 timers.');
    expect(client).toMatchObject({ status: 'failed', error: lines.at(-1) });
    expect(await statusOf(pg, 'producer')).toBe('running');
  });

  test.each([
    ['cannot be parsed', 'const a = 1;\nconst = 2;\n', 'SyntaxError: Unexpected token', 2],
    ['declares a name twice', 'const a = 1;\n\nlet a = 3;\n',
      "SyntaxError: Identifier 'a' has already been declared", 3],
    ['throws', 'type A = string;\nconst a: A = `a`;\nfunction f(): void {\n  throw new TypeError(a);\n}\nf();',
      'TypeError: a', 4],
    ['throws later', 'setTimeout(() => {\n  null.x;\n}, 5);',
      "TypeError: Cannot read properties of null (reading 'x')", 2],
    ['rejects', 'await 0;\nPromise.reject(new Error(`no`));', 'Error: no', 2],
    ['imports what is not there', "import 'lodash';",
      "Error: There is no module 'lodash' in this sandbox: it has '@cloudamqp/amqp-client', 'tabmq/client', "
        + "'tabmq/protocol', 'rxjs'.",
      1],
  ])('code that %s is told with its line', async (_what, code, error, line) => {
    const { client, lines } = await outcomeOf(pg, code);
    expect(lines.at(-1)).toBe(error);
    expect(client).toMatchObject({ status: 'failed', error, line });
  });

  test('a timer that sets the next one at once does not hold time still', async () => {
    const { lines } = await outcomeOf(pg,
      `let count = 0; const later = setTimeout; const next = () => { count++; later(next); };
      next(); later(() => console.log(count), 500);`);
    expect(lines).toEqual(['500']);
  });

  test('a sandbox that cannot be loaded is told of at its clients, which can be run again', async () => {
    const page = await (await playground.context()).newPage();
    const frame = /\/assets\/frame-/;
    await page.route(frame, (route) => route.fulfill({ status: 404 }));
    await page.goto(`${playground.url()}#/s/work-queue?seed=1&paused=1`);
    const told = /^The sandbox could not be made: .*frame-.*\. Try again, or load the page again\.$/;
    await page.getByLabel('Console').getByText(told).waitFor();
    const blocked = new PlaygroundPage(page, []);
    await expect.poll(() => statusOf(blocked, 'producer')).toBe('failed');
    const { client, lines } = await seenOf(blocked, 'producer');
    expect(client.error).toMatch(told);
    expect(lines).toEqual([client.error]);
    await page.unroute(frame);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await expect.poll(async () => {
      await blocked.advanceTo(await blocked.now() + A_WHILE_MS);
      return (await seenOf(blocked, 'producer')).lines.at(-1);
    }).toMatch(/^sent task/);
  });

  test('what the frame can make no Worker of is told of', async () => {
    // Broken in the page: what a test adds to frames may come after their scripts.
    const without = await playground.open({ script: 'globalThis.Blob = class { constructor() { return {}; } };' });
    await expect.poll(() => statusOf(without, 'producer')).toBe('failed');
    const { lines } = await seenOf(without, 'producer');
    expect(lines).toEqual([expect.stringMatching(
      /^The sandbox could not be made: .*createObjectURL.*\. Try again, or load the page again\.$/,
    )]);
  });
});
