/** What axe finds wrong on a page: WCAG 2.2 AA, and what is good practice. */
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe looks for only where it is asked to. */
const rules = { 'label-content-name-mismatch': { enabled: true } };

/** A line each. */
export async function faultsOn(page: Page): Promise<string[]> {
  if (!await page.evaluate('"axe" in window')) await page.evaluate(axe);
  return page.evaluate(`axe.run(document, ${JSON.stringify({ runOnly: TAGS, rules })}).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
      id + ' ' + target.join(' ') + ': ' + failureSummary.split('\\n').slice(1).join(' '))))`);
}
