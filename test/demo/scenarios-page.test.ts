/** The same clients and the same assertions in Chromium: the broker in its worker, the clients in theirs. */
import { describe, expect, test } from 'vitest';
import { hasChromium } from '../browser/chromium.ts';
import { usePlayground } from './playground.ts';
import { readAssertions, readScenario, scenarioNames } from './scenarios/folders.ts';
import { PageRun } from './scenarios/page-run.ts';

describe.skipIf(!hasChromium())('in a page', { timeout: 180_000 }, () => {
  const playground = usePlayground();

  test.each(scenarioNames)('%s', async (name) => {
    const pg = await playground.open({ route: '/wire' });
    const run = new PageRun(readScenario(name), pg);
    await run.begin();
    await (await readAssertions(name))(run);
    expect((await pg.clients()).filter(({ status }) => status === 'failed')).toEqual([]);
  });
});
