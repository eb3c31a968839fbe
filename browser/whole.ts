/**
 * All that a page without a bundler needs, as one script without imports: `npm run bundle` makes
 * dist/bundle/tabmq.js of it, and the script of the workers beside it.
 */
export * from './client.ts';
export * from './index.ts';
