import type { Screen } from '../../shell/app.ts';

export const screen: Screen = {
  route: 'wire',
  title: 'Wire',
  order: 6,
  icon: 'M3 7h12M11 3l4 4-4 4M21 17H9M13 13l-4 4 4 4',
  needs: ['frames'],
  load: () => import('./wire.svelte'),
};
