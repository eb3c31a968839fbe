/** The site whose tabs open brokers: see page/hosts.ts. */
import { fileURLToPath } from 'node:url';
import type { BrowserContext } from 'playwright-core';
import { afterEach, expect } from 'vitest';
import { bundle } from './bundle.ts';
import { useSite, type Site, type Tab } from './page.ts';

const scriptOf = (name: string): Promise<string> =>
  bundle({ file: fileURLToPath(new URL(`page/${name}.ts`, import.meta.url)) });

export interface HostsSite extends Site {
  /** A tab that has opened a broker. */
  openWith(options: object): Promise<Tab>;
}

export function useHostsSite(openProfile?: () => Promise<BrowserContext>): HostsSite {
  const site = useSite(async () => ({
    '/script.js': await scriptOf('hosts'),
    '/client-worker.js': await scriptOf('client-worker'),
    '/control-worker.js': await scriptOf('control-worker'),
    '/broker-worker.js': await bundle({ file: 'dist/browser/broker-worker.js' }),
  }), openProfile);
  afterEach(() => site.forget());
  return {
    ...site,
    get url() {
      return site.url;
    },
    async openWith(options) {
      const tab = await site.open();
      await openBroker(tab, options);
      return tab;
    },
  };
}

/** Opens the broker in a tab, for the first time or again. */
export async function openBroker(tab: Tab, options: object): Promise<void> {
  const place = await tab.call('open', options);
  expect(place).toBe('place' in options ? options.place : 'shared-worker');
}

/** Ends the process of a tab, and of no other. */
export async function crash(tab: Tab): Promise<void> {
  const crashed = tab.page.waitForEvent('crash');
  await tab.page.goto('chrome://crash').catch(() => {});
  await crashed;
}
