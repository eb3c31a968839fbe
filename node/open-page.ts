import { spawn } from 'node:child_process';

/** What opens a page on each system; a shell of Windows has it as a word of its own. */
const openers: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'], win32: ['cmd', '/c', 'start', '""'],
};

/**
 * Opens a page in the browser of whoever sits here: the one that BROWSER names, which may be
 * `none`, or that of the system. That there is none is no error: the address is printed as well.
 */
export function openPage(url: string): void {
  const { BROWSER: browser } = process.env;
  if (browser === 'none') return;
  const [command, ...parameters] = browser ? [browser] : openers[process.platform] ?? ['xdg-open'];
  spawn(command!, [...parameters, url], { stdio: 'ignore', detached: true })
    .on('error', () => {}).unref();
}
