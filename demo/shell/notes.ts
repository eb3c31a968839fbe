/** What of the playground the broker does not keep: code, scenario, time. For the next visit. */
import { auditTime, combineLatest, firstValueFrom, skip, takeUntil, timer } from 'rxjs';
import { isQuotaExceeded } from '../../browser/storage-reason.ts';
import type { ClientSpec } from '../port/client-host.ts';
import type { ClockState } from '../port/clock-control.ts';
import type { Scenario } from '../scenarios/format.ts';
import type { App, Route } from './app.ts';
import { setNotice } from './notices.ts';
import { inTurn, scenario$ } from './open-scenario.ts';
import { setCurrent, workspaceKey } from './workspaces.ts';

interface Notes {
  readonly scenario: Scenario;
  readonly clients: readonly ClientSpec[];
  readonly seed: number;
  readonly speed: number;
  readonly paused: boolean;
}

const KEY = 'notes';
/** Virtual time has a place of its own: it goes on all the while, and the rest is long. */
const TIME_KEY = 'time';
/** Milliseconds of the wall between two notes. */
const NOTE_MS = 200;

let beginnings: number | undefined;
/** Of which beginning the scenario here is: another tab may have begun something else. */
let known: number | undefined;
/** How many are starting clients at the moment: what runs then is not all of it. */
let starting = 0;

/** Keeps notes from now on, and hears of those that another tab takes. */
export function noteWhatRuns({ port: { clients, clock, home } }: App): void {
  if (clients === undefined || clock === undefined || home === undefined) return;
  home.state$.subscribe((state) => {
    known ??= state.beginnings;
    ({ beginnings } = state);
    if (state.begun) setCurrent(state.workspace);
  });
  scenario$.pipe(skip(1)).subscribe(() => (known = beginnings));
  combineLatest([scenario$, clients.clients$, clock.state$]).pipe(auditTime(NOTE_MS))
    .subscribe(([scenario, views, state]) => note(scenario, views, state));
  addEventListener('storage', ({ key }) => {
    const scenario = key === workspaceKey(KEY) ? read()?.scenario : undefined;
    if (scenario === undefined) return;
    if (scenario.name !== scenario$.value?.name) scenario$.next(scenario);
    known = beginnings;
  });
}

function note(
  scenario: Scenario | undefined, views: readonly ClientSpec[],
  { seed, now, speed, paused }: ClockState,
): void {
  // Without clients the broker has only just begun, again perhaps.
  if (scenario === undefined || views.length === 0) return;
  if (known !== beginnings || starting > 0) return;
  const clients = views.map(({ name, code, library }) => ({ name, code, library }));
  write({ scenario, clients, seed, speed, paused }, now);
}

/** Goes on with another workspace, in all tabs; false: nothing runs in it yet. */
export async function switchWorkspace(app: App, id: string): Promise<boolean> {
  // What is just beginning is left when it has begun, and noted as it then is.
  const hasNotes = await inTurn(async () => {
    const { clients, clock, home } = app.port;
    const [views, state] = await Promise.all([
      firstValueFrom(clients!.clients$), firstValueFrom(clock!.state$),
    ]);
    note(scenario$.value, views, state);
    const notes = read(id);
    await home!.switchTo(id, notes?.seed ?? 1, timeIn(id));
    setCurrent(id);
    if (notes === undefined) return false;
    scenario$.next(notes.scenario);
    await startAll(app, notes);
    return true;
  });
  return hasNotes ?? true;
}

/** The scenario that ran when this site was last open. */
export function notedScenario(): Scenario | undefined {
  return read()?.scenario;
}

/** What a page found when it was opened. */
export type Found =
  /** Nothing: it begins what it is asked for. */
  | 'nothing'
  /** What was kept, or what another tab runs. */
  | 'asked'
  /** What another tab runs, which is another scenario than the address asks for. */
  | 'another';

/**
 * Goes on with what another tab runs, of which no client is touched, or with what was kept. A
 * scenario that the address asks for begins fresh, unless another tab runs anything, or the page
 * was only loaded again.
 */
