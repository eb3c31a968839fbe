/** Several playgrounds of one site, and how much room they take. */
import type { BrowserContext } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { hasChromium } from '../../browser/chromium.ts';
import { PlaygroundPage, usePlayground } from '../playground.ts';

const READY = 60_000;

describe.skipIf(!hasChromium())('workspaces', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  const openIn = async (context: BrowserContext): Promise<PlaygroundPage> => {
    const page = await context.newPage();
    await page.goto(`${playground.url()}#/canvas`);
    await page.waitForSelector('[data-ready]');
    return new PlaygroundPage(page, []);
  };
  /** Opens the menu of the broker where it is not open. */
  const menu = async ({ page }: PlaygroundPage) => {
    const opener = page.getByRole('button', { name: 'the broker and what it keeps' });
    if (await opener.getAttribute('aria-expanded') === 'false') await opener.click();
    return page.getByRole('region', { name: 'The broker and what it keeps' });
  };
  const make = async (pg: PlaygroundPage, name: string): Promise<void> => {
    const region = await menu(pg);
    await region.getByRole('button', { name: 'New …' }).click();
    await region.getByLabel('Name of the workspace').fill(name);
    await region.getByRole('button', { name: 'Make it' }).click();
    await isIn(pg, name);
  };
  const choose = async (pg: PlaygroundPage, label: string): Promise<void> => {
    await (await menu(pg)).getByRole('combobox', { name: 'Workspace' }).selectOption({ label });
    await isIn(pg, label);
  };
  /** Waits until that one runs, its clients as well. */
  const isIn = async (pg: PlaygroundPage, name: string): Promise<void> => {
    const chosen = (await menu(pg)).getByRole('combobox', { name: 'Workspace' }).locator('option:checked');
    await expect.poll(() => chosen.innerText(), { timeout: READY }).toBe(name);
    const running = async (): Promise<number> => (
      (await pg.clients()).filter(({ status }) => status === 'running').length);
    await expect.poll(running, { timeout: READY }).toBe(3);
  };
  const names = async (pg: PlaygroundPage): Promise<string[]> => (
    (await menu(pg)).getByRole('combobox', { name: 'Workspace' }).getByRole('option').allInnerTexts());
  /** A durable queue with one message that is kept. */
  const keepIn = (pg: PlaygroundPage, queue: string): Promise<void> => pg.page.evaluate(async (queue) => {
    const { port } = window.__playground.app;
    await port.api(`/api/queues/%2F/${queue}`, { method: 'PUT', body: { durable: true } });
    await port.api('/api/exchanges/%2F/amq.default/publish', {
      method: 'POST', body: { routing_key: queue, payload: 'kept', properties: { delivery_mode: 2 } },
    });
  }, queue);
  /** Messages in it; -1: there is no such queue. */
  const depth = ({ page }: PlaygroundPage, queue: string): Promise<number> => page.evaluate(async (queue) => {
    const { status, body } = await window.__playground.app.port.api(`/api/queues/%2F/${queue}`);
    return status === 200 ? (body as { messages: number }).messages : -1;
  }, queue);
  const until = (pg: PlaygroundPage, queue: string, messages: number): Promise<void> =>
    expect.poll(() => depth(pg, queue), { timeout: READY }).toBe(messages);

  test('each keeps what is durable in it, and what runs, over switches and reloads', async () => {
    const pg = await openIn(await playground.context());
    await isIn(pg, 'Playground');
    await keepIn(pg, 'first');
    await make(pg, 'Orders');
    await until(pg, 'first', -1);
    await keepIn(pg, 'second');
    await choose(pg, 'Playground');
    await until(pg, 'first', 1);
    await until(pg, 'second', -1);
    await choose(pg, 'Orders');
    await until(pg, 'second', 1);
    await pg.page.reload();
    await pg.page.waitForSelector('[data-ready]', { timeout: READY });
    await isIn(pg, 'Orders');
    await until(pg, 'second', 1);
  });

  test('are renamed and deleted, with all that is in them; no two have the same name', async () => {
    const pg = await openIn(await playground.context());
    await make(pg, 'Orders');
    await keepIn(pg, 'second');
    const region = await menu(pg);
    await region.getByRole('button', { name: 'Rename …' }).click();
    await region.getByLabel('Name of the workspace').fill('Playground');
    await region.getByRole('button', { name: 'Rename it' }).click();
    await expect.poll(() => names(pg)).toEqual(['Playground', 'Playground 2']);
    await region.getByRole('button', { name: 'Delete …' }).click();
    await region.getByText('Delete “Playground 2”, with all messages').waitFor();
    await region.getByRole('button', { name: 'Delete it' }).click();
    await expect.poll(() => names(pg), { timeout: READY }).toEqual(['Playground']);
    await isIn(pg, 'Playground');
    // The next one gets its place, and nothing that was there.
    await make(pg, 'Fresh');
    await until(pg, 'second', -1);
  });

  test('are the same in all tabs', async () => {
    const context = await playground.context();
    const [a, b] = [await openIn(context), await openIn(context)];
    await b.page.getByText('2 tabs').waitFor();
    await make(a, 'Orders');
    await isIn(b, 'Orders');
    expect(await names(b)).toEqual(['Playground', 'Orders']);
  });

  test('the storage meter tells how much of the room is taken', async () => {
    const pg = await playground.open({
      script: 'navigator.storage.estimate = async () => ({ usage: 1.5 * 2 ** 20, quota: 6 * 2 ** 20 });',
    });
    const region = await menu(pg);
    const meter = region.getByRole('meter', { name: '1.5 MiB of 6.0 MiB used' });
    await meter.waitFor();
    expect(await meter.evaluate((each: HTMLMeterElement) => each.value / each.max)).toBe(0.25);
  });

  test('a browser that tells no estimate shows no meter', async () => {
    const script = 'navigator.storage.estimate = () => Promise.reject(new Error("denied"));';
    const pg = await playground.open({ script });
    const region = await menu(pg);
    await region.getByRole('button', { name: 'Forget everything' }).waitFor();
    expect(await region.getByRole('meter').count()).toBe(0);
  });
});
