import { firstValueFrom, lastValueFrom, toArray, timer, takeUntil } from 'rxjs';
import type { TapEvent } from '../../core/management/index.ts';
import type { ClockState, StepUnit } from '../port/clock-control.ts';
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
}

declare global {
  interface Window { __playground: Playground }
}

/** How long the ring may take to be handed over, in milliseconds of the wall. */
const RING_MS = 100;

export function installControl(app: App): void {
  const clock = app.port.clock!;
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
      const batches = await lastValueFrom(
        app.port.tap$({ since: 0 }).pipe(takeUntil(timer(RING_MS)), toArray()),
      );
      return batches.flatMap(({ events }) => events);
    },
  };
}
