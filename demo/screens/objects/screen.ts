import type { Screen } from '../../shell/app.ts';

export const screen: Screen = {
  route: 'objects',
  title: 'Objects',
  order: 3,
  icon: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z',
  alone: true,
  needs: ['server'],
  load: () => import('./objects.svelte'),
};
