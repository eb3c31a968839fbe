/** What TabMQ costs a page. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bundle } from './bundle.ts';

const KILOBYTE = 1000;

const budgets = [
  { what: 'the client', code: "export * from 'tabmq/client';", gzipBytesMax: 30 * KILOBYTE },
  { what: 'the broker and the browser', code: "export * from 'tabmq/browser';", gzipBytesMax: 60 * KILOBYTE },
  {
    what: 'a page whose broker is in a worker',
    code: "export { installTabWebSocket, openBroker } from 'tabmq/browser';",
    gzipBytesMax: 10 * KILOBYTE,
  },
];

test.each(budgets)('$what, with the rxjs it needs, is less than $gzipBytesMax bytes', async (budget) => {
  const script = await bundle({ code: budget.code });
  const { length: gzipBytes } = gzipSync(script, { level: 9 });
  const inKilobytes = (bytes: number): string => `${(bytes / KILOBYTE).toFixed(1)} kB`;
  process.stdout.write(
    `${budget.what} with rxjs: ${inKilobytes(script.length)} minified, ${inKilobytes(gzipBytes)} gzipped\n`,
  );
  expect(script).not.toMatch(/["'`]node:|\bprocess\./);
  expect(gzipBytes).toBeLessThan(budget.gzipBytesMax);
});
