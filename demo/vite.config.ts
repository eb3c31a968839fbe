/** Builds the playground: static files that work from any folder of any host, without a network. */
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import {
  compiledClients, compressed, keepDocs, lessonHeadings, offline, sandboxScripts,
} from './vite-plugins.ts';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  plugins: [
    svelte({ configFile: false }), compiledClients(), lessonHeadings(), sandboxScripts(),
    keepDocs(), offline(), compressed(),
  ],
  worker: { format: 'es', rolldownOptions: { checks: { pluginTimings: false } } },
  build: {
    outDir: fileURLToPath(new URL('../dist/demo', import.meta.url)),
    // The documentation lies in there as well: `keepDocs` clears the rest.
    emptyOutDir: false,
    target: 'es2022',
    modulePreload: { polyfill: false },
    // The editor, which is loaded only when somebody edits.
    chunkSizeWarningLimit: 600,
    rolldownOptions: { checks: { pluginTimings: false } },
    // Below this size pictures become data: URLs, which the policy allows for pictures alone.
    assetsInlineLimit: (file) => (file.endsWith('.svg') ? undefined : false),
  },
  server: { host: '127.0.0.1' },
  preview: { host: '127.0.0.1' },
});
