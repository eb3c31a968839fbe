import { readFileSync } from 'node:fs';
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
