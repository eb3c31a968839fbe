/** What a page looks like, where that can be held against something: itself, at the same moment. */
import { isDeepStrictEqual } from 'node:util';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { hasChromium } from '../browser/chromium.ts';
import { usePlayground, type PageOptions, type PlaygroundPage } from './playground.ts';

const NUMBERS = [1, 2, 3, 4];
const TYPES = ['direct', 'fanout', 'topic', 'topic'] as const;

/** Seven queues at four exchanges and the default one, four that publish and four that consume. */
const definitions = {
  exchanges: NUMBERS.map((n) => ({ name: `exchange-${n}`, type: TYPES[n - 1] })),
  queues: [...NUMBERS, 5, 6, 7].map((n) => ({ name: `queue-${n}` })),
  bindings: [...NUMBERS, 5, 6, 7].map((n) => ({
    source: `exchange-${((n - 1) % 4) + 1}`, destination: `queue-${n}`, destination_type: 'queue', routing_key: 'key',
  })),
};

const begin = `import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';
const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const channel = await (await client.connect()).channel();
`;
const publisher = (exchange: string, everyMs: number): string =>
  `${begin}setInterval(() => channel.basicPublish('${exchange}', 'key', 'hello'), ${everyMs});`;
const consumer = (queue: string): string =>
  `${begin}await channel.basicConsume('${queue}', { noAck: false }, (message) => {
  setTimeout(() => message.ack(), 300);
});`;

