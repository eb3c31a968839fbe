import type { Screen } from '../../shell/app.ts';

export const screen: Screen = {
  route: 'admin',
  title: 'Admin',
  order: 9,
  icon: 'M12 3l7 3v6c0 4-3 7-7 9-4-2-7-5-7-9V6z',
  alone: true,
  needs: ['server', 'makePolicies'],
  load: () => import('./admin.svelte'),
};
