/** The queue browser in Chromium: what is found, moved, deleted; what is held and what is due. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { QueueView } from '../../core/management/index.ts';
import { hasChromium } from '../browser/chromium.ts';
import { usePlayground, type PlaygroundPage } from './playground.ts';

describe.skipIf(!hasChromium())('the queue browser', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  function ask(pg: PlaygroundPage, path: string, init?: { method: 'PUT' | 'POST'; body: object }) {
    return pg.page.evaluate(([where, what]) => window.__playground.app.port.api(where, what), [path, init] as const);
  }

  /** Messages with retry 0, 1, 2, … wait in `letters`, which nobody reads; each second one expires. */
  async function openLetters(count: number): Promise<PlaygroundPage> {
    const pg = await playground.open({ route: '/s/time-to-live?seed=1&paused=1' });
    await ask(pg, '/api/queues/%2F/parked', { method: 'PUT', body: {} });
    for (let retry = 0; retry < count; retry++) {
      const properties = { headers: { retry }, priority: 9 - retry, ...(retry % 2 === 1 && { expiration: '60000' }) };
      const body = { routing_key: 'letters', payload: 'x'.repeat(retry + 1), properties };
      await ask(pg, '/api/exchanges/%2F/amq.default/publish', { method: 'POST', body });
    }
    await pg.page.evaluate("location.hash = '#/queues?q=letters'");
    await rows(pg.page).nth(count - 1).waitFor();
    return pg;
  }

  const rows = (page: Page) => page.getByRole('table', { name: 'Messages of the queue' }).locator('tbody tr');
  /** The headers of the messages that are shown, in their order. */
  const shown = async (page: Page): Promise<string[]> => (
    (await rows(page).allInnerTexts()).flatMap((text) => /retry=\d/.exec(text) ?? [])
  );
  const retries = (...numbers: number[]): string[] => numbers.map((number) => `retry=${number}`);
  const depth = async (pg: PlaygroundPage, queue: string): Promise<number> => (
    ((await ask(pg, `/api/queues/%2F/${queue}`)).body as QueueView).messages_ready
  );

  test('a function of the user picks messages; one that is broken or loops is told of beside the field', async () => {
    const { page } = await openLetters(5);
    const field = page.getByLabel('Function that says which messages to show');
    const apply = async (code: string): Promise<void> => {
      await field.fill(code);
      await field.press('Enter');
    };
    await apply('m => m.headers.retry > 2');
    await expect.poll(() => shown(page)).toEqual(retries(3, 4));
    await page.getByText('2 of 5 fit.').waitFor();
    await apply('m => m.headers.retry >');
    await page.getByText(/^Not used: SyntaxError/).waitFor();
    await expect.poll(() => shown(page)).toEqual(retries(0, 1, 2, 3, 4));
    await apply('m => { while (true); }');
    await page.getByText('Not used: It has not answered within 1 s: does it loop?').waitFor();
    await apply('m => m.headers.none.at(m.position) || m.headers.retry');
    await page.getByText(/^It failed on 5 of 5: TypeError/).waitFor();
    await apply('');
    await expect.poll(() => shown(page)).toEqual(retries(0, 1, 2, 3, 4));
  });

  test('sorted by size, age, priority and due time; the newest first', async () => {
    const { page } = await openLetters(4);
    const sort = page.getByLabel('Sort by');
    await page.getByRole('button', { name: 'Newest first' }).click();
    await expect.poll(() => shown(page)).toEqual(retries(3, 2, 1, 0));
    await sort.selectOption('by age');
    await expect.poll(() => shown(page)).toEqual(retries(3, 2, 1, 0));
    await sort.selectOption('by size');
    await page.getByRole('button', { name: 'Reversed' }).click();
    await expect.poll(() => shown(page)).toEqual(retries(3, 2, 1, 0));
    await sort.selectOption('by priority');
    await expect.poll(() => shown(page)).toEqual(retries(0, 1, 2, 3));
    await sort.selectOption('by due time');
    await expect.poll(() => shown(page)).toEqual(retries(1, 3, 0, 2));
  });

  test('a long queue is looked at a thousand at a time, from either end', async () => {
    const pg = await openLetters(1);
    const { page } = pg;
    await page.evaluate(async () => {
      const { port } = window.__playground.app;
      for (let number = 0; number < 1020; number++) {
        const body = { routing_key: 'parked', payload: `number-${number};` };
        await port.api('/api/exchanges/%2F/amq.default/publish', { method: 'POST', body });
      }
    });
    await page.evaluate("location.hash = '#/queues?q=parked'");
    const pages = page.getByRole('navigation', { name: 'Pages' });
    const turn = async (way: 'Before' | 'After', place: string): Promise<string> => {
      await pages.getByRole('button', { name: way }).click();
      await pages.getByText(place).waitFor();
      return await rows(page).first().innerText();
    };
    await pages.getByText('page 1 of 20, of messages 1 to 1000').waitFor();
    for (let number = 2; number <= 20; number++) await turn('After', `page ${number} of 20`);
    expect(await turn('After', 'page 1 of 1, of messages 1001 to 1020')).toContain('number-1000;');
    await expect.poll(() => pages.getByRole('button', { name: 'After' }).isDisabled()).toBe(true);
    expect(await turn('Before', 'page 20 of 20, of messages 1 to 1000')).toContain('number-950;');
    await page.getByRole('button', { name: 'Newest first' }).click();
    await pages.getByText('page 1 of 20, of messages 21 to 1020').waitFor();
    await expect.poll(() => rows(page).first().innerText()).toContain('number-1019;');
  });

  test('chosen messages are moved, published again and deleted; what is held stays', async () => {
    const pg = await openLetters(4);
    const { page } = pg;
    for (const place of [1, 3]) await page.getByLabel(`Choose message ${place}`, { exact: true }).check();
    await page.getByLabel('Queue to move to').selectOption('parked');
    await page.getByRole('button', { name: 'Move to' }).click();
    await page.getByText('2 moved to parked.').waitFor();
    await expect.poll(() => shown(page)).toEqual(retries(1, 3));
    expect(await depth(pg, 'parked')).toBe(2);

    await page.getByLabel('Choose message 2', { exact: true }).check();
    await page.getByRole('button', { name: 'Publish again' }).click();
    await page.getByText('1 published again.').waitFor();
    await expect.poll(() => shown(page)).toEqual(retries(1, 3, 3));
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('1 deleted.').waitFor();
    await expect.poll(() => shown(page)).toEqual(retries(1, 3));

    await page.getByRole('button', { name: 'Be the consumer' }).click();
    await page.getByRole('button', { name: 'Unacked 2' }).click();
    await rows(page).first().getByText(/^held by you \(connection-\d+\/\d+\), consumer \S+, for 00:00\.000$/).waitFor();
    await page.getByLabel('Choose message 1', { exact: true }).check();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByText(/^0 deleted; 1 not: connection-\S+ holds it unacknowledged\.$/).waitFor();
    await expect.poll(() => shown(page)).toEqual(retries(1, 3));
  });

  test('one message is moved, taken in hand, given back and rejected from its own panel', async () => {
    const { page } = await openLetters(1);
    await rows(page).getByRole('button', { name: 'letters' }).click();
    const panel = page.getByRole('region', { name: /^Message \d+$/ });
    await panel.getByText('waits in letters at place 1').waitFor();
    await panel.getByLabel('Queue to move it to').selectOption('parked');
    await panel.getByRole('button', { name: 'Move to' }).click();
    await panel.getByText('moved by hand from letters to parked').waitFor();
    // Its life tells of the place as well, and may do so before the place itself.
    await panel.getByRole('listitem').filter({ hasText: 'waits in parked at place 1' })
      .getByRole('button', { name: 'Be the consumer' }).click();
    await panel.getByText('in your hands').waitFor();
    await panel.getByRole('button', { name: 'Give back' }).click();
    await panel.getByText(/tag 2, redelivered/).waitFor();
    await panel.getByRole('button', { name: 'Reject' }).click();
    await panel.getByText('in no queue').waitFor();
    await panel.getByText('dropped from parked: rejected').waitFor();
  });

  test('deaths are a table, and a message is published again with another body and headers', async () => {
    const pg = await openLetters(2);
    const { page } = pg;
    await rows(page).nth(1).getByRole('button', { name: 'letters' }).click();
    const panel = page.getByRole('region', { name: /^Message \d+$/ });
    await panel.getByText('expires at 01:00.000').waitFor();
    await panel.getByRole('button', { name: 'Publish again …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Publish again' });
    await dialog.getByLabel('Routing key').fill('parked');
    await dialog.getByLabel('Headers as JSON').fill('{ "retry": ');
    await dialog.getByRole('button', { name: 'Publish' }).click();
    await dialog.getByText('The headers are no object in JSON.').waitFor();
    await dialog.getByLabel('Headers as JSON').fill('{ "retry": 7 }');
    await dialog.getByLabel('Body').fill('edited');
    await dialog.getByRole('button', { name: 'Publish' }).click();
    await dialog.getByText('Published.', { exact: true }).waitFor();
    expect(await depth(pg, 'parked')).toBe(1);
    await dialog.getByRole('button', { name: 'Close' }).click();
    // The first letter does not expire, and stands before it.
    await page.getByLabel('Choose message 1', { exact: true }).check();
    await page.getByRole('button', { name: 'Delete' }).click();
    await pg.advanceTo(61_000);
    const table = panel.getByRole('table', { name: /^Where and why/ });
    await expect.poll(() => table.getByRole('row').nth(1).innerText())
      .toMatch(/^expired\s+letters\s+1\s+\(default\)\s+letters/);
  });

  test('what is scheduled is listed by when it is due, with what becomes of it', async () => {
    const { page } = await openLetters(4);
    await page.getByRole('button', { name: 'Scheduled' }).click();
    await expect.poll(() => shown(page)).toEqual(retries(1, 3));
    await rows(page).first().getByText('expires at 01:00.000 and goes to expired, 01:00.000 from now').waitFor();
  });

  test('what is chosen is exported as lines of JSON', async () => {
    const { page } = await openLetters(3);
    await page.getByLabel('Choose message 2', { exact: true }).check();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export 1' }).click();
    const stream = await (await download).createReadStream();
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect(JSON.parse(String(Buffer.concat(chunks)))).toMatchObject({
      payload: 'xx', payload_encoding: 'string', properties: { headers: { retry: 1 } },
    });
  });
});
