/** The documentation that `npm run docs` writes: it is whole, leads nowhere astray, and is served. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startGateway, type Gateway } from '../../node/index.ts';
import { Playground } from '../../node/playground.ts';
import { hasChromium, launchChromium } from '../browser/chromium.ts';
import { projectFiles } from '../tidy/files.ts';

const folder = fileURLToPath(new URL('../../dist/demo/docs/', import.meta.url));
const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.html'));
const textOf = new Map(pages.map((path) => [join(folder, path), readFileSync(join(folder, path), 'utf8')]));

/** What a page refers to, by an attribute of this name. */
function referred(page: string, attribute: 'href' | 'src'): string[] {
  return [...textOf.get(page)!.matchAll(new RegExp(`\\s${attribute}="([^"]*)"`, 'g'))]
    .map(([, target]) => target!.replaceAll('&amp;', '&'));
}

const isElsewhere = (target: string): boolean => /^[a-z][a-z+.-]*:|^\/\//.test(target);

function leadsNowhere(page: string, target: string): boolean {
  if (target === '#' || isElsewhere(target)) return false;
  const [path = '', fragment = ''] = target.split('#').map(decodeURIComponent);
  const file = path === '' ? page : resolve(dirname(page), path.replace(/\?.*/, ''));
  // The playground is built beside it.
  if (relative(folder, file) === join('..', 'index.html')) return false;
  if (!existsSync(file)) return true;
  const text = textOf.get(file);
  return fragment !== '' && text !== undefined && !text.includes(`id="${fragment}"`);
}

test('every link leads somewhere', () => {
  const lost = [...textOf.keys()].flatMap((page) => [...referred(page, 'href'), ...referred(page, 'src')]
    .filter((target) => leadsNowhere(page, target)).map((target) => `${relative(folder, page)}: ${target}`));
  expect(lost).toEqual([]);
});

test('nothing is loaded from elsewhere, and each page says so to the browser', () => {
  for (const [page, text] of textOf) {
    expect(referred(page, 'src').filter(isElsewhere), page).toEqual([]);
    expect(text, page).toContain('http-equiv="Content-Security-Policy" content="default-src \'none\'; script-src');
    expect(text.match(/<link [^>]*href="https?:/g), page).toBeNull();
  }
});

test('every door of the package has a page, and every guide', () => {
  const headings = new Set([...textOf.values()].map((text) => /<title>(.*?) \| TabMQ/.exec(text)?.[1]));
  for (const door of ['tabmq', 'tabmq/client', 'tabmq/protocol', 'tabmq/node', 'tabmq/browser', 'tabmq/testing']) {
    expect(headings).toContain(door);
  }
  const guides = projectFiles().filter(({ path }) => /^(core|node|browser|demo)\/.*\.md$/.test(path));
  const titles = guides.map(({ text }) => /^# (.*)/.exec(text)![1]!.replaceAll('`', ''));
  expect(titles.filter((title) => !headings.has(title))).toEqual([]);
});

describe('as the gateway serves it', () => {
  let gateway: Gateway;
  const urlOf = (path: string): string => `http://127.0.0.1:${gateway.ports.http}${path}`;

  beforeAll(async () => {
    const playground = Playground.installed();
    gateway = await startGateway({ hosts: ['127.0.0.1'], ports: { amqp: 0, http: 0 }, playground });
  });

  afterAll(() => gateway.stop());

  test('its front page is that of the folder', async () => {
    const answer = await fetch(urlOf('/docs'));
    expect([answer.url, answer.status]).toEqual([urlOf('/docs/'), 200]);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('content-security-policy')).toBe("frame-ancestors 'none'");
    expect(await answer.text()).toContain('A server for your programs');
  });

  test.skipIf(!hasChromium())('it is searched, in both themes, without a complaint', async () => {
    const browser = await launchChromium();
    onTestFinished(() => browser.close());
    const page = await browser.newPage({ serviceWorkers: 'block' });
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(urlOf('/'))) complaints.push(request.url());
    });
    await page.goto(urlOf('/docs/'));
    await page.getByLabel('Search').first().click();
    await page.getByRole('combobox').or(page.getByRole('searchbox')).first().fill('VirtualClock');
    await page.getByRole('option', { name: /VirtualClock/ }).first().click();
    await page.waitForURL(/VirtualClock/);
    const colours = new Set<string>();
    for (const theme of ['light', 'dark']) {
      await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);
      colours.add(await page.evaluate('getComputedStyle(document.body).backgroundColor'));
    }
    expect(colours.size).toBe(2);
    await page.getByRole('link', { name: 'Playground' }).first().click();
    await page.waitForURL(urlOf('/index.html'));
    expect(complaints).toEqual([]);
  });
});
