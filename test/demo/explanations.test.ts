/** What the picture shows and the clock offers is explained where it stands, by pointer and by key. */
import { describe, expect, test } from 'vitest';
import type { Locator } from 'playwright-core';
import { hasChromium } from '../browser/chromium.ts';
import { explanationOf } from '../../demo/shell/explanations.ts';
import { usePlayground, type PlaygroundPage } from './playground.ts';


describe.skipIf(!hasChromium())('one line on everything', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  const tipOf = async ({ page }: PlaygroundPage): Promise<string> => {
    const tip = page.getByRole('tooltip');
    await tip.waitFor();
    return tip.innerText();
  };

  /** Everything that has an explanation and is shown, once for each name. */
  const named = async ({ page }: PlaygroundPage): Promise<string[]> => {
    const names = await page.locator('[data-explain]').evaluateAll(
      (all) => all.map((each) => each.getAttribute('data-explain')!));
    return [...new Set(names.flatMap((name) => name.split(',')))];
  };

  /** As by a key: what a pointer focuses shows no tip. */
  const focus = async ({ page }: PlaygroundPage, element: Locator): Promise<void> => {
    await page.keyboard.press('Shift');
    await element.focus();
  };

  test('controls, lines, the time and the dots take focus or the pointer, and say what they are', async () => {
    const pg = await playground.open();
    const { page } = pg;
    await pg.advanceTo(1500);
    const bars = page.locator('[aria-label="Canvas"] button, [aria-label="Clock"] :is(button, select, input, time)');
    const silent = await bars.evaluateAll((all) => all.filter((each) => !each.hasAttribute('data-explain'))
      .map((each) => each.outerHTML));
    expect(silent).toEqual([]);
    expect((await named(pg)).filter((name) => explanationOf(name) === undefined)).toEqual([]);

    for (const name of ['zoom in', 'zoom out', 'show everything', 'tidy', 'table', 'time', 'kill']) {
      await focus(pg, page.locator(`[data-explain="${name}"]`).first());
      expect(await tipOf(pg)).toContain(explanationOf(name)!.text);
    }
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Zoom in' }).hover();
    expect(await tipOf(pg)).toContain(explanationOf('zoom in')!.text);

    const lines = page.locator('.svelte-flow__edge');
    expect(await lines.count()).toBeGreaterThan(2);
    for (const line of await lines.all()) {
      await focus(pg, line);
      const kind = await line.locator('[data-explain]').getAttribute('data-explain');
      const names = kind!.split(',');
      const tip = await tipOf(pg);
      for (const name of names) expect(tip).toContain(explanationOf(name)!.text);
      // What shows the focus is the line itself: a curve has no room for an outline.
      const width = await line.locator('.svelte-flow__edge-path')
        .evaluate((path) => getComputedStyle(path).strokeWidth);
      expect(width).toBe('4px');
    }
  });

  test('a dot in flight says what it is, under the pointer and with its line', async () => {
    const pg = await playground.open();
    const { page } = pg;
    /** The place on the screen, and the line, of the first dot there is. */
    const dot = (): Promise<{ x: number; y: number; look: string } | undefined> => page.evaluate(() => {
      for (const path of document.querySelectorAll<SVGPathElement>('.svelte-flow__edge-path')) {
        const line = path.closest<SVGElement>('.svelte-flow__edge')!;
        line.focus();
        const look = line.querySelector('[data-explain]')!.getAttribute('data-explain')!.split(',')[1];
        if (look === undefined) continue;
        const flow = document.querySelector('.flow')!;
        const matrix = path.getScreenCTM()!;
        for (let at = 0; at <= path.getTotalLength(); at += 2) {
          const { x, y } = DOMPoint.fromPoint(path.getPointAtLength(at)).matrixTransform(matrix);
          flow.dispatchEvent(new PointerEvent('pointermove', { clientX: x, clientY: y, bubbles: true }));
          if (flow.matches('.pointing')) return { x, y, look };
        }
      }
      return undefined;
    });
    let found: Awaited<ReturnType<typeof dot>>;
    for (let at = 1000; found === undefined && at < 4000; at += 50) {
      await pg.advanceTo(at);
      found = await dot();
    }
    await page.mouse.move(found!.x + 1, found!.y);
    await page.mouse.move(found!.x, found!.y);
    const dotTip = page.getByRole('tooltip').getByText(explanationOf(found!.look)!.text);
    await dotTip.waitFor();
  });

  test('what acknowledges nothing, grows or does not answer is told in a sentence', async () => {
    const pg = await playground.open();
    const { page } = pg;
    const start = (name: string, code: string): Promise<void> => page.evaluate(
      (spec) => window.__playground.app.port.clients!.start({ ...spec, library: 'raw' }), { name, code });
    const begin = `import { AMQPWebSocketClient } from '@cloudamqp/amqp-client';
const client = new AMQPWebSocketClient('ws://broker.tab/', '/', 'guest', 'guest');
const channel = await (await client.connect()).channel();
`;
    await start('holder', `${begin}await channel.basicQos(1);
await channel.queueDeclare('held');
await channel.basicConsume('held', { noAck: false }, () => {});
await channel.basicPublish('', 'held', 'one');
`);
    await start('filler', `${begin}await channel.queueDeclare('filled');
setInterval(() => channel.basicPublish('', 'filled', 'one'), 1000);
`);
    await start('refuser', "await Promise.reject(new Event('error'));");
    await pg.advanceTo(1500);
    await page.getByLabel(/^queue filled/).first().waitFor();
    await pg.advanceTo(16_500);
    await page.getByLabel(/^queue filled/).first().getByText(/^\d+ wait, nobody consumes$/).waitFor();
    const errors = (await pg.clients()).map(({ name, error }) => `${name}: ${error}`).join('\n');
    expect(errors).toMatch(/refuser: \S/);
    expect(await page.locator('body').innerText() + errors).not.toContain('[object');
    const sentence = /holds 1 of 1 for 16 s, acknowledges nothing/;
    await page.getByRole('tab', { name: sentence }).first().waitFor();
    await page.getByRole('button', { name: sentence }).click();
    await expect.poll(() => page.url()).toMatch(/#\/queues?.*state=unacked/);
    await page.getByRole('table').first().waitFor();
  });
});
