import type { Screen } from '../../shell/app.ts';

export const screen: Screen = {
  route: 'queues',
  title: 'Queues',
  order: 4,
  icon: 'M4 5h16v4H4zM4 10.5h16v4H4zM4 16h16v4H4z',
  load: () => import('./queues.svelte'),
};
