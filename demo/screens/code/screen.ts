import type { Screen } from '../../shell/app.ts';

export const screen: Screen = {
  route: 'code',
  title: 'Code',
  order: 3,
  icon: 'M8 7l-5 5 5 5M16 7l5 5-5 5M13.5 5l-3 14',
  alone: true,
  needs: ['clients'],
  load: () => import('./code.svelte'),
};
