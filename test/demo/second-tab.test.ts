/** A second tab while a lesson runs, in each way in which one can be opened. */
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium } from '../browser/chromium.ts';
import { PlaygroundPage, usePlayground } from './playground.ts';

describe.skipIf(!hasChromium())('a second tab', { timeout: 180_000 }, () => {
  const playground = usePlayground();
  let context: BrowserContext;
  let first: PlaygroundPage;

  const ready = async (page: Page): Promise<PlaygroundPage> => {
    await page.waitForSelector('[data-ready]');
    return new PlaygroundPage(page, []);
  };

  beforeAll(async () => {
    context = await playground.context();
    const page = await context.newPage();
    await page.goto(`${playground.url()}#/s/work-queue`);
    first = await ready(page);
  });

  afterAll(() => context.close());

  const goTo = (route: string) => async (): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`${playground.url()}${route}`);
    return page;
  };

  /** What the first page does opens a page. */
  const opened = async (act: () => Promise<unknown>): Promise<Page> => {
    const [page] = await Promise.all([context.waitForEvent('page'), act()]);
    return page;
  };

  test.each<[string, () => Promise<Page>]>([
    ['by the same address', goTo('#/s/work-queue')],
    ['by the same address with a seed, and paused', goTo('#/s/work-queue?seed=7&paused=1')],
    ['by the address without a lesson', goTo('')],
    ['by the address of another screen', goTo('#/wire')],
    ['by the address of another lesson', goTo('#/s/rpc')],
    ['by a link with the Control key', () => opened(() =>
      first.page.getByRole('link', { name: 'Queues' }).click({ modifiers: ['Control'] }))],
    ['by the page itself', () => opened(() => first.page.evaluate('void open(location.href)'))],
    ['without an opener', () => opened(() => first.page.evaluate('void open(location.href, "_blank", "noopener")'))],
    ['and loads it again', async () => {
      const page = await goTo('#/s/work-queue')();
      await page.waitForSelector('[data-ready]');
      await page.reload();
      return page;
    }],
  ])('%s restarts no client', async (_how, open) => {
    const runsOf = async (pg: PlaygroundPage) =>
      (await pg.clients()).map(({ name, run, status }) => [name, run, status]);
    const before = await runsOf(first);
    expect(before.length).toBe(3);
    const now = await first.now();
    const second = await ready(await open());
    await second.page.getByText(/[2-9] tabs/).waitFor();
    expect(await runsOf(second)).toEqual(before);
    expect(await second.now()).toBeGreaterThanOrEqual(now);
    await second.page.close();
    expect(await runsOf(first)).toEqual(before);
  });

  test('whoever asks for another lesson is told what the other tab does', async () => {
    const page = await goTo('#/s/rpc')();
    await page.getByRole('dialog').getByText('Another tab is in the lesson').waitFor();
    await page.close();
  });

  test('the page that is loaded again starts what went with it, and nothing else', async () => {
    const second = await ready(await goTo('#/canvas')());
    const spec = (await second.clients()).find(({ name }) => name === 'consumer-2')!;
    await second.page.evaluate((client) => window.__playground.app.port.clients!.start(client), spec);
    const runs = async () => Object.fromEntries((await first.clients()).map(({ name, run, status }) =>
      [name, status === 'killed' ? 0 : run]));
    const before = await runs();
    await second.page.reload();
    await second.page.waitForSelector('[data-ready]');
    await expect.poll(async () => (await runs())['consumer-2'], { timeout: 20_000 })
      .toBeGreaterThan(before['consumer-2']!);
    expect(await runs()).toMatchObject({ producer: before['producer'], 'consumer-1': before['consumer-1'] });
  });
});
