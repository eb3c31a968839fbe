/** The core's own tests in Chromium, the same files as in Node: `npm run test:browser`. */
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumFlags, findChromium } from './chromium.ts';
import { nodeFreeTests } from './node-free.ts';

const executablePath = findChromium();

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  optimizeDeps: { include: ['fast-check', 'rxjs'] },
  test: {
    include: nodeFreeTests(),
    testTimeout: 120_000,
    // A page for each file takes longer than most of the tests do.
    isolate: false,
    fileParallelism: false,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      ui: false,
      provider: playwright({
        launchOptions: { ...(executablePath && { executablePath }), args: [...chromiumFlags] },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
});
