/** The first 60 seconds of a newcomer. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { TapEvent, TapOf } from '../../core/management/index.ts';
import { hasChromium } from '../browser/chromium.ts';
import { usePlayground } from './playground.ts';

const PAGE_BYTES_MAX = 175_000;

/** Sees whether anything of the page moves by itself, and whether it ever says that it is empty. */
const WATCH = `window.shifts = [];
window.wasEmpty = false;
new PerformanceObserver((list) => {
  for (const { value, sources } of list.getEntries()) {
    window.shifts.push([value, ...sources.map(({ node }) => node?.outerHTML?.slice(0, 120) ?? String(node?.data))]);
  }
}).observe({ type: 'layout-shift', buffered: true });
new MutationObserver(() => {
  window.wasEmpty ||= document.body?.textContent.includes('Nothing is declared') ?? false;
}).observe(document, { childList: true, subtree: true, characterData: true });`;

describe.skipIf(!hasChromium())('the first minute', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  const delivered = (events: readonly TapEvent[]): TapOf<'message.delivered'>[] =>
    events.filter((event) => event.type === 'message.delivered');

  test('it opens running, and asks nobody for anything', async () => {
    const { page, requests } = await playground.open({ route: '/', script: WATCH });
    await page.getByText('A real AMQP broker is running in this tab.').waitFor();
    await page.getByLabel(/^queue tasks, \d+ ready/).first().waitFor();
    await expect.poll(() => page.evaluate('performance.getEntriesByName("playground-drawn").length')).toBe(1);
    // The sandbox has no address, and its scripts are of the page's own making.
    const addresses = requests.filter((url) => /^(http|ws)s?:/.test(url));
    expect(addresses.filter((url) => !url.startsWith(playground.url()))).toEqual([]);
    expect(await page.evaluate('window.__playground.clock().then(({ paused }) => paused)')).toBe(false);
    await expect.poll(() => page.evaluate('performance.getEntriesByName("playground-first-dot").length')).toBe(1);
    // The outline, and then the lesson, stood where the picture stands now: in two digits it is 0.
    const shifts = await page.evaluate('window.shifts') as [number][];
    expect(shifts.reduce((sum, [share]) => sum + share, 0), JSON.stringify(shifts)).toBeLessThan(0.005);
    expect(await page.evaluate('window.wasEmpty')).toBe(false);
  });

  test('the scripts of the first paint are small', async () => {
    const { requests } = await playground.open({ route: '/' });
    // The broker and the clients are in workers, which nothing of the page waits for.
    const assets = join(playground.folder(), 'assets');
    const ofWorkers = readdirSync(assets).filter((name) => /^(worker|modules|amqp-|host-clock)/.test(name));
    const scripts = requests.map((url) => url.split('/').at(-1)!)
      .filter((name) => name.endsWith('.js') && !ofWorkers.includes(name));
    const bytes = [...new Set(scripts)]
      .reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name))).length, 0);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(PAGE_BYTES_MAX);
  });

  test('a consumer that is killed loses nothing: the other one gets its message', async () => {
    const pg = await playground.open();
    await pg.advanceTo(2500);
    const [held] = delivered(await pg.tap('message.delivered'));
    await pg.page.getByRole('button', { name: 'Kill consumer 1', exact: true }).click();
    await pg.page.getByText('killed').first().waitFor();
    await pg.advanceTo(6000);
    const again = delivered(await pg.tap('message.delivered')).filter(({ redelivered }) => redelivered);
    expect(again).toMatchObject([{ message: held!.message, queue: 'tasks' }]);
    expect(again[0]!.owner).not.toBe(held!.owner);
  });

  test('the coach leads from the question to the kill and to the bytes', async () => {
    const { page } = await playground.open();
    await page.evaluate('window.__playground.advanceTo(2500)');
    await page.getByRole('button', { name: 'It goes back and consumer 2 gets it' }).click();
    await page.getByRole('button', { name: 'Kill consumer 1', exact: true }).click();
    await page.getByLabel('consumer consumer-1').getByText('killed').waitFor();
    await page.evaluate('window.__playground.advanceTo(6000)');
    await page.getByText('As you said.').waitFor();
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.getByRole('button', { name: 'Show the bytes' }).click();
    await expect.poll(() => page.url()).toMatch(/#\/wire\?frame=\d+&field=redelivered$/);
    await page.getByText('basic.deliver').first().waitFor();
    await page.goBack();
    await expect.poll(() => page.url()).toContain('#/s/work-queue');
    // The lesson goes on from here: it does not begin anew.
    await page.evaluate('window.__playground.advanceTo(8000)');
    await page.getByRole('button', { name: 'Next', exact: true }).click();
    await page.getByText('on line 7, run it, and kill it again').waitFor();
  });

  test('time stands still, and steps', async () => {
    const pg = await playground.open();
    await pg.advanceTo(1500);
    const before = (await pg.tap()).length;
    expect(await pg.now()).toBe(1500);
    await pg.page.keyboard.press('n');
    await expect.poll(() => pg.now(), { timeout: 30_000 }).toBe(2000);
    expect((await pg.tap()).length).toBeGreaterThan(before);
    expect(await pg.step(1, 'event')).toBe(1);
  });

  test('the same seed is the same run, to the byte', async () => {
    const digest = async (): Promise<string> => {
      const pg = await playground.open();
      await pg.advanceTo(20_000);
      return pg.tapHash();
    };
    expect(await digest()).toBe(await digest());
  });
});
