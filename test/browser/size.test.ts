/** What TabMQ costs a page. */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { bundleOptions } from './bundle.ts';

const KILOBYTE = 1000;
const root = fileURLToPath(new URL('../..', import.meta.url));

interface Sizes {
  /** What is loaded at once: the module and all that it imports. */
  readonly first: number;
  /** What is loaded when it is wanted. */
  readonly later: number;
}

const budgets = [
  { what: 'the client', code: "export * from 'tabmq/client';", kilobytesMax: { first: 30, later: 0 } },
  {
    what: 'the broker and the browser',
    code: "export * from 'tabmq/browser';",
    kilobytesMax: { first: 60, later: 12 },
  },
  {
    what: 'a page whose broker is in a worker',
    code: "export { installTabWebSocket, openBroker } from 'tabmq/browser';",
    kilobytesMax: { first: 10, later: 12 },
  },
];

/** Bytes of the scripts that a bundler makes of some code, gzipped. */
async function gzipped(code: string): Promise<Sizes> {
  const { outputFiles, metafile } = await build({
    ...bundleOptions, stdin: { contents: code, resolveDir: root }, splitting: true, metafile: true, outdir: 'out',
  });
  const outputs = Object.entries(metafile.outputs);
  const entry = outputs.find(([, { entryPoint }]) => entryPoint === '<stdin>')![0];
  const first = new Set<string>();
  const follow = (path: string): void => {
    first.add(path);
    for (const { path: next, kind } of metafile.outputs[path]!.imports) {
      if (kind === 'import-statement' && !first.has(next)) follow(next);
    }
  };
  follow(entry);
  const sizes = { first: 0, later: 0 };
  for (const { path, contents, text } of outputFiles) {
    expect(text).not.toMatch(/["'`]node:|\bprocess\./);
    const isFirst = [...first].some((name) => path.endsWith(name));
    sizes[isFirst ? 'first' : 'later'] += gzipSync(contents, { level: 9 }).length;
  }
  return sizes;
}

test.each(budgets)('$what, with the rxjs it needs, keeps within its bounds', async (budget) => {
  const { first, later } = await gzipped(budget.code);
  const inKilobytes = (bytes: number): string => `${(bytes / KILOBYTE).toFixed(1)} kB`;
  const loadedLater = later === 0 ? '' : `, and ${inKilobytes(later)} when wanted`;
  process.stdout.write(`${budget.what} with rxjs: ${inKilobytes(first)} gzipped${loadedLater}\n`);
  expect(first).toBeLessThan(budget.kilobytesMax.first * KILOBYTE);
  expect(later).toBeLessThanOrEqual(budget.kilobytesMax.later * KILOBYTE);
});
