/** The worker in which the broker of the playground lives: dedicated to a page, or shared. */
import { Observable, switchMap } from 'rxjs';
import { browserClock } from '../../browser/host-clock.ts';
import { whenGone } from '../../browser/life.ts';
import { receiveLines } from '../../browser/receive-lines.ts';
import type { ApiRequest } from '../../core/management/index.ts';
import type { TapBatch, TapFilter } from '../port/broker-port.ts';
import type { ClientSpec } from '../port/client-host.ts';
import type { Breakpoint, StepUnit } from '../port/clock-control.ts';
import type { RecordedInput } from '../port/recording.ts';
import { serveRpc, type Services } from '../port/rpc.ts';
import type { ClientPort } from './client-link.ts';
import { BrokerHome } from './home.ts';
import type { World } from './world.ts';

const home = new BrokerHome(browserClock());
const { world$ } = home;

/** What screens can ask of the world; all that is streamed goes on with the next world. */
const services: Services = {
  calls: {
    api: (path: string, init: Omit<ApiRequest, 'path'>) =>
      world$.value.outside.api({ path, ...init }),
    pause: () => world$.value.pause(),
    resume: () => world$.value.resume(),
    step: (unit: StepUnit) => world$.value.step(unit),
    nextTimer: () => world$.value.nextTimer(),
    advanceTo: (at: number) => world$.value.advanceTo(at),
    setSpeed: (speed: number) => world$.value.setSpeed(speed),
    setBreakpoints: (breakpoints: readonly Breakpoint[]) =>
      world$.value.setBreakpoints(breakpoints),
    timers: (count?: number) => world$.value.timers(count),
    recording: () => world$.value.outside.recording,
    repeat: (inputs: readonly RecordedInput[], spawner: MessagePort) =>
      world$.value.repeat(inputs, spawner),
    reset: (seed: number) => home.reset(seed),
    recover: (seed: number, at: number) => home.recover({ seed, at }),
    switchTo: (workspace: string, seed: number, at: number) =>
      home.switchTo(workspace, { seed, at }),
    erase: (workspace: string) => home.erase(workspace),
    restart: () => home.restart(),
    dial: (port: MessagePort) => world$.value.outside.serve(port),
    failClient: (spec: ClientSpec, text: string, line: number) =>
      world$.value.outside.fail(spec, text, line),
    killClient: (name: string) => world$.value.outside.kill(name),
    removeClient: (name: string) => world$.value.outside.remove(name),
    setClientPaused: (name: string, paused: boolean) =>
      world$.value.outside.setPaused(name, paused),
    setClientDelay: (name: string, delayMs: number) =>
      world$.value.outside.setDelay(name, delayMs),
  },
  streams: {
    home: () => home.state$,
    tap: (filter: TapFilter) => world$.pipe(switchMap((world) =>
      new Observable<TapBatch>((batches) =>
        world.tap.subscribe(filter, (batch) => batches.next(batch))))),
    clock: () => world$.pipe(switchMap(({ state$ }) => state$)),
    clients: () => world$.pipe(switchMap(({ clients }) => clients.clients$)),
    logs: () => world$.pipe(switchMap(({ clients }) => clients.logs$)),
    marbles: () => world$.pipe(switchMap(({ clients }) => clients.marbles$)),
  },
};

receiveLines(serve);

function serve(port: MessagePort): void {
  /** Clients whose Workers this page has, with the worlds in which they are. */
  const own = new Map<string, { readonly world: World; readonly run: number }>();
  const enter = (life: string | undefined, workspace: string): void => {
    home.enter(life, workspace);
    void whenGone(life).then(leave);
  };
  const startClient = (spec: ClientSpec, compiled: string, client: MessagePort): number => {
    const { value: world } = world$;
    const run = world.outside.start(spec, compiled, client as unknown as ClientPort);
    own.set(spec.name, { world, run });
    return run;
  };
  const leave = (): void => {
    end();
    // Their Workers went with the page, and their ports do not tell.
    for (const [name, { world, run }] of own) world.clients.orphan(name, run);
  };
  const end = serveRpc(port, { ...services, calls: { ...services.calls, enter, startClient } });
  port.start();
}
