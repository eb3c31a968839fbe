/** Everybody can use every screen: WCAG 2.2 AA as far as axe can tell, small pages, keys alone. */
import { describe, expect, test } from 'vitest';
import { hasChromium } from '../browser/chromium.ts';
import { faultsOn } from './axe.ts';
import { usePlayground, type PageOptions, type PlaygroundPage } from './playground.ts';

describe.skipIf(!hasChromium())('for everybody', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  /** A page on which something has happened, so that no screen is empty. */
  const lived = async (options: PageOptions = {}): Promise<PlaygroundPage> => {
    const pg = await playground.open(options);
    await pg.advanceTo(3000);
    return pg;
  };

  /** Opens each screen of the rail in turn. */
  const onEachScreen = async (
    { page }: PlaygroundPage, look: (title: string) => Promise<void>,
  ): Promise<void> => {
    const links = page.getByRole('navigation', { name: 'Screens' }).getByRole('link');
    const titles = await links.allInnerTexts();
    expect(titles.length).toBeGreaterThan(3);
    for (const title of titles) {
      await links.getByText(title, { exact: true }).click();
      await page.getByRole('main').getByText(/^Loading /).waitFor({ state: 'detached' });
      await look(title);
    }
  };

  test.each(['light', 'dark'] as const)('axe finds nothing on any screen, %s', async (theme) => {
    const pg = await lived({ theme });
    const faults: string[] = [];
    await onEachScreen(pg, async (title) => {
      faults.push(...(await faultsOn(pg.page)).map((fault) => `${title}: ${fault}`));
    });
    expect(faults).toEqual([]);
  });

  test('axe finds nothing at 360 px, nor in what is chosen there', async () => {
    const pg = await lived({ width: 360, height: 740 });
    const faults: string[] = [];
    await onEachScreen(pg, async (title) => {
      faults.push(...(await faultsOn(pg.page)).map((fault) => `${title}: ${fault}`));
    });
    await pg.page.evaluate(() => {
      const { app } = window.__playground;
      app.go('/canvas');
      app.select({ kind: 'message', message: 1 });
    });
    await pg.page.getByRole('link', { name: /^bytes of frame/ }).first().waitFor();
    faults.push(...await faultsOn(pg.page));
    await pg.page.evaluate(() => window.__playground.app.select({ kind: 'client', name: 'consumer-1' }));
    await pg.page.getByRole('button', { name: 'Edit', exact: true }).click();
    await pg.page.locator('aside .cm-scroller').waitFor();
    faults.push(...await faultsOn(pg.page));
    expect(faults).toEqual([]);
  });

  test.each(['light', 'dark'] as const)('axe finds nothing in any dialog, %s', async (theme) => {
    const pg = await lived({ theme });
    const faults: string[] = [];
    const openers = [
      () => pg.page.keyboard.press('Control+k'),
      () => pg.page.keyboard.press('?'),
      () => pg.page.getByRole('button', { name: 'Share' }).click(),
    ];
    for (const open of openers) {
      await open();
      await pg.page.getByRole('dialog').waitFor();
      faults.push(...await faultsOn(pg.page));
      await pg.page.keyboard.press('Escape');
      await pg.page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    expect(faults).toEqual([]);
  });

  test('a key right after a dialog was closed is not taken by what has just gone', async () => {
    const { page } = await lived();
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog', { name: 'Find a command' }).waitFor();
    await page.evaluate(() => {
      const field = document.querySelector<HTMLInputElement>('dialog[open] input')!;
      field.closest('dialog')!.close();
      // As it comes where the page has not been painted since.
      field.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true, cancelable: true }));
    });
    await page.getByRole('dialog', { name: 'Shortcuts' }).waitFor();
  });

  test.each([[360, 740], [640, 380], [1280, 760]])('nothing is cut off at %i x %i', async (width, height) => {
    const pg = await lived({ width, height });
    const cut: string[] = [];
    await onEachScreen(pg, async (title) => {
      cut.push(...(await outside(pg)).map((what) => `${title}: ${what}`));
    });
    expect(cut).toEqual([]);
  });

  /** Controls that stand beyond the edges of the page with nothing to scroll them into sight. */
  const outside = ({ page }: PlaygroundPage): Promise<string[]> => page.evaluate(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    const found = scrollWidth > clientWidth ? [`the page is ${scrollWidth} wide`] : [];
    const scrolls = (element: Element): boolean => {
      for (let each: Element | null = element; each !== null; each = each.parentElement) {
        const { overflowX } = getComputedStyle(each);
        if (overflowX === 'auto' || overflowX === 'scroll') return true;
        if (each.matches('.svelte-flow, .hidden-visually, dialog')) return true;
      }
      return false;
    };
    for (const element of document.querySelectorAll('button, a, input, select, h1, h2')) {
      const { left, right, width } = element.getBoundingClientRect();
      if (element.matches('.skip') || width === 0 || scrolls(element)) continue;
      if (getComputedStyle(element).clipPath !== 'none') continue;
      if (left < 0 || right > clientWidth + 1) found.push(element.outerHTML.slice(0, 80));
    }
    return found;
  });

  test('at 200 % zoom coach and clock stay in sight wherever the page is scrolled to', async () => {
    const { page } = await lived({ width: 640, height: 380 });
    const places = await page.evaluate(() => {
      const shown = (selector: string): number => {
        const { top, bottom } = document.querySelector(selector)!.getBoundingClientRect();
        return Math.min(bottom, innerHeight) - Math.max(top, 0);
      };
      return [0, 0.5, 1].map((share) => {
        scrollTo(0, share * document.documentElement.scrollHeight);
        const { height } = document.querySelector("section[aria-label='Clock']")!.getBoundingClientRect();
        return {
          clock: height - shown("section[aria-label='Clock']"),
          coach: shown('.above') > 40, canvas: shown('main') > 120,
        };
      });
    });
    for (const place of places) expect(place).toEqual({ clock: 0, coach: true, canvas: expect.any(Boolean) });
    expect(places.some(({ canvas }) => canvas)).toBe(true);
  });

  test('without motion nothing moves', async () => {
    const { page } = await lived({ reducedMotion: true });
    const moving = await page.evaluate(
      'document.getAnimations().filter(({ playState }) => playState === "running").length',
    );
    expect(moving).toBe(0);
  });
});
