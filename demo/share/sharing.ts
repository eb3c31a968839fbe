/** Takes what there is to a link or a file, and back again once somebody agreed to it. */
import { BehaviorSubject, firstValueFrom } from 'rxjs';
import type { Definitions } from '../../core/management/index.ts';
import { Positions } from '../screens/canvas/positions.ts';
import type { Scenario } from '../scenarios/format.ts';
import type { App } from '../shell/app.ts';
import { beginScenario, scenario$ } from '../shell/open-scenario.ts';
import { beginningOf } from './beginning.ts';
import { ShareError } from './reading.ts';
import type { Shared } from './shared.ts';

/** What came in by a link or a file and waits for an answer, or cannot be opened. */
export type Incoming =
  | { readonly kind: 'asks'; readonly shared: Shared }
  | { readonly kind: 'tells'; readonly title: string; readonly text: string };

export const incoming$ = new BehaviorSubject<Incoming | undefined>(undefined);
/** Whether the dialog that makes links is open. */
export const sharing$ = new BehaviorSubject(false);

/** Name of what was opened so, for its places on the canvas. */
const NAME = 'shared';

/** What there is to share. */
export interface Sharing {
  /** The playground as it is now: what is declared, the code, the places; without messages. */
  readonly present: Shared;
  /** The run from its beginning, with all that was done by hand; undefined: that is not known. */
  readonly run: Shared | undefined;
  /** Why it is not known, in words; '' where it is. */
  readonly lost: string;
}

export async function sharingOf({ port }: App): Promise<Sharing> {
  const [{ body }, clients, { seed, speed }, { inputs, lost }] = await Promise.all([
    port.api('/api/definitions'),
    firstValueFrom(port.clients!.clients$),
    firstValueFrom(port.clock!.state$),
    port.clock!.recording(),
  ]);
  const { vhosts, exchanges, queues, bindings } = body as Definitions;
  const present: Shared = {
    definitions: { vhosts, exchanges, queues, bindings },
    clients: clients.map(({ name, code, library }) => ({ name, code, library })),
    positions: new Positions(scenario$.value?.name ?? 'blank').places,
    seed,
    speed,
  };
  return { present, lost, run: lost === '' ? { ...present, ...beginningOf(inputs) } : undefined };
}

/** Asks about what is being read, or tells why it cannot be. Nothing of it runs. */
export async function receive(reading: () => Promise<Shared>): Promise<void> {
  try {
    incoming$.next({ kind: 'asks', shared: await reading() });
  } catch (error) {
    if (!(error instanceof ShareError)) throw error;
    incoming$.next({
      kind: 'tells', title: 'This playground cannot be opened', text: error.message,
    });
  }
}

/** Begins what was shared, in place of what runs. */
export async function openShared(
  app: App, shared: Shared, { paused }: { paused: boolean },
): Promise<void> {
  const { definitions, clients, positions, seed, speed, inputs = [] } = shared;
  new Positions(NAME).replace(positions);
  const scenario: Scenario = {
    name: NAME,
    topology: { ...definitions, seed, speed },
    coach: { title: 'Shared', number: 0, summary: '', steps: [] },
    clients: clients.map((client) => ({ ...client, later: false })),
    inputs,
  };
  const refused = await beginScenario(app, scenario, { paused });
  if (refused.length === 0) return;
  const each = refused.map(({ kind, name, text }) => `${kind} “${name}”: ${text}`);
  incoming$.next({
    kind: 'tells', title: 'Not all of it could be declared', text: each.join('\n'),
  });
}
