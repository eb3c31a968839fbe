/** What is durable in a tab survives the tab; what cannot be durable is told in words. */
import { describe, expect, test } from 'vitest';
import { hasChromium } from './chromium.ts';
import { crash, openBroker, useHostsSite } from './hosts-site.ts';
import { tabOf, type Tab } from './page.ts';

const MEBIBYTE = 1_048_576;

describe.runIf(hasChromium())('a broker in a tab', () => {
  const site = useHostsSite();

  const places = [
    ['worker', 'opfs'], ['elected-worker', 'opfs'], ['shared-worker', 'indexeddb'], ['here', 'indexeddb'],
  ] as const;
  describe.each(places)('%s, with %s', (place, storage) => {
    test('keeps what is durable over a reload', async () => {
      const tab = await site.openWith({ place });
      expect(await tab.call('storage')).toEqual({ storage, notice: undefined });
      await tab.call('declare', 'tasks');
      for (const body of ['first', 'second']) expect(await tab.call('publish', 'tasks', body)).toBe('confirmed');
      expect(await tab.call('next', 'tasks')).toMatchObject({ text: 'first' });
      // Nobody promises that an acknowledgement is on disk; what is confirmed after it, is.
      expect(await tab.call('publish', 'tasks', 'third')).toBe('confirmed');
      await tab.page.reload();
      const again = await tabOf(tab.page);
      await openBroker(again, { place });
      expect(await again.call('count', 'tasks')).toBe(2);
      expect(await again.call('next', 'tasks')).toMatchObject({ text: 'second' });
    });

    test('keeps it over a crash, what was held by a consumer included', async () => {
      const tab = await site.openWith({ place });
      await tab.call('declare', 'tasks');
      for (const body of ['first', 'second']) expect(await tab.call('publish', 'tasks', body)).toBe('confirmed');
      expect(await tab.call('hold', 'tasks')).toBe('first');
      await crash(tab);
      const again = await site.openWith({ place });
      expect(await again.call('next', 'tasks')).toEqual({ text: 'first', redelivered: true });
      expect(await again.call('next', 'tasks')).toMatchObject({ text: 'second' });
    });
  });

  test('keeps nothing where it is told to', async () => {
    const tab = await site.openWith({ place: 'worker', storage: 'memory' });
    expect(await tab.call('storage')).toEqual({ storage: 'memory', notice: undefined });
    await tab.call('declare', 'tasks');
    await tab.page.reload();
    const again = await tabOf(tab.page);
    await openBroker(again, { place: 'worker', storage: 'memory' });
    await expect(again.call('count', 'tasks')).rejects.toThrow('no queue \'tasks\'');
  });

  test('has its data for itself, and lets go of them when it is closed', async () => {
    const [first, second] = [await site.openWith({ place: 'worker' }), await site.open()];
    expect(await second.call('open', { place: 'worker' })).toBe(
      "TabBrokerError: The data of the broker 'broker' cannot be kept: another tab or worker is using them. " +
        "With storage: 'durable-or-memory' it would go on in memory alone.",
    );
    await first.call('close');
    expect(await second.call('open', { place: 'worker' })).toBe('worker');
  });

  test('is one with the same storage for all tabs', async () => {
    const [, second] = [await site.openWith({ storage: 'memory' }), await site.open()];
    expect(await second.call('open')).toBe(
      "TabBrokerError: The broker 'broker' runs with storage 'memory', not 'durable'.",
    );
    expect(await second.call('open', { storage: 'tape' })).toContain('and not \'tape\'');
  });

  test('that is denied its storage says so, and goes on in memory only if it may', async () => {
    const tab = await site.open();
    await tab.call('denyStorage');
    const reason = "The data of the broker 'broker' cannot be kept: this browser does not let this site store " +
      "anything. With storage: 'durable-or-memory' it would go on in memory alone.";
    expect(await tab.call('open', { place: 'here' })).toBe(`TabBrokerError: ${reason}`);
    await openBroker(tab, { place: 'here', storage: 'durable-or-memory' });
    await tab.call('declare', 'tasks');
    expect(await tab.call('publish', 'tasks', 'hello')).toBe('confirmed');
    expect(await tab.call('storage')).toEqual({ storage: 'memory', notice: reason });
  });

  test.each(places)('%s, with %s, that has no space left says so, and goes on once there is', async (place) => {
    const tab = await site.open();
    const setQuota = await quotaOf(tab, site.url);
    // Chromium remembers for a while how much there was.
    await setQuota(12 * MEBIBYTE);
    await openBroker(tab, { place });
    await tab.call('declare', 'tasks');
    await tab.call('watchNotice');
    await tab.call('fill', 'tasks', 20);
    const full = /^Durable data wait for space, and so does who publishes: \d+\.segment: /;
    expect(await tab.call('noticed')).toMatch(full);
    await tab.call('watchNotice');
    await setQuota(1024 * MEBIBYTE);
    expect(await tab.call('noticed')).toBeUndefined();
    expect(await tab.call('filledWith')).toMatch(/confirmed/);
    expect(await tab.call('publish', 'tasks', 'more')).toBe('confirmed');
  });
});

/** Sets how many bytes the site may store. */
async function quotaOf({ page }: Tab, url: string): Promise<(quotaSize: number) => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  const { origin } = new URL(url);
  return async (quotaSize) => {
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
  };
}
