import type { Screen } from '../../shell/app.ts';

export const screen: Screen = {
  route: 'scenarios',
  title: 'Scenarios',
  order: 1,
  icon: 'M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z',
  alone: true,
  needs: ['clients'],
  load: () => import('./scenarios.svelte'),
};