export async function resume(app: App, { path: [place, name] }: Route): Promise<Found> {
  const { home } = app.port;
  if (home === undefined) return 'nothing';
  await home.entered;
  const { tabs, begun } = await firstValueFrom(home.state$);
  if (begun && tabs > 1) {
    const notes = await notesOfOthers();
    if (notes === undefined) return 'nothing';
    scenario$.next(notes.scenario);
    adoptOrphans(app, notes.clients);
    return place !== 's' || name === notes.scenario.name ? 'asked' : 'another';
  }
  const notes = read();
  if (notes === undefined) return 'nothing';
  if (place === 's' && !(isReload() && notes.scenario.name === name)) return 'nothing';
  const isFirst = await home.recover(notes.seed, timeIn());
  scenario$.next(notes.scenario);
  // The Workers of clients went with the page that had them.
  if (isFirst || begun) await startAll(app, notes);
  return 'asked';
}

/** How long another tab may take to write down what it has just begun. */
const NOTES_WAIT_MS = 3000;
const NOTES_LOOK_MS = 100;

async function notesOfOthers(): Promise<Notes | undefined> {
  for (let waited = 0; waited < NOTES_WAIT_MS; waited += NOTES_LOOK_MS) {
    const notes = read();
    if (notes !== undefined) return notes;
    await new Promise((resolve) => setTimeout(resolve, NOTES_LOOK_MS));
  }
  return undefined;
}

/** How long the page that was here before may take to be gone, with the Workers that it had. */
const ORPHANS_MS = 5000;

/** A page that is loaded again starts what it lost, and nothing that another tab has. */
function adoptOrphans({ port }: App, clients: readonly ClientSpec[]): void {
  if (!isReload()) return;
  port.clients!.clients$.pipe(takeUntil(timer(ORPHANS_MS))).subscribe((views) => {
    for (const { name, orphaned } of views) {
      const spec = orphaned ? clients.find((one) => one.name === name) : undefined;
      if (spec !== undefined) void port.clients!.start(spec);
    }
  });
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
  starting++;
  try {
    await port.clock!.setSpeed(speed);
    for (const { name, code, library } of clients) {
      await port.clients!.start({ name, code, library });
    }
    if (!paused) await port.clock!.resume();
  } finally {
    starting--;
  }
}

function isReload(): boolean {
  const [navigation] = performance.getEntriesByType('navigation');
  return (navigation as PerformanceNavigationTiming | undefined)?.type === 'reload';
}

function write(notes: Notes, now: number): void {
  try {
    keep(workspaceKey(TIME_KEY), String(now));
    keep(workspaceKey(KEY), JSON.stringify(notes));
    setNotice('notes', '');
  } catch (error) {
    // Where nothing at all may be kept, the broker has said so.
    if (!isQuotaExceeded(error)) return;
    setNotice('notes', 'This site has no more space for the code of the clients: the next visit ' +
      'begins without your changes.');
  }
}

/** Writes what is not there already: each write is one to the disk, and an event in other tabs. */
function keep(key: string, text: string): void {
  if (localStorage.getItem(key) !== text) localStorage.setItem(key, text);
}

/** The virtual time that a workspace had come to. */
function timeIn(workspace?: string): number {
  try {
    const time = Number(localStorage.getItem(workspaceKey(TIME_KEY, workspace)));
    return time >= 0 && Number.isFinite(time) ? time : 0;
  } catch {
    return 0;
  }
}

function read(workspace?: string): Notes | undefined {
  try {
    const kept = localStorage.getItem(workspaceKey(KEY, workspace));
    const notes = JSON.parse(kept ?? 'null') as Notes | null;
    // Somebody may have written there by hand, or an older playground.
    const isWhole = Array.isArray(notes?.clients) && Array.isArray(notes.scenario?.coach?.steps);
    return isWhole ? notes! : undefined;
  } catch {
    return undefined;
  }
}
