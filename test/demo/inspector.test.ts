/** The message inspector in Chromium, and what is copied from it and from other places. */
import { encode as encodeMessagePack } from '@msgpack/msgpack';
import { encode as encodeCbor } from 'cborg';
import { describe, expect, test } from 'vitest';
import { hasChromium } from '../browser/chromium.ts';
import { usePlayground, type PlaygroundPage } from './playground.ts';

const DENIED = 'This browser does not let a page write to the clipboard.';

describe.skipIf(!hasChromium())('the inspector', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  /** Publishes a body, and shows the message. */
  async function inspect({ page }: PlaygroundPage, body: Uint8Array, contentType: string): Promise<void> {
    await page.evaluate(async ([octets, contentType]) => {
      const { app } = window.__playground;
      await app.port.api('/api/exchanges/%2F/amq.default/publish', {
        method: 'POST',
        body: { routing_key: 'tasks', payload: Uint8Array.from(octets), properties: { contentType } },
      });
      const published = (await window.__playground.tap()).findLast(({ type }) => type === 'message.published');
      app.select({ kind: 'message', message: (published as { message: number }).message });
    }, [[...body], contentType] as const);
  }

  test('unfolds a body in CBOR and in MessagePack, and says why one cannot be read', async () => {
    const pg = await playground.open();
    const inspector = pg.page.getByRole('complementary', { name: 'Inspector' });
    await inspect(pg, encodeCbor({ cup: 'tea', sugar: 2 }), 'application/cbor');
    await inspector.getByText('"tea"', { exact: true }).waitFor();
    await inspector.getByText(/^CBOR, 16 bytes$/).waitFor();
    await inspect(pg, encodeMessagePack({ cup: 'coffee' }), '');
    await inspector.getByText('"coffee"', { exact: true }).waitFor();
    await inspector.getByText('body.cup: "tea" → "coffee"').waitFor();
    await inspector.getByText(/^MessagePack, as it seems, 12 bytes$/).waitFor();
    await inspect(pg, Uint8Array.of(0xa2, 0x61), 'application/cbor');
    await inspector.getByText(/^CBOR, shown as octets: .+, 2 bytes$/).waitFor();
    await inspector.getByText('a2 61').waitFor();
  });

  test('copies what it has of a body, octets as such, and says which', async () => {
    const script = `Object.defineProperty(Navigator.prototype, 'clipboard', {
      value: { writeText: async (text) => (window.copied = text) } });`;
    const pg = await playground.open({ script });
    const inspector = pg.page.getByRole('complementary', { name: 'Inspector' });
    const copied = (): Promise<unknown> => pg.page.evaluate('window.copied');
    await inspect(pg, Uint8Array.of(0, 255, 16), '');
    await inspector.getByText('octets, 3 bytes').waitFor();
    await inspector.getByRole('button', { name: 'Copy' }).click();
    await inspector.getByText('The body, in hexadecimal, is in the clipboard.').waitFor();
    expect(await copied()).toBe('00 ff 10');
    await inspect(pg, new Uint8Array(20_000).fill(0x61), '');
    await inspector.getByText('text, 20000 bytes, the first 16384 shown').waitFor();
    await inspector.getByRole('button', { name: 'Copy' }).click();
    await inspector.getByText('The beginning of the body, 16384 of 20000 bytes, is in the clipboard.').waitFor();
    expect(await copied()).toBe('a'.repeat(16_384));
  });

  test('a link to a frame that is gone says so, and connections bear the names of their clients', async () => {
    const pg = await playground.open();
    await pg.advanceTo(2000);
    // No frame has the number of an event.
    const [published] = await pg.tap('message.published');
    await pg.page.evaluate(`location.hash = '#/wire?frame=${published!.seq}'`);
    await pg.page.getByText(`frame ${published!.seq} is not here any more`).waitFor();
    // The list beside it calls each connection by the name of its client.
    await pg.page.evaluate("location.hash = '#/connections'");
    for (const name of ['producer', 'consumer-1', 'consumer-2']) {
      await pg.page.getByRole('heading', { name }).waitFor();
    }
  });

  test('and all other places say so where a browser does not let them copy', async () => {
    // As on a site without https.
    const script = "Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined });";
    const pg = await playground.open({ script });
    const { page } = pg;
    await pg.advanceTo(2000);
    const told = page.getByRole('main').getByText(DENIED).first();
    await page.locator('.svelte-flow__node[data-id="queue:tasks"]').focus();
    await page.keyboard.press('Shift+F10');
    await page.getByRole('menuitem', { name: 'Copy as code' }).click();
    await told.waitFor();
    for (const [route, button] of [['code', 'Copy for Node'], ['definitions', 'Copy JSON']] as const) {
      await page.evaluate(`location.hash = '#/${route}'`);
      await page.getByRole('button', { name: button }).click();
      await told.waitFor();
    }
    const frame = (await pg.tap('frame.in')).at(-1)!.seq;
    await page.evaluate(`location.hash = '#/wire?frame=${frame}'`);
    await page.getByRole('button', { name: 'Copy as test' }).click();
    await told.waitFor();
    await inspect(pg, Uint8Array.of(65), '');
    const inspector = page.getByRole('complementary', { name: 'Inspector' });
    await inspector.getByRole('button', { name: 'Copy', exact: true }).click();
    await inspector.getByText(DENIED).waitFor();
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByRole('button', { name: 'Copy the link' }).click();
    await page.getByText(`${DENIED} The link is selected: copy it by hand.`).waitFor();
    expect(await page.evaluate('document.activeElement.value')).toContain('#v1.');
  });
});
