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

  async function chooseFromMenu(page: Page, id: string, title: string): Promise<void> {
    await node(page, id).focus();
    await page.keyboard.press('Shift+F10');
    await page.getByRole('menuitem', { name: title }).click();
  }

  /** Asks the management API, which knows nothing of the canvas. */
  async function ask(pg: PlaygroundPage, path: string): Promise<{ status: number; body: unknown }> {
    return await pg.page.evaluate(`window.__playground.app.port.api(${JSON.stringify(path)})`) as {
      status: number; body: unknown;
    };
  }

  /** The bindings that somebody made: not those of each queue to the default exchange. */
  async function bindings(pg: PlaygroundPage): Promise<readonly unknown[]> {
    const { body } = await ask(pg, '/api/bindings');
    return (body as { readonly source: string }[]).filter(({ source }) => source !== '');
  }

  /** Drags from the way out of one thing to the way into another. */
  async function join(page: Page, from: string, to: string): Promise<void> {
    await node(page, from).hover();
    await node(page, from).locator('.svelte-flow__handle.source').hover();
    await page.mouse.down();
    await node(page, to).locator('.svelte-flow__handle.target').hover();
    await page.mouse.up();
  }

  test('it has one connection however often it is left and comes back; a refusal of a full queue is told', async () => {
    const pg = await playground.open();
    const { page } = pg;
    const own = async (): Promise<number> => {
      const { body } = await ask(pg, '/api/connections');
      return (body as { client_properties: { connection_name?: string } }[])
        .filter(({ client_properties: properties }) => properties.connection_name === 'canvas').length;
    };
    await order(page, 'queue full max=1 overflow=reject-publish');
    expect(await own()).toBe(1);
    await page.getByRole('link', { name: 'Connections' }).click();
    await expect.poll(own).toBe(0);
    await page.getByRole('link', { name: 'Canvas', exact: true }).click();
    await node(page, 'queue:full').waitFor();
    for (const text of ['fits', 'is one too many']) await order(page, `publish - full ${text}`);
    await page.getByText('The broker refused the message with basic.nack.').first().waitFor();
    expect(await own()).toBe(1);
  });

  test('a queue that is dragged out of the palette is declared over AMQP', async () => {
    const pg = await playground.open();
    const flow = pg.page.locator('.flow');
    await pg.page.getByRole('button', { name: 'Add queue' }).dragTo(flow, { targetPosition: { x: 500, y: 420 } });
    await node(pg.page, 'queue:queue-1').waitFor();
    expect(await ask(pg, '/api/queues/%2F/queue-1')).toMatchObject({ status: 200, body: { durable: true } });
    const declared = await pg.tap('queue.declared');
    expect(declared.map((event) => 'queue' in event && event.queue)).toContain('queue-1');
    // A client that knows nothing of the canvas finds it.
    await pg.page.evaluate(() => window.__playground.app.port.clients!.start({
      name: 'stranger', library: '@cloudamqp/amqp-client', code: `
        import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';
        const connection = await new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest').connect();
        const channel = await connection.channel();
        const { name } = await channel.queueDeclare('queue-1', { passive: true });
        console.log('found ' + name);`,
    }));
    await expect.poll(async () => {
      await pg.step();
      return (await pg.logs()).map(({ text }) => text);
    }).toContain('found queue-1');
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
    await expect.poll(() => bindings(pg))
      .toMatchObject([{ source: 'orders', destination: 'audit', routing_key: 'order.new' }]);
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
    await expect.poll(() => alert.getByRole('row').nth(1).innerText()).toMatch(/x-message-ttl\s+'1'\s+'5000'/);
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
    await page.getByText('its 1 message cannot come back').first().waitFor();
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
    const row = (name: string) => table.getByRole('row', { name: new RegExp(`^${name}`) });
    // Lines are there once somebody was seen to publish, and the picture was drawn with that.
    const lines = [['producer', 'the default exchange'], ['the default exchange', 'tasks'], ['tasks', 'consumer-1']];
    for (const [from, to] of lines) await expect.poll(() => row(from!).innerText()).toContain(to);
    await row('producer').focus();
    const focused = () => pg.page.evaluate('document.activeElement.dataset.id');
    for (const id of ['exchange:', 'queue:tasks', 'client:consumer-1']) {
      await pg.page.keyboard.press('ArrowRight');
      expect(await focused()).toBe(id);
    }
    await pg.page.keyboard.press('ArrowLeft');
    expect(await focused()).toBe('queue:tasks');
    await expect.poll(() => row('tasks').innerText()).toContain('0 ready, 1 unacked');
  });

  const edges = (page: Page, kind: string) => page.locator(`.svelte-flow__edge.${kind}`);

  test('the bindings that the default exchange has by itself are drawn while it is looked at', async () => {
    const { page } = await playground.open();
    for (const name of ['one', 'two']) await order(page, `queue ${name}`);
    await node(page, 'queue:two').waitFor();
    await expect.poll(() => edges(page, 'implicit').count()).toBe(0);
    await node(page, 'exchange:').hover();
    // Those that messages went over are there all the time.
    await expect.poll(() => edges(page, 'implicit').count()).toBeGreaterThanOrEqual(2);
    await page.mouse.move(2, 2);
    await expect.poll(() => edges(page, 'implicit').count()).toBe(0);
    await node(page, 'exchange:').focus();
    await expect.poll(() => edges(page, 'implicit').count()).toBeGreaterThanOrEqual(2);
  });

  test('the way of a message lights up under the pointer, and stays lit while it is selected', async () => {
    const pg = await playground.open();
    const { page } = pg;
    // The first task is delivered at 1 s: its last line is begun 200 ms later, and takes half a second.
    await pg.advanceTo(1450);
    const [from, to] = await Promise.all(
      ['queue:tasks', 'client:consumer-1'].map((id) => node(page, id).boundingBox()),
    );
    const middle = {
      x: (from!.x + from!.width + to!.x) / 2,
      y: (from!.y + from!.height / 2 + to!.y + to!.height / 2) / 2,
    };
    await expect.poll(() => edges(page, 'lit').count()).toBe(0);
    await expect.poll(async () => {
      await page.mouse.move(middle.x + Math.random(), middle.y);
      return edges(page, 'lit').count();
    }).toBe(3);
    await page.mouse.click(middle.x, middle.y);
    await page.getByRole('heading', { name: 'Message 1' }).waitFor();
    await page.mouse.move(2, 2);
    await expect.poll(() => edges(page, 'lit').count()).toBe(3);
  });

  test('a transient queue becomes durable: what is lost is told before, and undo says so again', async () => {
    const pg = await playground.open();
    const { page } = pg;
    for (const line of ['topic orders', 'queue audit max=9 transient', 'bind orders audit #']) await order(page, line);
    await order(page, 'publish orders order.new hello');
    await page.getByLabel('queue audit, 1 ready, 0 unacknowledged').first().waitFor();
    await chooseFromMenu(page, 'queue:audit', 'Make durable …');
    const dialog = page.getByRole('dialog', { name: 'Make audit durable?' });
    await dialog.getByText('Lost: its 1 message.').waitFor();
    await dialog.getByRole('button', { name: 'Delete it and declare it durable' }).click();
    await expect.poll(() => ask(pg, '/api/queues/%2F/audit')).toMatchObject({
      body: { durable: true, messages: 0, arguments: { 'x-max-length': 9 } },
    });
    await expect.poll(() => bindings(pg)).toMatchObject([{ destination: 'audit', routing_key: '#' }]);
    await page.getByText('Made audit durable').first().waitFor();
    await page.keyboard.press('Control+z');
    await page.getByText('Undone: Made audit durable; its 1 message cannot come back').first().waitFor();
    expect(await ask(pg, '/api/queues/%2F/audit')).toMatchObject({ body: { durable: false } });
  });

  test('a client is paused and slowed down, and its code copied, from its menu', async () => {
    const pg = await playground.open();
    const { page } = pg;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await pg.advanceTo(500);
    await chooseFromMenu(page, 'client:consumer-1', 'Pause consumer');
    await node(page, 'client:consumer-1').getByText('paused').waitFor();
    await chooseFromMenu(page, 'client:producer', 'Copy as code');
    await page.getByText('The code is in the clipboard.').first().waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toContain('basicPublish');
    await chooseFromMenu(page, 'client:producer', 'Slow down …');
    await page.getByRole('spinbutton', { name: 'Milliseconds a message' }).fill('300');
    await page.getByRole('button', { name: 'Slow it down' }).click();
    await node(page, 'client:producer').getByText('300 ms').waitFor();
    await pg.advanceTo(2500);
    expect((await pg.tap('message.published')).map(({ at }) => at)).toEqual([1300, 2300]);
  });

  test('tidy places things anew, and can be undone', async () => {
    const { page } = await playground.open();
    for (const line of ['topic orders', 'queue audit', 'bind orders audit #']) await order(page, line);
    await node(page, 'queue:audit').waitFor();
    const places = () => page.locator('.svelte-flow__node').evaluateAll((all) => (
      all.map((each) => (each as HTMLElement).style.transform)
    ));
    const before = await places();
    await page.getByRole('button', { name: 'Tidy' }).click();
    await page.getByText('Tidied the canvas').first().waitFor();
    await expect.poll(places).not.toEqual(before);
    await page.keyboard.press('Control+z');
    await expect.poll(places).toEqual(before);
  });

  test('a queue shows its lid, lives that drain, priorities in order; the one consumer wears a crown', async () => {
    const pg = await playground.open();
    const { page } = pg;
    for (const line of ['queue small max=1', 'queue brief ttl=4000', 'queue one sac', 'consumer reader one']) {
      await order(page, line);
    }
    for (const queue of ['small', 'brief']) await order(page, `publish - ${queue} hi`);
    await order(page, 'queue ranked priority=9');
    for (const priority of [1, 7, 3]) {
      await page.evaluate((rank) => window.__playground.app.port.api('/api/exchanges/%2F/amq.default/publish', {
        method: 'POST', body: { routing_key: 'ranked', payload: 'x', properties: { priority: rank } },
      }), priority);
    }
    await pg.advanceTo(1000);
    await node(page, 'queue:small').locator('.full').waitFor();
    await expect.poll(() => node(page, 'queue:brief').locator('.full').count()).toBe(0);
    const left = () => node(page, 'queue:brief').locator('.expiring').getAttribute('style');
    await expect.poll(left).toContain('0.75');
    await expect.poll(() => node(page, 'queue:ranked').locator('.pips i').allInnerTexts()).toEqual(['7', '3', '1']);
    await node(page, 'client:reader').getByLabel('single active consumer').waitFor();
  });

  test('a binding is taken away from its line, by the keyboard as well', async () => {
    const pg = await playground.open();
    const { page } = pg;
    for (const line of ['topic orders', 'queue audit', 'bind orders audit #']) await order(page, line);
    const line = page.getByLabel('binding from orders to audit, #');
    await line.focus();
    await page.keyboard.press('Delete');
    await page.getByText('Unbound orders from audit').first().waitFor();
    await line.waitFor({ state: 'detached' });
    expect(await bindings(pg)).toEqual([]);
    await page.keyboard.press('Control+z');
    await page.getByText('Undone: Unbound orders from audit').first().waitFor();
    await line.waitFor({ state: 'attached' });
    await line.focus();
    await page.keyboard.press('Shift+F10');
    await page.getByRole('menuitem', { name: 'Unbind' }).press('Enter');
    await expect.poll(() => bindings(pg)).toEqual([]);
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
