import { firstValueFrom } from 'rxjs';
import type { App } from './app.ts';
import { openScenario } from './open-scenario.ts';

/** What runs when nobody asked for anything: the page is never empty. */
export const FIRST_SCENARIO = 'work-queue';

/** Begins what the address asks for: `#/s/<scenario>?seed=1&paused=1`, else the first lesson. */
export async function beginAt(app: App): Promise<void> {
  const { path, query } = await firstValueFrom(app.route$);
  const [place, name = FIRST_SCENARIO] = path;
  const seed = Number(query['seed']);
  const options = {
    paused: query['paused'] === '1',
    ...(Number.isInteger(seed) && query['seed'] !== undefined && { seed }),
  };
  const asked = place === 's' ? name : FIRST_SCENARIO;
  if (!await openScenario(app, asked, options)) await openScenario(app, FIRST_SCENARIO, options);
  performance.mark('playground-began');
}
