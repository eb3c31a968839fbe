import type { Screen } from '../../shell/app.ts';

export const screen: Screen = {
  route: 'definitions',
  title: 'Definitions',
  order: 8,
  icon: 'M8 4c-3 0-2 5-2 6s-1 2-2 2c1 0 2 1 2 2s-1 6 2 6' +
    'M16 4c3 0 2 5 2 6s1 2 2 2c-1 0-2 1-2 2s1 6-2 6',
  alone: true,
  load: () => import('./definitions.svelte'),
};
