/** What of the playground the broker does not keep: code, scenario, time. For the next visit. */
import { auditTime, combineLatest, firstValueFrom } from 'rxjs';
import { isQuotaExceeded } from '../../browser/storage-reason.ts';
import type { ClientSpec } from '../port/client-host.ts';
import type { Scenario } from '../scenarios/format.ts';
import type { App, Route } from './app.ts';
import { setNotice } from './notices.ts';
import { scenario$ } from './open-scenario.ts';

interface Notes {
  readonly scenario: Scenario;
  readonly clients: readonly ClientSpec[];
  readonly seed: number;
  readonly now: number;
  readonly speed: number;
  readonly paused: boolean;
}

const KEY = 'playground.notes';
/** Milliseconds of the wall between two notes. */
const NOTE_MS = 200;

/** Keeps notes from now on, and hears of those that another tab takes. */
export function noteWhatRuns({ port: { clients, clock } }: App): void {
  if (clients === undefined || clock === undefined) return;
  combineLatest([scenario$, clients.clients$, clock.state$]).pipe(auditTime(NOTE_MS))
    .subscribe(([scenario, views, { seed, now, speed, paused }]) => {
      // Without clients the broker has only just begun, again perhaps.
      if (scenario === undefined || views.length === 0) return;
      const specs = views.map(({ name, code, library }) => ({ name, code, library }));
      write({ scenario, clients: specs, seed, now, speed, paused });
    });
  addEventListener('storage', ({ key }) => {
    const scenario = key === KEY ? read()?.scenario : undefined;
    if (scenario !== undefined && scenario.name !== scenario$.value?.name) scenario$.next(scenario);
  });
}

/** Forgets what the next visit would begin with. */
export function forgetNotes(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}

/**
 * Goes on with what another tab runs, or with what was kept; false: there is neither, or the
 * address asks for a scenario, which begins fresh unless the page was only loaded again.
 */
export async function resume(app: App, { path: [place, name] }: Route): Promise<boolean> {
  const notes = read();
  const { home } = app.port;
  if (home === undefined || notes === undefined) return false;
  if (place === 's' && !(isReload() && notes.scenario.name === name)) return false;
  const { tabs } = await firstValueFrom(home.state$);
  const isFirst = await home.recover(notes.seed, notes.now);
  scenario$.next(notes.scenario);
  // The Workers of clients went with the page that had them.
  if (isFirst || tabs < 2) await startAll(app, notes);
  return true;
}

/** Crashes the broker, and starts the same clients on what comes back. */
export async function restartBroker(app: App): Promise<void> {
  const { clients, clock, home } = app.port;
  const [views, { speed, paused }] = await Promise.all([
    firstValueFrom(clients!.clients$), firstValueFrom(clock!.state$),
  ]);
  await home!.restart();
  await startAll(app, { clients: views, speed, paused });
}

async function startAll(
  { port }: App, { clients, speed, paused }: Pick<Notes, 'clients' | 'speed' | 'paused'>,
): Promise<void> {
  await port.clock!.setSpeed(speed);
  for (const { name, code, library } of clients) await port.clients!.start({ name, code, library });
  if (!paused) await port.clock!.resume();
}

function isReload(): boolean {
  const [navigation] = performance.getEntriesByType('navigation');
  return (navigation as PerformanceNavigationTiming | undefined)?.type === 'reload';
}

function write(notes: Notes): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(notes));
    setNotice('notes', '');
  } catch (error) {
    // Where nothing at all may be kept, the broker has said so.
    if (!isQuotaExceeded(error)) return;
    setNotice('notes', 'This site has no more space for the code of the clients: the next visit ' +
      'begins without your changes.');
  }
}

function read(): Notes | undefined {
  try {
    const notes = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Notes | null;
    // Somebody may have written there by hand, or an older playground.
    const isWhole = Array.isArray(notes?.clients) && Array.isArray(notes.scenario?.coach?.steps);
    return isWhole ? notes! : undefined;
  } catch {
    return undefined;
  }
}
