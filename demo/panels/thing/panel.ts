import type { Panel } from '../../shell/app.ts';

/** What a queue, an exchange or a connection is, and what it is joined to. */
export const panel: Panel = {
  title: 'Facts',
  order: 1,
  shows: ['queue', 'exchange', 'connection'],
  load: () => import('./thing.svelte'),
};
