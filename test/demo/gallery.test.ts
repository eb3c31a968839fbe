/** The gallery, and its lessons in a page. */
import { describe, expect, test } from 'vitest';
import { hasChromium } from '../browser/chromium.ts';
import { usePlayground } from './playground.ts';
import { readScenario, scenarioNames } from './scenarios/folders.ts';

describe.skipIf(!hasChromium())('the gallery', { timeout: 180_000 }, () => {
  const playground = usePlayground();
  const scenarios = scenarioNames.map(readScenario).sort((a, b) => a.coach.number - b.coach.number);

  test('it has a card for each scenario, which arrow keys reach and Enter opens', async () => {
    const { page } = await playground.open({ route: '/scenarios' });
    const cards = page.getByRole('main').getByRole('listitem').getByRole('link');
    await cards.first().waitFor();
    const titles = await page.getByRole('main').locator('li strong').allInnerTexts();
    expect(titles).toEqual(scenarios.map(({ coach }) => `${coach.number} ${coach.title}`));
    expect(scenarios.map(({ coach }) => coach.number)).toEqual(scenarios.map((_scenario, i) => i + 1));
    await cards.first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.url()).toMatch(/#\/s\/publish-subscribe$/);
    await page.getByRole('region', { name: 'Coach' }).getByText('fanout exchange').waitFor();
  });

  test('of lessons that are opened all at once the last one runs, and no client of another', async () => {
    const pg = await playground.open();
    // It is loaded already, and the others are not: that must not make it the first.
    await pg.page.evaluate(() => window.__playground.open('rpc', { paused: true }));
    await pg.page.evaluate(() => Promise.all(
      ['routing', 'topics', 'rpc'].map((name) => window.__playground.open(name, { paused: true })),
    ));
    expect((await pg.clients()).map(({ name }) => name)).toEqual(['server']);
  });

  test('a question is answered by the run, on whichever screen the learner is', async () => {
    const pg = await playground.open({ route: '/s/hello-world?seed=1&paused=1' });
    const { page } = pg;
    const coach = page.getByRole('region', { name: 'Coach' });
    await pg.advanceTo(100);
    await coach.getByRole('button', { name: 'Back to the sender' }).click();
    await coach.getByRole('button', { name: 'Send a message' }).click();
    await page.getByRole('link', { name: 'Wire' }).click();
    await pg.advanceTo(200);
    await coach.getByText('The broker did otherwise.').waitFor();
    await coach.getByRole('button', { name: 'Next' }).click();
    await coach.getByRole('button', { name: 'Kill the receiver' }).click();
    await coach.getByRole('button', { name: 'Next' }).click();
    await coach.getByRole('button', { name: 'It waits in the queue' }).click();
    await coach.getByRole('button', { name: 'Send again' }).click();
    await pg.advanceTo(300);
    await coach.getByText('As you said.').waitFor();
    expect((await pg.tap('message.delivered')).length).toBe(1);
  });

  test('the clients of every scenario run in a page', async () => {
    const { page } = await playground.open({ route: '/s/work-queue?seed=1&paused=1' });
    for (const { name, clients } of scenarios) {
      const running = await page.evaluate(async (name) => {
        await window.__playground.open(name, { paused: true });
        await window.__playground.advanceTo(500);
        return window.__playground.clients();
      }, name);
      const expected = clients.filter(({ later }) => !later).map((client) => [client.name, 'running', '']);
      expect(running.map(({ name, status, error }) => [name, status, error]), name).toEqual(expected);
    }
  });
});
