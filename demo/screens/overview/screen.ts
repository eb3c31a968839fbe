import type { Screen } from '../../shell/app.ts';

export const screen: Screen = {
  route: 'overview',
  title: 'Overview',
  order: 1,
  icon: 'M4 13h4v7H4zM10 8h4v12h-4zM16 4h4v16h-4z',
  alone: true,
  needs: ['server'],
  load: () => import('./overview.svelte'),
};
