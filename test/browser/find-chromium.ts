/** Run by set-up: prints where a Chromium is, and exits with 1 where there is none. */
import { findChromium } from './chromium.ts';

const path = findChromium();
process.stdout.write(`${path ?? 'no Chromium is installed'}\n`);
process.exitCode = path === undefined ? 1 : 0;
