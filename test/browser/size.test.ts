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
  // Connections that come back, promises and pulled sources beside the Observables are 4 kB of it.
  { what: 'the client', code: "export * from 'tabmq/client';", kilobytesMax: { first: 35, later: 0 } },
  {
    what: 'the broker and the browser',
    code: "export * from 'tabmq/browser';",
    kilobytesMax: { first: 92, later: 24 },
  },
  {
    what: 'a page whose broker is in a worker',
    code: "export { installTabWebSocket, openBroker } from 'tabmq/browser';",
    kilobytesMax: { first: 11, later: 0 },
  },
];

/** Bytes of the scripts that a bundler makes of some code, gzipped. */
async function gzipped(code: string): Promise<Sizes> {
  const { outputFiles, metafile } = await build({
    ...bundleOptions, stdin: { contents: code, resolveDir: root }, splitting: true, metafile: true, outdir: 'out',
  });
  const outputs = Object.entries(metafile.outputs);
  const entry = outputs.find(([, { entryPoint }]) => entryPoint === '<stdin>')![0];
  const reached = (from: string, kinds: readonly string[], seen = new Set([from])): Set<string> => {
    for (const { path, kind } of metafile.outputs[from]!.imports) {
      if (kinds.includes(kind) && !seen.has(path)) reached(path, kinds, seen.add(path));
    }
    return seen;
  };
  const first = reached(entry, ['import-statement']);
  // A bundler writes further scripts, which nothing that is left of the code asks for.
  const all = reached(entry, ['import-statement', 'dynamic-import']);
  const sizes = { first: 0, later: 0 };
  for (const name of all) {
    const { contents, text } = outputFiles.find(({ path }) => path.endsWith(name))!;
    expect(text).not.toMatch(/["'`]node:|\bprocess\./);
    sizes[first.has(name) ? 'first' : 'later'] += gzipSync(contents, { level: 9 }).length;
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
