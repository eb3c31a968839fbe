/** In the picture of each lesson nothing lies on anything else, and nothing is cut. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { hasChromium } from '../browser/chromium.ts';
import { PlaygroundPage, usePlayground } from './playground.ts';
import { readScenario, scenarioNames } from './scenarios/folders.ts';

const SIZES = [[360, 740], [768, 1024], [1280, 760]] as const;
const PATIENCE = 60_000;

/** In the page: a sentence for each thing that is wrong. */
function faultsOfPicture(): string[] {
  type Box = Readonly<Record<'left' | 'top' | 'right' | 'bottom', number>> & { readonly what: string };
  const found: string[] = [];
  const boxesOf = (selector: string, within: ParentNode = document): (Box & { element: Element })[] =>
    [...within.querySelectorAll<HTMLElement>(selector)].map((element) => {
      const { left, top, right, bottom } = element.getBoundingClientRect();
      const what = element.dataset['id'] ?? `"${element.textContent.trim()}"`;
      return { what, left, top, right, bottom, element };
    });
  const meets = (a: Box, b: Box): boolean =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const isIn = (box: Box, outer: Box): boolean => box.left >= outer.left - 1 && box.right <= outer.right + 1
    && box.top >= outer.top - 1 && box.bottom <= outer.bottom + 1;
  const flow: Box = boxesOf('.flow')[0]!;
  const nodes = boxesOf('.svelte-flow__node');
  const all = [...nodes, ...boxesOf('.svelte-flow__edge-label')];
  all.forEach((one, i) => {
    if (!isIn(one, flow)) found.push(`${one.what} is cut off by the edge of the canvas`);
    for (const other of all.slice(i + 1)) if (meets(one, other)) found.push(`${one.what} lies on ${other.what}`);
  });
  for (const edge of document.querySelectorAll('.svelte-flow__edge')) {
    const path = edge.querySelector<SVGPathElement>('.svelte-flow__edge-path')!;
    const [length, toScreen] = [path.getTotalLength(), path.getScreenCTM()!];
    const passed = new Set<string>();
    for (let i = 0; i <= 100; i++) {
      const { x, y } = path.getPointAtLength((length * i) / 100).matrixTransform(toScreen);
      for (const { what, left, right, top, bottom } of nodes) {
        if (x > left + 2 && x < right - 2 && y > top + 2 && y < bottom - 2) passed.add(what);
      }
      if (x < flow.left || x > flow.right || y < flow.top || y > flow.bottom) passed.add('the edge of the canvas');
    }
    for (const what of passed) found.push(`${edge.getAttribute('aria-label')} runs through ${what}`);
  }
  for (const node of nodes) {
    for (const part of boxesOf('strong, span, p, button, .bar, .pips', node.element)) {
      if (!isIn(part, node)) found.push(`${part.what} sticks out of ${node.what}`);
      const { scrollWidth, clientWidth } = part.element;
      if (clientWidth > 0 && scrollWidth > clientWidth + 1) found.push(`${part.what} is cut off in ${node.what}`);
    }
  }
  const controls = boxesOf('header :is(button, a), section :is(button, a, input, select), .bar button');
  for (const { what, left, right, element } of controls) {
    if (left >= -1 && right <= innerWidth + 1) continue;
    found.push(`${what} of ${element.parentElement!.className} is beyond the page`);
  }
  return found;
}

describe.skipIf(!hasChromium())('the picture of a lesson', { timeout: 180_000 }, () => {
  const playground = usePlayground();
  let page: Page;
  let pg: PlaygroundPage;

  // One for all: each lesson takes the place of the one before it.
  beforeAll(async () => {
    page = await (await playground.context()).newPage();
    await page.goto(`${playground.url()}#/s/hello-world?seed=1&paused=1`);
    await page.waitForSelector('[data-ready]');
    pg = new PlaygroundPage(page, []);
  });

  /** At each size, for a page that may still be drawing. */
  const look = async (when: string): Promise<void> => {
    for (const [width, height] of SIZES) {
      await page.setViewportSize({ width, height });
      await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
      await expect.poll(() => page.evaluate(faultsOfPicture), { message: `${when}, ${width} wide`, timeout: PATIENCE })
        .toEqual([]);
    }
  };

  test.each(scenarioNames)('%s', async (name) => {
    const { clients } = readScenario(name);
    await page.evaluate((lesson) => window.__playground.open(lesson, { seed: 1, paused: true }), name);
    await pg.advanceTo(1500);
    await look('at first');
    for (const client of clients.filter(({ later }) => later)) {
      await page.evaluate((spec) => window.__playground.app.port.clients!.start(spec), client);
    }
    for (let at = 2000; at <= 4000; at += 500) await pg.advanceTo(at);
    for (const client of clients) {
      await page.locator(`.svelte-flow__node[data-id="client:${client.name}"]`).waitFor();
    }
    await look('with all that comes later');
  });
});
