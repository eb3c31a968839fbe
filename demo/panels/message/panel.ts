import type { Panel } from '../../shell/app.ts';

export const panel: Panel = {
  title: 'Message',
  order: 1,
  shows: ['message'],
  load: () => import('./message.svelte'),
};
