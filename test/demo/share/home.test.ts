/** One broker for all tabs, and what is durable in it: over reloads, crashes and denied storage. */
import type { BrowserContext, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { hasChromium } from '../../browser/chromium.ts';
import { PlaygroundPage, usePlayground } from '../playground.ts';

const READY = 60_000;
const code = (durable: boolean, deliveryMode: number, queue: string): string => `
import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';
const channel = await (await new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest').connect()).channel();
await channel.queueDeclare('${queue}', { durable: ${durable} });
await channel.confirmSelect();
await channel.basicPublish('', '${queue}', 'kept?', { deliveryMode: ${deliveryMode} });
console.log('confirmed ${queue}');
`;

describe.skipIf(!hasChromium())('the broker of a site', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  const openIn = async (context: BrowserContext, route = '/canvas'): Promise<PlaygroundPage> => {
    const page = await context.newPage();
    await page.goto(`${playground.url()}#${route}`);
    await page.waitForSelector('[data-ready]');
    return new PlaygroundPage(page, []);
  };
  const run = async ({ page }: PlaygroundPage, name: string, source: string): Promise<void> => {
    await page.evaluate(async ([name, source]) => {
      const { clients, clock } = window.__playground.app.port;
      await clients!.start({ name: name!, code: source!, library: '@cloudamqp/amqp-client' });
      await clock!.resume();
    }, [name, source]);
  };
  /** Messages of a queue, whether they are held or not; -1: there is no such queue. */
  const depth = ({ page }: PlaygroundPage, queue: string): Promise<number> =>
    page.evaluate(async (queue) => {
      const { status, body } = await window.__playground.app.port.api(`/api/queues/%2F/${queue}`);
      return status === 200 ? (body as { messages: number }).messages : -1;
    }, queue);
  const until = (pg: PlaygroundPage, queue: string, messages: number): Promise<void> =>
    expect.poll(() => depth(pg, queue), { timeout: READY }).toBe(messages);
  const publishBoth = async (pg: PlaygroundPage): Promise<void> => {
    await run(pg, 'durable', code(true, 2, 'kept'));
    await run(pg, 'transient', code(false, 1, 'gone'));
    await until(pg, 'kept', 1);
    await until(pg, 'gone', 1);
    // They are not to publish again when all clients start again.
    for (const name of ['durable', 'transient']) {
      await pg.page.evaluate((name) => window.__playground.app.port.clients!.remove(name), name);
    }
    await expect.poll(() => notedClients(pg), { timeout: READY }).not.toContain('transient');
  };
  const notedClients = ({ page }: PlaygroundPage): Promise<string[]> => page.evaluate(() => {
    const notes = JSON.parse(localStorage.getItem('playground.notes') ?? '{"clients": []}');
    return (notes as { clients: { name: string }[] }).clients.map(({ name }) => name);
  });
  const button = (page: Page, name: string) => page.getByRole('button', { name });

  test('keeps what is durable over a reload, and nothing else', async () => {
    const pg = await openIn(await playground.context());
    await publishBoth(pg);
    await pg.page.reload();
    await pg.page.waitForSelector('[data-ready]', { timeout: READY });
    await until(pg, 'kept', 1);
    expect(await depth(pg, 'gone')).toBe(-1);
    await button(pg.page, 'the broker and what it keeps').click();
    await button(pg.page, 'Forget everything').click();
    await until(pg, 'kept', -1);
  });

  test('keeps it over a crash of the broker, and time goes on', async () => {
    const pg = await openIn(await playground.context());
    await publishBoth(pg);
    const before = await pg.now();
    await button(pg.page, 'the broker and what it keeps').click();
    await button(pg.page, 'Restart the broker').click();
    await until(pg, 'gone', -1);
    // A broker that reads what it kept has no queue yet.
    await until(pg, 'kept', 1);
    // All clients start again, whatever the coach makes of what is redelivered meanwhile.
    const running = async (): Promise<readonly string[]> => (await pg.clients())
      .flatMap(({ name, status }) => (status === 'running' ? [name] : []));
    await expect.poll(running, { timeout: READY }).toEqual(['producer', 'consumer-1', 'consumer-2']);
    await expect.poll(() => pg.now(), { timeout: READY }).toBeGreaterThan(before);
  });

  test('notes nothing that it has noted already, while its time goes on', async () => {
    const context = await playground.context();
    await context.addInitScript(`
      const { setItem } = Storage.prototype;
      window.notedAgain = [];
      Storage.prototype.setItem = function (key, text) {
        if (this.getItem(key) === text) window.notedAgain.push(key);
        setItem.call(this, key, text);
      };`);
    const pg = await openIn(context, '/s/work-queue?seed=1&paused=1');
    const notedTime = (): Promise<string | null> => pg.page.evaluate(() => localStorage.getItem('playground.time'));
    for (const time of [2000, 3000, 4000]) {
      await pg.advanceTo(time);
      await expect.poll(notedTime, { timeout: READY }).toBe(String(time));
    }
    const again = await pg.page.evaluate('window.notedAgain') as string[];
    expect(again.filter((key) => /\.(notes|time)$/.test(key))).toEqual([]);
  });

  test('begins a scenario of an address fresh', async () => {
    const context = await playground.context();
    const pg = await openIn(context);
    await publishBoth(pg);
    await pg.page.close();
    const fresh = await openIn(context, '/s/work-queue?seed=1&paused=1');
    expect(await depth(fresh, 'kept')).toBe(-1);
    expect(await fresh.now()).toBe(0);
  });

  test.each([
    ['a SharedWorker', ''],
    ['an elected tab', 'delete globalThis.SharedWorker;'],
  ])('is one for two tabs, in %s', async (_where, script) => {
    const context = await playground.context();
    if (script !== '') await context.addInitScript(script);
    const a = await openIn(context);
    await run(a, 'sink', 'export {};');
    const b = await openIn(context);
    await b.page.getByText('2 tabs').waitFor();
    await a.page.getByText('2 tabs').waitFor();
    await run(b, 'durable', code(true, 2, 'kept'));
    await until(a, 'kept', 1);
    await expect.poll(() => notedClients(b), { timeout: READY }).toContain('durable');
    await b.page.evaluate(() => window.__playground.app.port.clients!.remove('durable'));
    await expect.poll(() => notedClients(b), { timeout: READY }).not.toContain('durable');
    await a.page.close();
    await b.page.getByText('1 tab').waitFor();
    await until(b, 'kept', 1);
  });
});
