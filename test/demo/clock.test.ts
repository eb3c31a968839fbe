/** The bar in which time lies: all of it by its own buttons. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { hasChromium } from '../browser/chromium.ts';
import { usePlayground, type PlaygroundPage } from './playground.ts';

describe.skipIf(!hasChromium())('the clock bar', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  const bar = (page: Page) => page.getByRole('region', { name: 'Clock' });
  const press = (page: Page, name: string): Promise<void> =>
    bar(page).getByRole('button', { name, exact: true }).click();
  const count = async (pg: PlaygroundPage): Promise<number> => (await pg.tap()).length;

  /** Stops time from within the page: a slow machine gets no further than to its first moments. */
  const stopOnceItRuns = (page: Page): Promise<void> => page.evaluate(() =>
    new Promise<void>((resolve, reject) => {
      const clock = window.__playground.app.port.clock!;
      const running = clock.state$.subscribe(({ paused }) => {
        if (paused) return;
        running.unsubscribe();
        clock.pause().then(resolve, reject);
      });
    }));

  test('it begins again: with the same seed the same run, with another one another', async () => {
    const pg = await playground.open();
    const { page } = pg;
    await pg.advanceTo(5000);
    const first = await pg.tapHash();
    const stopped = stopOnceItRuns(page);
    await press(page, 'Begin again');
    await stopped;
    await expect.poll(() => page.evaluate('window.__playground.clock().then(({ paused }) => paused)')).toBe(true);
    await pg.advanceTo(5000);
    expect(await pg.tapHash()).toBe(first);
    await bar(page).getByLabel('seed').fill('7');
    await bar(page).getByLabel('seed').press('Enter');
    await expect.poll(() => page.evaluate('window.__playground.clock().then(({ seed }) => seed)')).toBe(7);
    await press(page, 'Stop time');
    await bar(page).getByRole('button', { name: 'Go on', exact: true }).waitFor();
    await bar(page).getByLabel('seed').fill('');
    await bar(page).getByLabel('seed').press('Enter');
    await expect.poll(() => bar(page).getByLabel('seed').inputValue()).toBe('7');
  });

  test('a step is a frame, an event, or a hop', async () => {
    const pg = await playground.open();
    const { page } = pg;
    await pg.advanceTo(999);
    for (const [unit, types] of [
      ['frame', /^frame\./], ['event', /^(?!frame\.)/], ['hop', /^message\./],
    ] as const) {
      await bar(page).getByLabel('What one step is').selectOption(unit);
      const before = await count(pg);
      await press(page, `Step one ${unit}`);
      await expect.poll(() => count(pg)).toBeGreaterThan(before);
      const made = (await pg.tap()).slice(before).map(({ type }) => type);
      expect(made.some((type) => types.test(type)), `${unit}: ${made.join()}`).toBe(true);
    }
  });

  test('it names what comes next, and goes there to the millisecond', async () => {
    const pg = await playground.open();
    const { page } = pg;
    await pg.advanceTo(500);
    const next = bar(page).getByRole('button', { name: /00:01\.000 producer: timer/ });
    await next.click();
    const list = page.getByRole('list', { name: 'Next timers' });
    await list.getByText('00:01.000 producer: timer').waitFor();
    await page.keyboard.press('Escape');
    await list.waitFor({ state: 'detached' });
    await press(page, 'To the next timer');
    await expect.poll(() => pg.now()).toBe(1000);
  });

  test('time stops where it was told to, and says why', async () => {
    const pg = await playground.open({ route: '/s/alternate-exchange?seed=1&paused=1' });
    const { page } = pg;
    await bar(page).getByRole('button', { name: 'Stop when …' }).click();
    const frame = page.getByRole('group', { name: 'Stop time when' }).getByLabel('Frame');
    await frame.fill('basic-publish');
    await page.getByText('No frame is called so: write basic.nack, or channel.*').waitFor();
    await frame.fill('basic.publish');
    await page.keyboard.press('Escape');
    await bar(page).getByRole('button', { name: 'Stop when … 1' }).waitFor();
    const coach = page.getByRole('region', { name: 'Coach' });
    await coach.getByRole('button', { name: 'Let time go on' }).click();
    await coach.getByRole('button', { name: 'Open the shop' }).click();
    await bar(page).getByText('Stopped: basic.publish went over the wire').waitFor();
    expect(await pg.tap('message.published')).toEqual([]);
  });

  test('from a hundredth to a thousand times: an hour goes by in a moment', async () => {
    const pg = await playground.open();
    const { page } = pg;
    const slider = bar(page).getByLabel('Speed');
    await slider.focus();
    await page.keyboard.press('End');
    await bar(page).getByText('1000×').waitFor();
    await page.keyboard.press('Home');
    await bar(page).getByText('0.01×').waitFor();
    await page.evaluate(`window.__playground.app.port.api('/api/definitions', { method: 'POST', body: {
      queues: [{ name: 'patient', durable: true, arguments: { 'x-message-ttl': 3600000 } }] } })`);
    for (const name of ['producer', 'consumer-1', 'consumer-2']) await pg.kill(name);
    await page.evaluate((code) => window.__playground.app.port.clients!.start(
      { name: 'once', code, library: '@cloudamqp/amqp-client' },
    ), `import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';
      const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
      (await (await client.connect()).channel()).basicPublish('', 'patient', 'hello');`);
    await pg.advanceTo(100);
    expect((await pg.tap('message.enqueued')).length).toBe(1);
    await slider.focus();
    await page.keyboard.press('End');
    await press(page, 'Go on');
    await expect.poll(async () => (await pg.tap('message.dropped')).map((event) => 'reason' in event && event.reason), {
      timeout: 120_000,
    }).toEqual(['expired']);
  });
});
