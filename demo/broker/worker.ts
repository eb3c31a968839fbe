/** The worker in which the broker of the playground lives: dedicated to a page, or shared. */
import { BehaviorSubject, Observable, switchMap } from 'rxjs';
import { browserClock } from '../../browser/host-clock.ts';
import type { ApiRequest } from '../../core/management/index.ts';
import type { TapBatch, TapFilter } from '../port/broker-port.ts';
import type { ClientSpec } from '../port/client-host.ts';
import type { Breakpoint, StepUnit } from '../port/clock-control.ts';
import { serveRpc, type RpcPort, type Services } from '../port/rpc.ts';
import type { ClientPort } from './client-link.ts';
import { World } from './world.ts';

const host = browserClock();
const world$ = new BehaviorSubject(new World(host, { seed: 1, paused: true }));

/** What screens can ask of the world; all that is streamed goes on with the next world. */
const services: Services = {
  calls: {
    api: (path: string, init: Omit<ApiRequest, 'path'>) => world$.value.api({ path, ...init }),
    pause: () => world$.value.pause(),
    resume: () => world$.value.resume(),
    step: (unit: StepUnit) => world$.value.step(unit),
    nextTimer: () => world$.value.nextTimer(),
    advanceTo: (at: number) => world$.value.advanceTo(at),
    setSpeed: (speed: number) => world$.value.setSpeed(speed),
    setBreakpoints: (breakpoints: readonly Breakpoint[]) =>
      world$.value.setBreakpoints(breakpoints),
    timers: (count?: number) => world$.value.timers(count),
    reset(seed: number) {
      world$.value.end();
      world$.next(new World(host, { seed, paused: true }));
    },
    dial: (port: MessagePort) => world$.value.serve(port),
    startClient: (spec: ClientSpec, compiled: string, port: MessagePort) =>
      world$.value.clients.start(spec, compiled, port as unknown as ClientPort),
    failClient: (spec: ClientSpec, text: string, line: number) =>
      world$.value.clients.fail(spec, text, line),
    killClient: (name: string) => world$.value.clients.kill(name),
    removeClient: (name: string) => world$.value.clients.remove(name),
    setClientPaused: (name: string, paused: boolean) =>
      world$.value.clients.setPaused(name, paused),
    setClientDelay: (name: string, delayMs: number) =>
      world$.value.clients.setDelay(name, delayMs),
  },
  streams: {
    tap: (filter: TapFilter) => world$.pipe(switchMap((world) =>
      new Observable<TapBatch>((batches) =>
        world.tap.subscribe(filter, (batch) => batches.next(batch))))),
    clock: () => world$.pipe(switchMap(({ state$ }) => state$)),
    clients: () => world$.pipe(switchMap(({ clients }) => clients.clients$)),
    logs: () => world$.pipe(switchMap(({ clients }) => clients.logs$)),
  },
};

addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports;
  serveRpc(port!, services);
  port!.start();
});
if (!('onconnect' in globalThis)) serveRpc(globalThis as unknown as RpcPort, services);
