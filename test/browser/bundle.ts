/** Bundles for a browser what a user of the package would: by its doors, as it was built. */
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const bundleOptions = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  // The form of rxjs that is as modern as the target.
  conditions: ['es2015'],
  write: false as const,
  logLevel: 'error',
} satisfies BuildOptions;

/** One script of a module and all that it imports. */
export async function bundle(
  entry: { readonly file: string } | { readonly code: string }, options: Pick<BuildOptions, 'supported'> = {},
): Promise<string> {
  const { outputFiles } = await build({
    ...bundleOptions, ...options,
    ...('file' in entry ? { entryPoints: [entry.file] } : { stdin: { contents: entry.code, resolveDir: root } }),
  });
  return outputFiles[0]!.text;
}
