/** The whole first lesson, by somebody who has a keyboard and no mouse. */
import type { Locator, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { hasChromium } from '../browser/chromium.ts';
import { usePlayground, type PlaygroundPage } from './playground.ts';

/** Stops on the way from one end of the page to the other, and then some. */
const TABS_MAX = 120;

describe.skipIf(!hasChromium())('the first lesson, by keyboard alone', { timeout: 300_000 }, () => {
  const playground = usePlayground();

  const hasFocus = (locator: Locator): Promise<boolean> =>
    locator.evaluate((element) => element === document.activeElement);

  /** Tab, until it has the focus; fails where Tab does not lead there. */
  async function reach(page: Page, locator: Locator): Promise<void> {
    await locator.waitFor();
    for (let tabs = 0; tabs < TABS_MAX && !await hasFocus(locator); tabs++) {
      // Tab belongs to an editor until Escape gives it back.
      if (await hasFocus(page.locator('.cm-content, body').last())) await page.keyboard.press('Escape');
      await page.keyboard.press('Tab');
    }
    expect(await hasFocus(locator), `Tab leads to ${String(locator)}`).toBe(true);
  }

  interface Learner {
    readonly pg: PlaygroundPage;
    readonly page: Page;
    readonly coach: Locator;
    /** Tabs to a button of the coach and presses it. */
    press(name: string | RegExp): Promise<void>;
  }

  /** "Consumer 1 is slow. Kill it while it holds a message." */
  async function killIt({ pg, page, coach, press }: Learner): Promise<void> {
    await press('It goes back and consumer 2 gets it');
    await press('Kill consumer 1');
    await page.getByLabel('consumer consumer-1').getByText('killed').waitFor();
    await pg.advanceTo(6000);
    await coach.getByText('As you said.').waitFor();
    const again = (await pg.tap('message.delivered')).filter((event) => 'redelivered' in event && event.redelivered);
    expect(again.length).toBe(1);
    await press('Next');
  }

  /** "Nothing was lost: it was not acknowledged yet. See the bytes?" */
  async function seeTheBytes({ page, coach, press }: Learner): Promise<void> {
    await press('Show the bytes');
    await expect.poll(() => page.url()).toMatch(/#\/wire\?frame=\d+&field=redelivered$/);
    await page.getByText('basic.deliver').first().waitFor();
    // The button that was pressed is gone, and the keyboard is on the next one.
    expect(await hasFocus(coach.getByRole('button', { name: 'Next', exact: true }))).toBe(true);
    await page.keyboard.press('Enter');
  }

  /** "Change `noAck: false` to `true` on line 7 and kill it again." */
  async function loseOne({ pg, page, coach, press }: Learner): Promise<void> {
    await press('Open line 7');
    const editor = page.getByRole('textbox', { name: 'Code of consumer-1' });
    await expect.poll(() => hasFocus(editor)).toBe(true);
    await expect.poll(() => page.evaluate('getSelection().toString()')).toBe('noAck: false');
    await expect.poll(() => page.locator('.cm-pointed').innerText()).toContain('basicConsume');
    // The others go on, as the runs that they were.
    const others = async () => (await pg.clients())
      .filter(({ name }) => name !== 'consumer-1').map(({ name, run }) => [name, run]);
    const before = await others();
    await page.keyboard.type('noAck: true');
    await page.keyboard.press('Control+Enter');
    await expect.poll(async () => (await pg.clients()).find(({ name }) => name === 'consumer-1')?.status)
      .toMatch(/starting|running/);
    expect(await others()).toEqual(before);
    await pg.advanceTo(8500);
    await press('Kill consumer 1');
    await coach.getByText(/^lost \d+$/).waitFor();
    await page.getByLabel(/^queue tasks/).getByText(/^lost \d+$/).first().waitFor();
    await press('Next');
  }

  /** "Stop time." */
  async function stopTime({ pg, page, coach }: Learner): Promise<void> {
    await coach.getByText(/Stop time with the space bar/).waitFor();
    await page.getByRole('button', { name: 'Go on', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Stop time', exact: true }).first().waitFor();
    await page.locator('main').focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Go on', exact: true }).waitFor();
    const stopped = (await pg.tap()).length;
    await page.keyboard.press('.');
    await expect.poll(async () => (await pg.tap()).length).toBeGreaterThan(stopped);
    const next = page.getByRole('region', { name: 'Clock' }).getByRole('button', { name: /producer: timer/ });
    await reach(page, next);
    await page.keyboard.press('Enter');
    await page.getByRole('list', { name: 'Next timers' }).getByText('producer: timer').waitFor();
  }

  /** Three doors. */
  async function goOn({ page, coach, press }: Learner): Promise<void> {
    await press('Use this broker from your own code');
    await coach.getByText('npx tabmq').waitFor();
    await coach.getByRole('button', { name: 'Blank canvas' }).waitFor();
    await reach(page, coach.getByRole('link', { name: 'Next lesson: Publish/Subscribe' }));
    await page.keyboard.press('Enter');
    await coach.getByText('fanout exchange').waitFor();
  }

  test('kill, see the bytes, edit line 7, kill again, stop time, go on', async () => {
    const pg = await playground.open();
    const { page } = pg;
    const coach = page.getByRole('region', { name: 'Coach' });
    const press = async (name: string | RegExp): Promise<void> => {
      await reach(page, coach.getByRole('button', { name, exact: true }));
      await page.keyboard.press('Enter');
    };
    const learner = { pg, page, coach, press };
    await pg.advanceTo(2500);
    await killIt(learner);
    await seeTheBytes(learner);
    await loseOne(learner);
    await stopTime(learner);
    await goOn(learner);
  });
});
