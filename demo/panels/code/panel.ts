import type { Panel } from '../../shell/app.ts';

/** The code that runs: what a newcomer sees beside the picture. */
export const panel: Panel = {
  title: 'Code', order: 1, shows: ['client'], idle: true, needs: ['clients'],
  load: () => import('./code.svelte'),
};
