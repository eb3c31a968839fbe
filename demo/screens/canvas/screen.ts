import type { Screen } from '../../shell/app.ts';

export const screen: Screen = {
  route: 'canvas',
  title: 'Canvas',
  order: 2,
  icon: 'M3 6h5v4H3zM16 4h5v4h-5zM16 15h5v4h-5zM8 8c4 0 4-2 8-2M8 8c4 0 4 9 8 9',
  load: () => import('./canvas.svelte'),
};
