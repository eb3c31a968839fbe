/** The Chromium of this machine, for all tests of a file. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

const commands = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** None of it is needed here, and much of it would look for a network or a screen. */
export const chromiumFlags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

/** The browser that is named, else one that is installed, else the driver's own. */
export function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const installed = commands.flatMap((command) => folders.map((folder) => join(folder, command)));
  const named = process.env['CHROMIUM'];
  const paths = named === undefined ? [...installed, chromium.executablePath()] : [named];
  return paths.find((path) => existsSync(path));
}

/** Whether there is one; where CI is set, its absence is a failure. */
export function hasChromium(): boolean {
  if (findChromium() !== undefined) return true;
  const sentence = 'The tests in a browser are SKIPPED: there is no Chromium (Debian package chromium).';
  if (process.env['CI'] === 'true') throw new Error(sentence);
  process.stderr.write(`${sentence}\n`);
  return false;
}

/** A Chromium with the settings of a profile: the folder of one. */
export function launchProfile(folder: string): ReturnType<typeof chromium.launchPersistentContext> {
  const options = { executablePath: findChromium()!, args: chromiumFlags };
  return chromium.launchPersistentContext(folder, options);
}

export function launchChromium(): ReturnType<typeof chromium.launch> {
  return chromium.launch({ executablePath: findChromium()!, args: chromiumFlags });
}
