import { firstValueFrom, skip } from 'rxjs';
import { isSeed } from '../port/clock-control.ts';
import { loadScenario } from '../scenarios/load.ts';
import { isShareLink } from '../share/hash.ts';
import { incoming$, receive } from '../share/sharing.ts';
import type { App, Route } from './app.ts';
import { notedScenario, noteWhatRuns, resume } from './notes.ts';
import { openScenario, scenario$, shown$ } from './open-scenario.ts';

/** What an entry of the browser's history remembers: the scenario that it began. */
interface Begun {
  readonly begun: string;
}

/** What runs when nobody asked for anything: the page is never empty. */
export const FIRST_SCENARIO = 'work-queue';

/** Loads what will most likely be begun, so that the first thing that is seen is a lesson. */
export async function expectLesson(route: Route): Promise<void> {
  if (isShareLink(location.hash)) return;
  const { path: [place, name = FIRST_SCENARIO] } = route;
  const asked = place === 's' ? name : FIRST_SCENARIO;
  shown$.next(place === 's' ? await loadScenario(asked)
    : notedScenario() ?? await loadScenario(asked));
}

/** Begins what the address asks for, and again whenever it asks for something else. */
export async function beginAt(app: App): Promise<void> {
  const { hash } = location;
  app.route$.pipe(skip(1)).subscribe((route) => void onRoute(app, route));
  addEventListener('hashchange', () => void askAbout(location.hash));
  const route = await firstValueFrom(app.route$);
  if (isShareLink(hash)) await askAbout(hash);
  else await beginOrJoin(app, route);
  noteWhatRuns(app);
  app.port.home?.lost$.subscribe(() => void resume(app, { path: [], query: {} }));
  performance.mark('playground-began');
}

/** What another tab runs goes on, whatever this one is opened with. */
async function beginOrJoin(app: App, route: Route): Promise<void> {
  const found = await resume(app, route);
  if (found === 'nothing') {
    await begin(app, route);
    return;
  }
  const { name, coach } = scenario$.value!;
  if (found === 'asked') {
    history.replaceState({ begun: name } satisfies Begun, '');
    return;
  }
  app.go('/canvas');
  incoming$.next({
    kind: 'tells', title: `Another tab is in the lesson “${coach.title}”`,
    text: 'This tab shows the same broker, so nothing was begun anew. Another lesson can be ' +
      'begun for both tabs under Scenarios.',
  });
}

/** Begins the first lesson where nothing has begun yet. */
export async function beginSomething(app: App): Promise<void> {
  if (scenario$.value === undefined) await openScenario(app, FIRST_SCENARIO);
}

/** `#/s/<scenario>?seed=1&paused=1`, else the first lesson. */
async function begin(app: App, { path, query }: Route): Promise<void> {
  const [place, name = FIRST_SCENARIO] = path;
  const seed = Number(query['seed']);
  const options = {
    paused: query['paused'] === '1',
    ...(query['seed'] !== undefined && isSeed(seed) && { seed }),
  };
  const asked = place === 's' ? name : FIRST_SCENARIO;
  history.replaceState({ begun: asked } satisfies Begun, '');
  if (await openScenario(app, asked, options)) return;
  incoming$.next({
    kind: 'tells', title: `There is no scenario “${asked}”`,
    text: 'The first lesson begins instead.',
  });
  await openScenario(app, FIRST_SCENARIO, options);
}

/** Whoever comes back to where a lesson began finds it as far as it is, not at its beginning. */
async function onRoute(app: App, route: Route): Promise<void> {
  const { name } = scenario$.value ?? {};
  const isBack = name !== undefined && (history.state as Begun | null)?.begun === name;
  if (route.path[0] === 's' && !isBack) await begin(app, route);
}

/** What was shared is shown, and runs once somebody said so. */
async function askAbout(hash: string): Promise<void> {
  if (!isShareLink(hash)) return;
  await receive(async () => (await import('../share/link.ts')).sharedIn(hash));
}
