/** Commands, panes and sentences, for whoever has no mouse or does not see the picture. */
import { describe, expect, test } from 'vitest';
import { hasChromium } from '../browser/chromium.ts';
import { usePlayground } from './playground.ts';

describe.skipIf(!hasChromium())('without a mouse', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  test('commands are found and run by keyboard alone', async () => {
    const { page } = await playground.open();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Find a command' }).fill('go to scen');
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
