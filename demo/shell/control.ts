import { firstValueFrom } from 'rxjs';
import type { TapEvent } from '../../core/management/index.ts';
import type { ClientLog, ClientView } from '../port/client-host.ts';
import type { ClockState, StepUnit } from '../port/clock-control.ts';
import { runPredicate } from '../sandbox/predicate.ts';
import { kept } from '../port/kept.ts';
import type { App } from './app.ts';
import { openScenario, type OpenOptions } from './open-scenario.ts';

/** The same seam that the screens use, for tests and for the console of the browser. */
export interface Playground {
  readonly app: App;
  open(name: string, options?: OpenOptions): Promise<boolean>;
  clock(): Promise<ClockState>;
  /** Steps so many times; how many steps there were to make. */
  step(count?: number, unit?: StepUnit): Promise<number>;
  nextTimer(): Promise<boolean>;
  advanceTo(at: number): Promise<void>;
  /** Everything that the ring of the tap has. */
  tap(): Promise<readonly TapEvent[]>;
  clients(): Promise<readonly ClientView[]>;
  /** The last lines that clients wrote. */
  logs(): Promise<readonly ClientLog[]>;
  /** As the queue browser tries one. */
  runPredicate: typeof runPredicate;
}

declare global {
  interface Window { __playground: Playground }
}

export function installControl(app: App): void {
  const clock = app.port.clock!;
  const clients = app.port.clients!;
  window.__playground = {
    app,
    open: (name, options) => openScenario(app, name, options),
    clock: () => firstValueFrom(clock.state$),
    async step(count = 1, unit = 'event') {
      let steps = 0;
      while (steps < count && await clock.step(unit)) steps++;
      return steps;
    },
    nextTimer: () => clock.nextTimer(),
    advanceTo: (at) => clock.advanceTo(at),
    async tap() {
      return (await kept(app.port, app.port.tap$({ since: 0 }))).flatMap(({ events }) => events);
    },
    clients: () => firstValueFrom(clients.clients$),
    logs: () => kept(app.port, clients.logs$),
    runPredicate,
  };
}
