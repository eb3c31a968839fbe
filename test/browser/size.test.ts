/** What the client costs a page. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bundle } from './bundle.ts';

const KILOBYTE = 1000;
const GZIP_BYTES_MAX = 30 * KILOBYTE;

test('the client, with all of it and the rxjs it needs, is less than 30 kB', async () => {
  const script = await bundle({ code: "export * from 'tabmq/client';" });
  const { length: gzipBytes } = gzipSync(script, { level: 9 });
  const inKilobytes = (bytes: number): string => `${(bytes / KILOBYTE).toFixed(1)} kB`;
  process.stdout.write(
    `tabmq/client with rxjs: ${inKilobytes(script.length)} minified, ${inKilobytes(gzipBytes)} gzipped\n`,
  );
  expect(script).not.toMatch(/\bnode:|\bprocess\./);
  expect(gzipBytes).toBeLessThan(GZIP_BYTES_MAX);
});
