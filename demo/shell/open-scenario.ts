import { BehaviorSubject, skip } from 'rxjs';
import { isTaken, type ImportedItem } from '../../core/management/index.ts';
import type { Scenario } from '../scenarios/format.ts';
import { definitionsOf } from '../scenarios/definitions.ts';
import { loadScenario } from '../scenarios/load.ts';
import type { App } from './app.ts';

/** How to begin. */
export interface OpenOptions {
  readonly seed?: number;
  /** Stand still at the beginning: nothing has run. */
  readonly paused?: boolean;
}

/** The scenario that is open; undefined before the first, and on a blank canvas. */
export const scenario$ = new BehaviorSubject<Scenario | undefined>(undefined);

/** The same, from the moment on at which its files are there: it is shown before it runs. */
export const shown$ = new BehaviorSubject<Scenario | undefined>(undefined);
scenario$.pipe(skip(1)).subscribe(shown$);

const SEED = 1;

/**
 * Ends what runs and begins the scenario, unless another one is asked for meanwhile. False: there
 * is none of this name.
 */
export async function openScenario(
  app: App, name: string, options: OpenOptions = {},
): Promise<boolean> {
  // Its turn is that of the call: a lesson that takes longer to load is not newer for that.
  const isThere = await inTurn(async () => {
    const scenario = await loadScenario(name);
    if (scenario === undefined) return false;
    await begin(app, scenario, options);
    return true;
  });
  return isThere ?? true;
}

let newest = 0;
let last: Promise<unknown> = Promise.resolve();

/**
 * One beginning after the other: of two at once the clients of both would start in one world. Of
 * those that wait only the newest is still wanted.
 */
export function inTurn<T>(begin: () => Promise<T>): Promise<T | undefined> {
  const mine = ++newest;
  const begun = last.then(() => (mine === newest ? begin() : undefined));
  last = begun.catch(() => {});
  return begun;
}

/** Ends what runs and begins the scenario; answers what of its topology the broker refused. */
export async function beginScenario(
  app: App, scenario: Scenario, options: OpenOptions = {},
): Promise<readonly ImportedItem[]> {
  return await inTurn(() => begin(app, scenario, options)) ?? [];
}

async function begin(
  app: App, scenario: Scenario, options: OpenOptions,
): Promise<readonly ImportedItem[]> {
  const { clock, clients } = app.port;
  if (clock === undefined || clients === undefined) return [];
  shown$.next(scenario);
  const { topology, inputs = [] } = scenario;
  const { seed = SEED, speed = 1, warmUpMs = 0 } = topology;
  await clock.reset(options.seed ?? seed);
  const { body } = await app.port.api('/api/definitions', {
    method: 'POST', body: definitionsOf(topology),
  });
  await clock.setSpeed(speed);
  for (const client of scenario.clients) if (!client.later) await clients.start(client);
  if (inputs.length > 0) await clock.repeat(inputs);
  // A copy: begun again, the lesson is another one, at its first step.
  scenario$.next({ ...scenario });
  if (options.paused !== true) {
    await clock.advanceTo(warmUpMs);
    await clock.resume();
  }
  if (!Array.isArray(body)) return [];
  return body.filter((item) => !isTaken(item) && item.outcome !== 'skipped');
}

/** Ends what runs; there is nothing but a broker. */
export async function openBlank(app: App): Promise<void> {
  const { clock } = app.port;
  if (clock === undefined) return;
  await inTurn(async () => {
    await clock.reset(SEED);
    scenario$.next(undefined);
    await clock.setSpeed(1);
    await clock.resume();
  });
}
