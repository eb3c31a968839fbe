/** The playground for everybody: every screen in both themes, by keyboard, on a telephone. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { hasChromium } from '../browser/chromium.ts';
import { usePlayground } from './playground.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe complains of, one line each. */
async function complaints(page: Page): Promise<string[]> {
  // Through the driver: the policy of the page keeps scripts of others out.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(
    'axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] })',
  ) as { violations: Violation[] };
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) =>
    `${id}: ${html.slice(0, 160)} ${failureSummary.replaceAll(/\s+/g, ' ').slice(0, 200)}`));
}

describe.skipIf(!hasChromium())('for everybody', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  async function routesOf(page: Page): Promise<string[]> {
    const links = await page.getByRole('navigation', { name: 'Screens' }).getByRole('link').all();
    return Promise.all(links.map(async (link) => (await link.getAttribute('href'))!));
  }

  /** The screen of the address is there. */
  const loaded = (page: Page): Promise<void> =>
    page.locator('main > *:not(.note)').first().waitFor();

  for (const theme of ['light', 'dark'] as const) {
    test(`axe finds nothing on any screen, ${theme}`, async () => {
      const pg = await playground.open({ theme, reducedMotion: true });
      await pg.advanceTo(2500);
      const found: Record<string, string[]> = {};
      for (const route of await routesOf(pg.page)) {
        await pg.page.goto(`${playground.url()}${route}`);
        await loaded(pg.page);
        found[route] = await complaints(pg.page);
      }
      expect(Object.keys(found).length).toBeGreaterThan(1);
      expect(Object.fromEntries(Object.entries(found).filter(([, list]) => list.length > 0))).toEqual({});
    });
  }

  test('no screen scrolls sideways on a telephone', async () => {
    const pg = await playground.open({ width: 360, height: 740 });
    for (const route of await routesOf(pg.page)) {
      await pg.page.goto(`${playground.url()}${route}`);
      await loaded(pg.page);
      const overflow = await pg.page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(overflow, route).toBe(0);
    }
  });

  test('commands are found and run by keyboard alone', async () => {
    const { page } = await playground.open();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('go to scen');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Scenarios' }).waitFor();
    await page.keyboard.press('?');
    const shortcuts = page.getByRole('dialog', { name: 'Shortcuts' });
    await shortcuts.getByText('Step one frame').waitFor();
    await page.keyboard.press('Escape');
    await shortcuts.waitFor({ state: 'hidden' });
  });

  test('panes have another width by arrow keys', async () => {
    const { page } = await playground.open();
    const splitter = page.getByRole('separator', { name: 'Width of the inspector' });
    const before = Number(await splitter.getAttribute('aria-valuenow'));
    await splitter.focus();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(async () => Number(await splitter.getAttribute('aria-valuenow'))).toBeGreaterThan(before);
  });

  test('what happens is said to those who do not see it', async () => {
    const pg = await playground.open();
    await pg.advanceTo(1200);
    await pg.page.locator('[role=status]').getByText(/^tasks: \d+ delivered/).waitFor({ state: 'attached' });
  });
});
