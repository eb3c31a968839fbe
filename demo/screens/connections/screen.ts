import type { Screen } from '../../shell/app.ts';

export const screen: Screen = {
  route: 'connections',
  title: 'Connections',
  order: 5,
  icon: 'M7 7a5 5 0 0 0 0 10h3M17 7a5 5 0 0 1 0 10h-3M8 12h8',
  alone: true,
  load: () => import('./connections.svelte'),
};
