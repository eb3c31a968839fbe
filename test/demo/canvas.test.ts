/** The canvas: what is drawn is declared, and what is declared is drawn. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { hasChromium } from '../browser/chromium.ts';
import { usePlayground, type PlaygroundPage } from './playground.ts';

describe.skipIf(!hasChromium())('the canvas', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  /** Types a line into the command line of the canvas. */
  async function order(page: Page, line: string): Promise<void> {
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    await page.locator('body').press('a');
    const input = page.getByLabel('What to add');
    await input.fill(line);
    await input.press('Enter');
    // It is carried out, or refused and said so.
    await page.locator('dialog[open] .problem, body:not(:has(dialog[open]))').first().waitFor({ state: 'attached' });
  }

  const node = (page: Page, id: string) => page.locator(`.svelte-flow__node[data-id="${id}"]`);

  /** Asks the management API, which knows nothing of the canvas. */
  async function ask(pg: PlaygroundPage, path: string): Promise<{ status: number; body: unknown }> {
    return await pg.page.evaluate(`window.__playground.app.port.api(${JSON.stringify(path)})`) as {
      status: number; body: unknown;
    };
  }

  /** Drags from the way out of one thing to the way into another. */
  async function join(page: Page, from: string, to: string): Promise<void> {
    await node(page, from).hover();
    await node(page, from).locator('.svelte-flow__handle.source').hover();
    await page.mouse.down();
    await node(page, to).locator('.svelte-flow__handle.target').hover();
    await page.mouse.up();
  }

  test('a queue that is dragged out of the palette is declared over AMQP', async () => {
    const pg = await playground.open();
    const flow = pg.page.locator('.flow');
    await pg.page.getByRole('button', { name: 'Add queue' }).dragTo(flow, { targetPosition: { x: 500, y: 420 } });
    await node(pg.page, 'queue:queue-1').waitFor();
    expect(await ask(pg, '/api/queues/%2F/queue-1')).toMatchObject({ status: 200, body: { durable: true } });
    const declared = await pg.tap('queue.declared');
    expect(declared.map((event) => 'queue' in event && event.queue)).toContain('queue-1');
    const box = await node(pg.page, 'queue:queue-1').boundingBox();
    const place = await flow.boundingBox();
    expect(box!.x - place!.x).toBeCloseTo(500, -1);
  });

  test('one line each makes a topology; a handle to a handle binds, and shows what would have matched', async () => {
    const pg = await playground.open();
    const { page } = pg;
    await order(page, 'topic orders');
    await node(page, 'exchange:orders').waitFor();
    await order(page, 'queue audit ttl=5000');
    await node(page, 'queue:audit').waitFor();
    for (const key of ['order.new', 'order.paid', 'invoice.new']) await order(page, `publish orders ${key} hi`);
    await expect.poll(async () => (await pg.tap('message.unroutable')).length).toBe(3);
    await join(page, 'exchange:orders', 'queue:audit');
    const dialog = page.getByRole('dialog', { name: 'Bind audit to orders' });
    await dialog.getByLabel('Binding key').fill('order.*');
    await dialog.getByText('2 of the last 3 messages would have matched').waitFor();
    await dialog.getByLabel('Binding key').fill('#.new');
    await dialog.getByText('2 of the last 3 messages would have matched').waitFor();
    await dialog.getByLabel('Binding key').fill('order.new');
    await dialog.getByText('1 of the last 3 messages would have matched').waitFor();
    await dialog.getByRole('button', { name: 'Bind', exact: true }).click();
    await expect.poll(() => ask(pg, '/api/bindings')).toMatchObject({
      body: [{ source: 'orders', destination: 'audit', routing_key: 'order.new' }],
    });
    await order(page, 'publish orders order.new hello');
    await page.getByLabel('queue audit, 1 ready, 0 unacknowledged').first().waitFor();
  });

  test('what the broker refuses stands on the thing, with both values', async () => {
    const pg = await playground.open();
    await order(pg.page, 'queue audit ttl=5000');
    await node(pg.page, 'queue:audit').waitFor();
    await order(pg.page, 'queue audit ttl=1');
    const alert = node(pg.page, 'queue:audit').getByRole('alert');
    await alert.getByText('406 PRECONDITION_FAILED').waitFor();
    expect(await alert.getByRole('row').nth(1).innerText()).toMatch(/x-message-ttl\s+'1'\s+'5000'/);
  });

  test('undo takes back what was done, and says what cannot come back', async () => {
    const pg = await playground.open();
    const { page } = pg;
    await order(page, 'queue audit');
    await node(page, 'queue:audit').waitFor();
    await order(page, 'publish - audit hello');
    await page.getByLabel('queue audit, 1 ready, 0 unacknowledged').first().waitFor();
    await order(page, 'delete audit');
    await node(page, 'queue:audit').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+z');
    await page.getByText('its 1 messages cannot come back').first().waitFor();
    await page.getByLabel('queue audit, 0 ready, 0 unacknowledged').first().waitFor();
    await page.keyboard.press('Control+z');
    await node(page, 'queue:audit').waitFor({ state: 'detached' });
    expect(await ask(pg, '/api/queues/%2F/audit')).toMatchObject({ status: 404 });
  });

  test('a producer and a consumer are made by a line each, and messages go from one to the other', async () => {
    const pg = await playground.open();
    for (const line of ['fanout news', 'queue inbox', 'bind news inbox']) await order(pg.page, line);
    await order(pg.page, 'producer paper news');
    await order(pg.page, 'consumer reader inbox');
    await node(pg.page, 'client:reader').waitFor();
    await pg.advanceTo(3000);
    const settled = (await pg.tap('message.settled'))
      .filter((event) => event.type === 'message.settled' && event.queue === 'inbox');
    expect(settled.length).toBeGreaterThan(0);
  });

  test('the menu of a thing is there for the keyboard', async () => {
    const pg = await playground.open();
    await pg.advanceTo(1500);
    await node(pg.page, 'client:consumer-1').focus();
    await pg.page.keyboard.press('Shift+F10');
    await pg.page.getByRole('menuitem', { name: 'Kill' }).press('Enter');
    await node(pg.page, 'client:consumer-1').getByText('killed').waitFor();
  });

  test('the same as a table, walked by the arrows along the lines', async () => {
    const pg = await playground.open();
    await pg.advanceTo(1500);
    await pg.page.locator('body').press('t');
    const table = pg.page.getByRole('treegrid', { name: 'What there is, as a table' });
    await table.getByRole('row', { name: /^producer/ }).focus();
    const focused = () => pg.page.evaluate('document.activeElement.dataset.id');
    for (const id of ['exchange:', 'queue:tasks', 'client:consumer-1']) {
      await pg.page.keyboard.press('ArrowRight');
      expect(await focused()).toBe(id);
    }
    await pg.page.keyboard.press('ArrowLeft');
    expect(await focused()).toBe('queue:tasks');
    expect(await table.getByRole('row', { name: /^tasks/ }).innerText()).toContain('0 ready, 1 unacked');
  });

  test('at the same moment the picture is the same: each dot, to the pixel, and each place', async () => {
    const picture = async (): Promise<unknown> => {
      const pg = await playground.open();
      await pg.advanceTo(12_340);
      await pg.page.locator('time', { hasText: '00:12.340' }).waitFor();
      // Text is not compared: a browser draws it anew at each zoom, or not.
      const look = () => pg.page.evaluate(() => {
        const places = [...document.querySelectorAll<HTMLElement>('.svelte-flow__node, .svelte-flow__viewport')];
        const dots = document.querySelector<HTMLCanvasElement>('.flow > canvas')!;
        const { data } = dots.getContext('2d')!.getImageData(0, 0, dots.width, dots.height);
        const pixels = [...data.keys()].filter((i) => i % 4 === 3 && data[i]! > 0);
        return { places: places.map(({ style }) => style.transform), dots: dots.toDataURL(), pixels: pixels.length };
      });
      // Lines come a moment after the messages; two of these are under way at that moment.
      await expect.poll(async () => (await look()).pixels).toBeGreaterThan(150);
      return look();
    };
    expect(await picture()).toEqual(await picture());
  });

  test('a client that takes no acknowledgements loses what it had begun', async () => {
    const pg = await playground.open();
    await pg.page.evaluate(async () => {
      const { clients } = window.__playground.app.port;
      const list = await new Promise<readonly { name: string; code: string; library: 'raw' }[]>((resolve) => {
        clients!.clients$.subscribe(resolve as never);
      });
      const slow = list.find(({ name }) => name === 'consumer-1')!;
      await clients!.start({ ...slow, code: slow.code.replace('noAck: false', 'noAck: true') });
    });
    await pg.advanceTo(3500);
    await node(pg.page, 'client:consumer-1').getByRole('button', { name: 'Kill consumer-1' }).click();
    await node(pg.page, 'queue:tasks').getByText(/^lost \d/).waitFor();
  });
});
