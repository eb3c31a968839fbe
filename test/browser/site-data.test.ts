/** What becomes of a broker whose browser clears its data, denies it any, or whose data are damaged. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright-core';
import { afterAll, describe, expect, test } from 'vitest';
import { hasChromium, launchProfile } from './chromium.ts';
import { openBroker, useHostsSite } from './hosts-site.ts';
import { tabOf, type Tab } from './page.ts';

/** Opens windows of profiles, which unlike private ones keep files on the disk. */
function profiles(preferences = {}): () => Promise<BrowserContext> {
  const folder = mkdtempSync(join(tmpdir(), 'tabmq-profile-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let count = 0;
  return () => {
    const profile = join(folder, String(count++));
    mkdirSync(join(profile, 'Default'), { recursive: true });
    writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
    return launchProfile(profile);
  };
}

async function clearData({ page }: Tab, url: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(url);
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
}

const CLEARED = /^Nothing is made durable any more, and nobody may publish: .*A restart of the broker brings back/;

describe.runIf(hasChromium())('a broker whose data are cleared', () => {
  const site = useHostsSite(profiles());

  const places = ['worker', 'shared-worker'];
  test.each(places)('%s confirms nothing more, tells all tabs, and is restarted', async (place) => {
    const tab = await site.openWith({ place });
    await tab.call('declare', 'tasks');
    expect(await tab.call('publish', 'tasks', 'kept')).toBe('confirmed');
    await tab.call('watchNotice');
    await clearData(tab, site.url);
    expect(await tab.call('publish', 'tasks', 'lost')).toBe('nacked');
    expect(await tab.call('noticed')).toMatch(CLEARED);
    if (place === 'shared-worker') {
      const second = await site.openWith({ place });
      await expect.poll(() => second.call('storage')).toMatchObject({ notice: expect.stringMatching(CLEARED) });
    }
    expect(await tab.call('restart')).toBe('restarted');
    expect(await tab.call('storage')).toMatchObject({ notice: undefined });
    await tab.call('declare', 'tasks');
    expect(await tab.call('publish', 'tasks', 'again')).toBe('confirmed');
    expect(await tab.call('next', 'tasks')).toMatchObject({ text: 'again' });
    await clearData(tab, site.url);
    await tab.call('close');
    expect(await tab.call('open', { place })).toBe(place);
  });
});

describe.runIf(hasChromium())('a broker whose site may keep nothing', () => {
  // As when a person blocks all cookies.
  const site = useHostsSite(profiles({ profile: { default_content_setting_values: { cookies: 2 } } }));
  const reason = 'this browser does not let this site store anything';
  const denied = `TabBrokerError: The data of the broker 'broker' cannot be kept: ${reason}. ` +
    "With storage: 'durable-or-memory' it would go on in memory alone.";

  test('runs in memory, and says why it can do no more', async () => {
    const tab = await site.open();
    for (const place of ['here', 'worker', undefined]) {
      const options = place === undefined ? {} : { place };
      expect(await tab.call('open', options)).toBe(denied);
      for (const storage of ['memory', 'durable-or-memory']) {
        expect(await tab.call('open', { ...options, storage })).toBe(place ?? 'worker');
        expect(await tab.call('storage')).toMatchObject({ storage: 'memory' });
        expect(await tab.call('bothClients', 5)).toEqual({ cloudamqp: 5, tabmq: 5 });
        await tab.call('close');
      }
    }
    expect(await tab.call('open', { place: 'shared-worker', storage: 'memory' })).toMatch(/^TabBrokerError: /);
    expect(await tab.call('open', { place: 'elected-worker', storage: 'memory' })).toContain('needs Web Locks');
  });
});

describe.runIf(hasChromium())('a broker', () => {
  const site = useHostsSite();

  test('in a sandboxed frame runs in memory', async () => {
    const { page } = await site.open();
    const script = `import * as script from '${site.url}script.js'; globalThis.script = script;`;
    await page.setContent(`<iframe sandbox="allow-scripts" srcdoc="<script type=module>${script}</script>"></iframe>`);
    const frame = page.frames()[1]!;
    await frame.waitForFunction('globalThis.script !== undefined');
    const call = (name: string, ...given: readonly unknown[]): Promise<unknown> =>
      frame.evaluate(`script.${name}(...${JSON.stringify(given)})`);
    expect(await call('open')).toMatch(/^TabBrokerError: .* does not let this site store anything/);
    expect(await call('open', { storage: 'memory' })).toBe('here');
    await call('declare', 'tasks');
    expect(await call('publish', 'tasks', 'hello')).toBe('confirmed');
  });

  test('says what keeps its worker from being made', async () => {
    const tab = await site.open();
    await tab.page.evaluate(`for (const name of ['Worker', 'SharedWorker']) {
      globalThis[name] = class { constructor() { throw new TypeError('a TrustedScriptURL is required.'); } };
    }`);
    for (const place of ['worker', 'shared-worker', 'elected-worker']) {
      expect(await tab.call('open', { place }))
        .toMatch(/^TabBrokerError: No worker can be started here: a TrustedScriptURL is required/);
    }
    expect(await tab.call('open', { storage: 'memory' })).toBe('here');
  });

  test('tells what it gave up of damaged data, and of three octets no more than they were part of', async () => {
    const tab = await site.openWith({ place: 'here' });
    await tab.call('declare', 'tasks');
    for (let index = 0; index < 20; index++) await tab.call('publish', 'tasks', `m${index}`);
    await tab.call('close');
    await tab.page.reload();
    const again = await tabOf(tab.page);
    await again.call('damage', 2000);
    expect(await again.call('open', { place: 'here' })).toContain('are damaged: 0000000001.segment at offset');
    await openBroker(again, { place: 'here', salvage: true });
    const given = (await again.call('salvaged')) as { bytes: number }[];
    expect(given).toEqual([{
      file: '0000000001.segment', offset: expect.any(Number), bytes: expect.any(Number),
      messages: expect.any(Number),
    }]);
    expect(await again.call('storage')).toEqual({
      storage: 'indexeddb',
      notice: expect.stringMatching(/^Damaged data were given up for good: 0000000001.segment at/),
    });
    expect(await again.call('count', 'tasks')).toBeGreaterThanOrEqual(18);
  });
});
