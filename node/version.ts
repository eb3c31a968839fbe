import { createRequire } from 'node:module';

/** The package's own name leads to its package.json from the sources and from dist alike. */
const manifest = createRequire(import.meta.url)('tabmq/package.json') as { version: string };

export const { version } = manifest;
