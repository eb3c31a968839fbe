/** Every button of every lesson, at the earliest instant, twice, and out of order. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { hasChromium } from '../browser/chromium.ts';
import { usePlayground } from './playground.ts';
import { readScenario, scenarioNames } from './scenarios/folders.ts';

/** What was seen of a step when it was over. */
interface Seen { readonly at: number; readonly right: string; readonly verdict: string }

/** Wall milliseconds that a lesson may take on a busy machine. */
const PATIENCE = 90_000;
/** Virtual time goes so fast, so that a learner who waits does not wait long. */
const SPEED = 8;

describe.skipIf(!hasChromium())('every button', { timeout: 180_000 }, () => {
  const playground = usePlayground();
  let page: Page;

  // One for all: each lesson takes the place of the one before it.
  beforeAll(async () => {
    page = await (await playground.context()).newPage();
    await page.goto(`${playground.url()}#/s/hello-world`);
    await page.waitForSelector('[data-ready]');
  });


  /** In the page: presses what can be pressed until all is over; `chaos` is a seed for what comes between. */
  const press = async ({ chaos, patience }: { chaos: number; patience: number }): Promise<Seen[]> => {
    const seen: Seen[] = [];
    const coach = (): HTMLElement => document.querySelector('section[aria-label="Coach"]')!;
    const texts = (what: string): string => coach().querySelector(what)?.textContent?.trim() ?? '';
    const buttons = (): HTMLButtonElement[] =>
      [...coach().querySelectorAll<HTMLButtonElement>('.buttons button:enabled')];
    const named = (name: RegExp): HTMLButtonElement | undefined =>
      buttons().find(({ textContent }) => name.test(textContent.trim()));
    let random = chaos;
    const below = (count: number): number => {
      random = (random * 1103515245 + 12345) % 2147483648;
      return Math.floor((random / 2147483648) * count);
    };
    /** What nobody was asked to do: a client killed or started, the step before, the one after. */
    const disturb = async (): Promise<void> => {
      const { clients } = window.__playground.app.port;
      const all = await window.__playground.clients();
      const client = all[below(all.length)];
      const what = below(4);
      if (what === 0 && client !== undefined) await clients!.kill(client.name);
      else if (what === 1 && client !== undefined) await clients!.start(client);
      else if (what === 2) named(/^Back$/)?.click();
      else named(/^Skip$/)?.click();
    };
    const ends = performance.now() + patience;
    for (let frames = 0, disturbed = 0; performance.now() < ends; frames++) {
      await new Promise(requestAnimationFrame);
      if (chaos > 0 && disturbed < 8 && frames % 9 === 0) {
        disturbed++;
        await disturb();
        continue;
      }
      const [at, of] = texts('.place').split('/').map(Number);
      const next = named(/^Next$/);
      const isOver = next !== undefined || (at === of && named(/^Skip$/) === undefined
        && coach().querySelector('.buttons .primary') === null && texts('.verdict .muted') === '');
      if (isOver) {
        seen.push({ at: at!, right: texts('.choice.right'), verdict: texts('.verdict') });
        if (at === of) return seen;
        next!.click();
        continue;
      }
      const wanted = named(/^Change it for me$/) ?? buttons().find((button) => button.matches('.primary'));
      wanted?.click();
      wanted?.click();
    }
    throw new Error(`stuck at ${texts('.place')}: ${texts('.say')} ${texts('.buttons')} ${texts('.verdict')}`);
  };

  test.each(scenarioNames)('%s', async (name) => {
    const { coach } = readScenario(name);
    const plain = (text: string): string => text.replaceAll(/[`[\]]/g, '');
    for (const chaos of [0, coach.number + 7]) {
      await page.evaluate((scenario) => window.__playground.open(scenario, { seed: 1 }), name);
      await page.evaluate((speed) => window.__playground.app.port.clock!.setSpeed(speed), SPEED);
      const seen = await page.evaluate(press, { chaos, patience: PATIENCE });
      expect(seen.at(-1)!.at).toBe(coach.steps.length);
      if (chaos === 0) expect(seen.map(({ at }) => at)).toEqual(coach.steps.map((_step, i) => i + 1));
      for (const { at, right, verdict } of seen) {
        const { predict, verdict: expected } = coach.steps[at - 1]!;
        expect(verdict, `step ${at}`).toBe(plain(expected));
        if (predict !== undefined) expect(right, `step ${at}`).toBe(plain(predict.choices[predict.answer]!));
      }
    }
  });
});
