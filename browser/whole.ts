/**
 * All that a page without a bundler needs, in one door: `npm run bundle` makes dist/web/tabmq.js
 * of it, and the script of the workers beside it; dist/page has the rxjs that goes with them.
 */
export * from './client.ts';
export * from './index.ts';
