import type { Screen } from '../../shell/app.ts';

export const screen: Screen = {
  route: 'log',
  title: 'Log',
  order: 10,
  icon: 'M5 5h14M5 10h14M5 15h9M5 20h6',
  alone: true,
  needs: ['server', 'administer'],
  load: () => import('./log.svelte'),
};