describe.skipIf(!hasChromium())('the picture', { timeout: 300_000 }, () => {
  const playground = usePlayground();

  async function start({ page }: PlaygroundPage, clients: Readonly<Record<string, string>>): Promise<void> {
    await page.evaluate(async (all) => {
      const host = window.__playground.app.port.clients!;
      for (const [name, code] of all) await host.start({ name, code, library: '@cloudamqp/amqp-client' });
    }, Object.entries(clients));
  }

  /** Twenty things, some of which have something to do. */
  async function crowded(options: PageOptions): Promise<PlaygroundPage> {
    const pg = await playground.open({ width: 1600, height: 1000, ...options });
    await pg.page.evaluate(async (body) => {
      const { port } = window.__playground.app;
      await port.clock!.reset(1);
      await port.api('/api/definitions', { method: 'POST', body });
    }, definitions);
    await start(pg, {
      ...Object.fromEntries(NUMBERS.map((n) => [`producer-${n}`, publisher(`exchange-${n}`, 70 * n)])),
      ...Object.fromEntries(NUMBERS.map((n) => [`consumer-${n}`, consumer(`queue-${n}`)])),
    });
    // In one go a machine that stands still now and then shows flow instead of dots where much comes at once.
    for (let at = 10_340; at <= 12_340; at += 100) await pg.advanceTo(at);
    await expect.poll(() => pg.page.locator('.svelte-flow__node').count()).toBe(20);
    return pg;
  }

  /** The dots, as the canvas has them, and where each thing stands. */
  interface Picture { readonly dots: string; readonly places: string[]; readonly inked: number }
  const pictureOf = (page: Page): Promise<Picture> => page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('.flow > canvas')!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    const places = [...document.querySelectorAll<HTMLElement>('.svelte-flow__node')]
      .map(({ dataset, style }) => `${dataset['id']} ${style.transform}`).sort();
    return { dots: canvas.toDataURL(), places, inked: data.filter((octet, i) => i % 4 === 3 && octet > 0).length };
  });

  const themes = ['light', 'dark'] as const;
  test.each(themes)('twenty things at 12.34 s are the same twice, dot for dot, %s', async (theme) => {
    const [one, other] = [await crowded({ theme }), await crowded({ theme })];
    // Either page may still have to draw the last of it.
    await expect.poll(async () => (
      isDeepStrictEqual(await pictureOf(one.page), await pictureOf(other.page))
    ), { timeout: 60_000 }).toBe(true);
    expect((await pictureOf(one.page)).inked).toBeGreaterThan(500);
    expect((await one.page.screenshot()).length).toBeGreaterThan(20_000);
  });

  test('without motion dots are counters: nothing moves between two events, and the numbers rise', async () => {
    const pg = await playground.open({ reducedMotion: true });
    const at = async (milliseconds: number): Promise<string> => {
      await pg.advanceTo(milliseconds);
      // Drawn at least once since.
      await pg.page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
      const { dots, inked } = await pictureOf(pg.page);
      expect(inked).toBeGreaterThan(0);
      return dots;
    };
    // Tasks leave at each second; consumer 2 is done 1.2 s after it began.
    const seen = await at(5100);
    await expect.poll(() => at(5100)).toBe(seen);
    expect(await at(5400)).toBe(seen);
    await expect.poll(() => at(6100)).not.toBe(seen);
  });

  test('two hundred messages a second arrive; frames and long tasks are told', async () => {
    const pg = await playground.open({ route: '/s/hello-world?seed=1&paused=1' });
    await start(pg, { flood: publisher('amq.fanout', 5) });
    const { frames, longTasks, wallMs } = await pg.page.evaluate(async () => {
      const { clock } = window.__playground.app.port;
      let frames = 0;
      let longTasks = 0;
      const observer = new PerformanceObserver((list) => (longTasks += list.getEntries().length));
      observer.observe({ type: 'longtask' });
      const begun = performance.now();
      const time = { now: 0 };
      const follow = clock!.state$.subscribe(({ now }) => (time.now = now));
      await clock!.setSpeed(1);
      await clock!.resume();
      while (time.now < 5000) {
        await new Promise((drawn) => requestAnimationFrame(drawn));
        frames++;
      }
      await clock!.pause();
      follow.unsubscribe();
      observer.disconnect();
      return { frames, longTasks, wallMs: performance.now() - begun };
    });
    const rate = Math.round(frames / (wallMs / 1000));
    console.log(`200/s: ${rate} frames/s, ${longTasks} long tasks in ${Math.round(wallMs)} ms`);
    expect(frames).toBeGreaterThan(0);
    const published = (await pg.tap('message.published'))
      .filter((event) => 'exchange' in event && event.exchange === 'amq.fanout');
    expect(published.length).toBeGreaterThan(900);
  });

  test('the table tells readers what the picture shows', async () => {
    const pg = await playground.open();
    await pg.advanceTo(2500);
    const table = pg.page.getByRole('treegrid', { name: 'What there is, as a table' });
    await table.getByText('0 ready, 2 unacked').waitFor({ state: 'attached' });
    const rows = (await table.ariaSnapshot()).split('\n').map((line) => line.trim());
    expect(rows.filter((line) => line.startsWith('- row '))).toEqual([
      '- row "Name Kind State From To":',
      '- row "producer producer running nothing the default exchange" [level=1]:',
      '- row "the default exchange direct exchange durable producer tasks" [level=1]:',
      '- row "tasks queue 0 ready, 2 unacked the default exchange consumer-1; consumer-2" [level=1]:',
      '- row "consumer-1 consumer running, holds 1 tasks nothing" [level=1]:',
      '- row "consumer-2 consumer running, holds 1 tasks nothing" [level=1]:',
    ]);
  });

  test('in colours of somebody\'s own nothing is invisible', async () => {
    const pg = await playground.open();
    await pg.page.emulateMedia({ forcedColors: 'active' });
    await pg.advanceTo(2500);
    const [table, grounds, icons] = await pg.page.evaluate(() => {
      const canvas = getComputedStyle(document.body).backgroundColor;
      const styles = (selector: string): CSSStyleDeclaration[] =>
        [...document.querySelectorAll(selector)].map((element) => getComputedStyle(element));
      return [
        styles('[aria-current], [aria-pressed="true"], [aria-selected="true"]').map(({ outlineStyle }) => outlineStyle),
        styles('.painted').map(({ backgroundColor }) => backgroundColor === canvas),
        styles('.rail svg path, nav svg path, .node svg path').map(({ stroke }) => stroke === canvas),
      ];
    });
    expect(new Set(table)).toEqual(new Set(['solid']));
    expect(grounds.length).toBeGreaterThan(3);
    expect(new Set(grounds)).toEqual(new Set([false]));
    expect(new Set(icons)).toEqual(new Set([false]));
    // What flies is drawn with the next frame.
    await expect.poll(async () => (await pictureOf(pg.page)).inked, { timeout: 60_000 }).toBeGreaterThan(0);
    // What is drawn keeps its ground; a word on a ground is of another colour than that.
    const [bars, words] = await pg.page.evaluate(() => [
      [...document.querySelectorAll('.unacked.drawn')].map((each) => getComputedStyle(each).backgroundImage),
      [...document.querySelectorAll('button.primary')].map((each) => getComputedStyle(each))
        .map(({ color, backgroundColor, forcedColorAdjust }) => [color === backgroundColor, forcedColorAdjust]),
    ] as const);
    expect(bars.length).toBeGreaterThan(0);
    for (const image of bars) expect(image).toContain('gradient');
    expect(words.length).toBeGreaterThan(0);
    for (const word of words) expect(word).toEqual([false, 'none']);
  });

  test('at 200 % no pane lies on another', async () => {
    // 1280 x 760, twice as large.
    const { page } = await playground.open({ width: 640, height: 380 });
    for (const name of ['Scenarios', 'Canvas', 'Code', 'Queues', 'Connections', 'Wire', 'Definitions']) {
      await page.getByRole('link', { name, exact: true }).click();
      const overlaps = (): Promise<string[]> => page.evaluate(() => {
        const boxes = [...document.querySelectorAll('.app > :is(header, nav, section, main, aside)')]
          .map((element) => [element.tagName, element.getBoundingClientRect()] as const)
          .filter(([, { width, height }]) => width > 0 && height > 0);
        return boxes.flatMap(([one, a], i) => boxes.slice(i + 1).flatMap(([other, b]) => (
          a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1
            ? [`${one} ${other}`] : []
        )));
      });
      // A screen is loaded when it is opened, so its panes come one after the other.
      await expect.poll(overlaps, { message: name }).toEqual([]);
      const width = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth);
      await expect.poll(width, { message: name }).toBeLessThanOrEqual(640);
    }
  });
});
