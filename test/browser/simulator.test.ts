/** A seed is the same run in a browser as in Node, octet for octet, and however the code was bundled. */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { drawScript, Simulator } from '../../core/sim/index.ts';
import { regressions } from '../sim/regressions.ts';
import { bundle } from './bundle.ts';
import { hasChromium } from './chromium.ts';
import { useSite, type Tab } from './page.ts';

const file = fileURLToPath(new URL('page/simulator.ts', import.meta.url));
/** Written as generators, asynchronous functions take other numbers of steps. */
const older = { 'async-await': false, 'async-generator': false, 'for-await': false };

describe.runIf(hasChromium()).each([
  ['as they are', {}], ['as generators', { supported: older }],
])('asynchronous functions %s', (_how, options) => {
  const site = useSite(async () => ({ '/script.js': await bundle({ file }, options) }));
  let tab: Tab;
  beforeAll(async () => {
    tab = await site.open();
  }, 60_000);

  test.each([...regressions, 1])('seed %i', { timeout: 120_000 }, async (seed) => {
    const { failure, ...run } = await new Simulator(drawScript(seed)).run();
    expect(failure).toBeUndefined();
    expect(await tab.call('simulate', seed)).toMatchObject({ hash: run.hash, turns: run.turns });
  });
});
