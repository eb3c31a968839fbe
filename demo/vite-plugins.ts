import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { build } from 'esbuild';
import { transform } from 'sucrase';
import type { Plugin } from 'vite';

/**
 * `import client from './producer.js?client'` gives `{ source, compiled }`: the code as it is
 * shown, and as a sandbox runs it, so that a lesson starts before a compiler is loaded.
 */
export function compiledClients(): Plugin {
  return {
    name: 'compiled-clients',
    enforce: 'pre',
    load(id) {
      const [file, query] = id.split('?', 2);
      if (query !== 'client') return undefined;
      this.addWatchFile(file!);
      const source = readFileSync(file!, 'utf8');
      const { code: compiled } = transform(source, {
        transforms: ['typescript', 'imports'], disableESTransforms: true,
      });
      return { code: `export default ${JSON.stringify({ source, compiled })}`, moduleType: 'js' };
    },
  };
}

/** `import heading from './coach.json?heading'` gives a lesson's number and title alone. */
export function lessonHeadings(): Plugin {
  return {
    name: 'lesson-headings',
    enforce: 'pre',
    load(id) {
      const [file, query] = id.split('?', 2);
      if (query !== 'heading') return undefined;
      this.addWatchFile(file!);
      const { number, title } = JSON.parse(readFileSync(file!, 'utf8'));
      return { code: `export default ${JSON.stringify({ number, title })}`, moduleType: 'js' };
    },
  };
}

/**
 * `import text from './worker.ts?script'` gives the file, and all that it imports, as the text of
 * one classic script: what a sandbox runs. The script of the sandbox's iframe is inline, so the
 * page's policy names its hash.
 */
export function sandboxScripts(): Plugin {
  const frame = fileURLToPath(new URL('sandbox/frame.ts', import.meta.url));
  return {
    name: 'sandbox-scripts',
    enforce: 'pre',
    async load(id) {
      const [file, query] = id.split('?', 2);
      if (query !== 'script') return undefined;
      const { text, inputs } = await bundled(file!);
      for (const input of inputs) this.addWatchFile(input);
      return { code: `export default ${JSON.stringify(text)}`, moduleType: 'js' };
    },
    async transformIndexHtml(html) {
      const hash = createHash('sha256').update((await bundled(frame)).text).digest('base64');
      return html.replace("'sha256-sandbox'", `'sha256-${hash}'`);
    },
  };
}

async function bundled(file: string): Promise<{ text: string; inputs: readonly string[] }> {
  const folder = import.meta.dirname;
  const { outputFiles: [output], metafile } = await build({
    entryPoints: [file], bundle: true, minify: true, format: 'iife', target: 'es2022',
    conditions: ['browser', 'es2015'], write: false, metafile: true,
    absWorkingDir: folder,
  });
  const inputs = Object.keys(metafile.inputs).map((input) => resolve(folder, input));
  return { text: output!.text.trim(), inputs };
}

/** Clears the folder of the build, but for the documentation, which is made by itself. */
export function keepDocs(): Plugin {
  return {
    name: 'keep-docs',
    apply: 'build',
    renderStart({ dir = '' }) {
      const names = existsSync(dir) ? readdirSync(dir) : [];
      for (const name of names) {
        if (name !== 'docs') rmSync(join(dir, name), { recursive: true });
      }
    },
  };
}

/** Below so many octets a file is sent as it is. */
const COMPRESSED_BYTES_MIN = 512;

/**
 * Writes each file of text once more as brotli and as gzip, for servers that look for `.br` and
 * `.gz` beside it: so nothing is compressed while somebody waits.
 */
export function compressed(): Plugin {
  const brotli = promisify(brotliCompress);
  const zip = promisify(gzip);
  return {
    name: 'compressed',
    apply: 'build',
    enforce: 'post',
    async writeBundle({ dir = '' }, bundle) {
      const names = Object.keys(bundle).filter((name) => /\.(js|css|svg|json)$/.test(name));
      await Promise.all(names.map(async (name) => {
        const path = join(dir, name);
        const bytes = await readFile(path);
        if (bytes.length < COMPRESSED_BYTES_MIN) return;
        await writeFile(`${path}.br`, await brotli(bytes));
        await writeFile(`${path}.gz`, await zip(bytes, { level: 9 }));
      }));
    },
  };
}

/** Writes a service worker that keeps every file of this build, for when there is no network. */
export function offline(): Plugin {
  return {
    name: 'offline',
    apply: 'build',
    generateBundle(_options, bundle) {
      const files = Object.keys(bundle).filter((name) => !name.endsWith('.map'));
      const version = files.toSorted().join('\n').split('')
        .reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x0100_0193) >>> 0, 1);
      const kept = ['./', ...files.filter((name) => name !== 'sw.js')];
      const template = readFileSync(new URL('service-worker.js', import.meta.url), 'utf8');
      const source = template
        .replace('__VERSION__', version.toString(36))
        .replace('[/* FILES */]', JSON.stringify(kept));
      this.emitFile({ type: 'asset', fileName: 'sw.js', source });
    },
  };
}
