/** A playground that is handed on by a link: the same run, and none before somebody agreed. */
import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { hasChromium } from '../../browser/chromium.ts';
import { usePlayground, type PlaygroundPage } from '../playground.ts';

describe.skipIf(!hasChromium())('a share link', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  const linkOf = async ({ page }: PlaygroundPage): Promise<string> => {
    await page.getByRole('button', { name: 'Share' }).click();
    const link = await page.getByLabel('Link', { exact: true }).inputValue();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    return link.slice(link.indexOf('#') + 1);
  };
  const hash = async (pg: PlaygroundPage, at = 5000): Promise<string> => {
    await pg.advanceTo(at);
    return pg.tapHash();
  };
  /** Types a line into the canvas; all of it has happened when its channel, the nth, is closed. */
  const byHand = async (pg: PlaygroundPage, line: string, channels: number): Promise<void> => {
    await pg.page.locator('dialog[open]').waitFor({ state: 'detached' });
    await pg.page.locator('body').press('a');
    await pg.page.getByLabel('What to add').fill(line);
    await pg.page.getByLabel('What to add').press('Enter');
    await expect.poll(async () => (await pg.tap('channel.closed')).length, { timeout: 30_000 }).toBe(channels);
  };
  const startAgain = (pg: PlaygroundPage, name: string): Promise<void> => pg.page.evaluate(async (name) => {
    const client = (await window.__playground.clients()).find((each) => each.name === name)!;
    await window.__playground.app.port.clients!.start({ ...client, code: `${client.code}\n// again` });
  }, name);
  const deeds = (pg: PlaygroundPage): Promise<string[]> => pg.page.evaluate(async () =>
    (await window.__playground.app.port.clock!.recording()).inputs.map(({ does }) => does));

  test('opens with the code in view, and runs nothing before it may', async () => {
    const route = await linkOf(await playground.open());
    const pg = await playground.open({ route });
    const dialog = pg.page.getByRole('dialog', { name: 'This link contains code. Run it in the sandbox?' });
    await dialog.getByText('amqp', { exact: false }).first().waitFor();
    await dialog.getByRole('combobox').selectOption({ label: 'consumer-2' });
    await dialog.getByRole('region', { name: 'Code of consumer-2' }).waitFor();
    expect(await pg.tap()).toEqual([]);
    expect(await pg.now()).toBe(0);
    expect(pg.page.workers()).toEqual([]);
    await dialog.getByRole('button', { name: 'Run it' }).click();
    await pg.page.getByLabel(/^queue tasks, \d+ ready/).first().waitFor();
    await expect.poll(() => pg.now(), { timeout: 30_000 }).toBeGreaterThan(0);
    expect(await pg.page.evaluate('location.hash')).toBe('#/canvas');
  });

  test('is the same run, to the byte', async () => {
    const from = await playground.open();
    const to = await playground.open({ route: await linkOf(from) });
    await to.page.getByRole('button', { name: 'Open it, time stopped' }).click();
    // The last one to start, so that all have when time moves.
    await to.page.getByRole('tab', { name: /^consumer-2/ }).waitFor();
    expect(await hash(to)).toBe(await hash(from));
  });

  test('has what was done by hand in it, and it happens again at the same places', async () => {
    const from = await playground.open();
    await byHand(from, 'fanout logs', 1);
    await from.advanceTo(1500);
    await byHand(from, 'queue audit', 2);
    await byHand(from, 'publish logs any.key hello', 3);
    await from.page.getByRole('button', { name: 'Go on', exact: true }).click();
    await expect.poll(() => from.now(), { timeout: 30_000 }).toBeGreaterThan(2500);
    await from.kill('consumer-1');
    await from.page.getByRole('button', { name: 'Stop time' }).click();
    await from.page.getByRole('button', { name: 'Go on', exact: true }).waitFor();
    await startAgain(from, 'consumer-1');
    const end = Math.ceil(await from.now()) + 4000;

    const to = await playground.open({ route: await linkOf(from) });
    const dialog = to.page.getByRole('dialog', { name: /^This link contains code/ });
    await dialog.getByText(/^\d+ recorded inputs: what was done by hand happens once more/).waitFor();
    await dialog.getByRole('combobox').selectOption('3');
    await dialog.getByRole('region', { name: /^Code of consumer-1, started at/ }).getByText('// again').waitFor();
    await dialog.getByRole('button', { name: 'Open it, time stopped' }).click();
    await expect.poll(() => deeds(to), { timeout: 30_000 }).toContain('kill');
    expect(await to.now()).toBe(0);
    // Nothing of it has happened yet: it waits for its time.
    expect(await to.tap('exchange.declared')).toEqual([]);
    expect(await hash(to, end)).toBe(await hash(from, end));
    expect(await to.tap('exchange.declared')).toHaveLength(1);
  });

  test('has a restart of the broker in it, after which the run is the same as well', async () => {
    const from = await playground.open();
    await from.advanceTo(2500);
    await from.page.getByRole('button', { name: 'the broker and what it keeps' }).click();
    await from.page.getByRole('button', { name: 'Restart the broker' }).click();
    const startedSince = async (): Promise<number> => {
      const all = await deeds(from);
      return all.includes('restart') ? all.slice(all.indexOf('restart')).filter((each) => each === 'start').length : 0;
    };
    await expect.poll(startedSince, { timeout: 30_000 }).toBe(3);
    const to = await playground.open({ route: await linkOf(from) });
    await to.page.getByRole('button', { name: 'Open it, time stopped' }).click();
    await expect.poll(() => deeds(to), { timeout: 30_000 }).toContain('restart');
    expect(await to.now()).toBe(0);
    expect(await hash(to, 6000)).toBe(await hash(from, 6000));
    // Their rings began with the second broker, which delivered what the first had kept.
    expect((await to.tap('message.delivered'))[0]!.at).toBe(2500);
  });

  test('says what of it is left out, where what was done by hand is too long', async () => {
    const pg = await playground.open();
    await pg.page.evaluate(async () => {
      const payload = crypto.getRandomValues(new Uint8Array(60_000));
      await window.__playground.app.port.api('/api/exchanges/%2F/amq.default/publish', {
        method: 'POST', body: { routing_key: 'tasks', payload },
      });
    });
    await pg.page.getByRole('button', { name: 'Share' }).click();
    await pg.page.getByText(/1 recorded input: what was done by hand\./).waitFor();
    await pg.page.getByText(/too long for a link, which goes without it.*the file has all of it/).waitFor();
    const [download] = await Promise.all([
      pg.page.waitForEvent('download'),
      pg.page.getByRole('button', { name: 'Save as a file' }).click(),
    ]);
    expect(readFileSync((await download.path())!, 'utf8')).toContain('"does": "call"');
  });

  test('of a broker that went on from what it had kept says that it begins with what there is', async () => {
    const pg = await playground.open();
    await expect.poll(() => pg.page.evaluate(() => localStorage.getItem('playground.notes')), { timeout: 30_000 })
      .toContain('consumer-2');
    await pg.page.reload();
    await pg.page.waitForSelector('[data-ready]');
    await pg.page.getByRole('button', { name: 'Share' }).click();
    await pg.page.getByText(/nothing of what was done by hand\. The broker went on from what it had kept/).waitFor();
  });

  test('says that it cannot be opened by a browser without CompressionStream', async () => {
    const route = await linkOf(await playground.open());
    const pg = await playground.open({ route, script: 'delete globalThis.CompressionStream;' });
    await pg.page.getByText(/^This browser has no DecompressionStream, so it can open files alone:/).waitFor();
    await pg.page.getByRole('dialog').getByRole('button', { name: 'Go on', exact: true }).click();
    await pg.page.getByLabel(/^queue tasks, \d+ ready/).first().waitFor();
  });

  test('to a scenario that there is not says so, and leads to the first lesson', async () => {
    const pg = await playground.open({ route: '/s/nowhere?seed=1&paused=1' });
    await pg.page.getByRole('dialog', { name: 'There is no scenario “nowhere”' }).getByRole('button').click();
    await pg.page.getByLabel(/^queue tasks, \d+ ready/).first().waitFor();
  });

  test('that nobody wants leads to the first lesson', async () => {
    const pg = await playground.open({ route: await linkOf(await playground.open()) });
    await pg.page.keyboard.press('Escape');
    await pg.page.getByRole('region', { name: 'Coach' }).waitFor();
    await expect.poll(() => pg.page.getByRole('dialog').count()).toBe(0);
  });

  test.each([
    ['cut', 'v1.q1bK', /^It is not whole: /],
    ['hostile', `v1.${deflateRawSync('7'.repeat(20_000_000)).toString('base64url')}`, /^It unpacks to more than/],
    ['huge', `v1.${'A'.repeat(100_000)}`, /characters, and 32768 may be\.$/],
  ])('that is %s is told of in words, and the page goes on', async (_what, route, text) => {
    const pg = await playground.open({ route });
    const dialog = pg.page.getByRole('dialog', { name: 'This playground cannot be opened' });
    await dialog.getByText(text).waitFor();
    await dialog.getByRole('button', { name: 'Go on', exact: true }).click();
    await pg.page.getByLabel(/^queue tasks, \d+ ready/).first().waitFor();
  });

  test('tells what of it the broker refused', async () => {
    const definitions = { queues: [{ name: 'amq.mine' }, { name: 'fine', arguments: { 'x-max-length': 'many' } }] };
    const route = `v1.${deflateRawSync(JSON.stringify({ definitions })).toString('base64url')}`;
    const pg = await playground.open({ route });
    await pg.page.getByRole('button', { name: 'Run it' }).click();
    const dialog = pg.page.getByRole('dialog', { name: 'Not all of it could be declared' });
    await dialog.getByText(/queue “fine”: .*x-max-length/).waitFor();
  });

  test.each([
    ['where it is too long for a link', '', /^The same run/],
    [
      'where a browser has no CompressionStream',
      'delete globalThis.CompressionStream; delete globalThis.DecompressionStream;',
      /^This browser has no CompressionStream, so it can make no link: save it as a file\./,
    ],
  ])('comes as a file %s', async (_where, script, text) => {
    const pg = await playground.open({ script });
    await pg.page.keyboard.press('Control+k');
    await pg.page.getByRole('combobox', { name: 'Find a command' }).fill('share');
    await pg.page.keyboard.press('Enter');
    await pg.page.getByText(text).waitFor();
    const [download] = await Promise.all([
      pg.page.waitForEvent('download'),
      pg.page.getByRole('button', { name: 'Save as a file' }).click(),
    ]);
    const to = await playground.open({ script });
    await to.page.getByRole('button', { name: 'Share' }).click();
    await to.page.getByLabel('Open a file').setInputFiles((await download.path())!);
    await to.page.getByRole('dialog', { name: /^This link contains code/ }).waitFor();
  });
});
