/** Definitions files that are broken, as the page meets them: told where it happened, and gone on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { hasChromium } from '../browser/chromium.ts';
import { usePlayground, type PlaygroundPage } from './playground.ts';

describe.skipIf(!hasChromium())('a definitions file', { timeout: 180_000 }, () => {
  const playground = usePlayground();
  const folder = mkdtempSync(join(tmpdir(), 'tabmq-definitions-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const openScreen = async (): Promise<PlaygroundPage> => {
    const pg = await playground.open();
    await pg.page.evaluate(() => (location.hash = '/definitions'));
    await pg.page.getByLabel('Definitions as JSON').waitFor();
    return pg;
  };
  const give = async ({ page }: PlaygroundPage, text: string): Promise<void> => {
    const file = join(folder, 'definitions.json');
    writeFileSync(file, text);
    await page.locator('input[type=file]').setInputFiles(file);
  };
  const expectAlive = async (pg: PlaygroundPage): Promise<void> => {
    await pg.advanceTo(2500);
    expect(await pg.tap('message.delivered')).not.toEqual([]);
  };

  test.each([
    ['is cut', '{"queues": [{"name": "a"', /^This is no JSON: /],
    ['is no text', '\u0000\u0001\uFFFD', /^This is no JSON: /],
    ['is huge', ' '.repeat(9_000_000), /^The file has 9\.0 MB, and at most 8 MB are taken\./],
    ['is a list', '[]', /^Nothing was imported: the definitions/],
    ['is of something else', '{"name": "tabmq", "version": 1}', /^Nothing was imported: the definitions have none of/],
    ['has far too much', JSON.stringify({ queues: Array.from({ length: 100_001 }, () => ({})) }),
      /^Nothing was imported: the definitions have 100001 items, and 100000 may be/],
  ])('that %s is told of', async (_what, text, told) => {
    const pg = await openScreen();
    await give(pg, text);
    await pg.page.getByRole('alert').getByText(told).waitFor();
    await expectAlive(pg);
  });

  test('with items that are wrong tells of each, and takes the others', async () => {
    const pg = await openScreen();
    await give(pg, JSON.stringify({
      queues: [
        7, { vhost: '/' }, { vhost: '/', name: 'amq.mine' }, { vhost: 'nowhere', name: 'a' },
        { vhost: '/', name: 'odd', arguments: { 'x-max-length': -1 } }, { vhost: '/', name: 'fine', durable: true },
        { vhost: '/', name: '<img src=x onerror=alert(1)>' },
      ],
      exchanges: [{ vhost: '/', name: 'x', type: 'no-such-type' }],
      bindings: [{ vhost: '/', source: 'nobody', destination: 'fine', destination_type: 'queue' }],
      shovels: [{ name: 'mover' }],
    }));
    const { page } = pg;
    await page.getByText(/3 applied, 6 refused,\s+1 not supported\./).waitFor();
    await page.getByRole('row').filter({ hasText: 'odd' }).filter({ hasText: 'x-max-length' }).waitFor();
    await page.evaluate(() => (location.hash = '/canvas'));
    await page.getByLabel(/^queue fine, 0 ready/).first().waitFor();
    await page.getByLabel(/^queue <img src=x onerror=alert\(1\)>, 0 ready/).first().waitFor();
    await expect.poll(() => page.locator('img').count()).toBe(0);
    await expectAlive(pg);
  });
});
