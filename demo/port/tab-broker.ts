import { shareReplay, type Observable } from 'rxjs';
import type { ApiRequest, ApiResponse } from '../../core/management/index.ts';
import type { BrokerPort, Capabilities, TapBatch, TapFilter } from './broker-port.ts';
import type { ClientHost, ClientLog, ClientSpec, ClientView } from './client-host.ts';
import type {
  Breakpoint, ClockControl, ClockState, StepUnit, TimerView,
} from './clock-control.ts';
import type { RpcClient } from './rpc.ts';

/** Makes the Worker of a client and hands it a port; answers how to end it at once. */
export type Spawn = (name: string, port: MessagePort) => () => void;

/** Makes what runs of what the user wrote; throws where it is no JavaScript or TypeScript. */
export type Compile = (spec: ClientSpec) => Promise<string>;

/** The broker in a worker of this tab. */
export class TabBroker implements BrokerPort {
  readonly capabilities: Capabilities = { clock: true, clients: true, frames: true, write: true };
  readonly clock: ClockControl;
  readonly clients: ClientHost;
  readonly #rpc: RpcClient;

  constructor(rpc: RpcClient, spawn: Spawn, compile: Compile) {
    this.#rpc = rpc;
    const workers = new Workers(rpc, spawn, compile);
    this.clock = new TabClock(rpc, () => workers.end());
    this.clients = workers;
  }

  api(path: string, init: Omit<ApiRequest, 'path'> = {}): Promise<ApiResponse> {
    return this.#rpc.call('api', path, init);
  }

  tap$(filter: TapFilter = {}): Observable<TapBatch> {
    return this.#rpc.stream('tap', filter);
  }

  dial(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    void this.#rpc.call('dial', port2);
    return port1;
  }
}

function shared<T>(source: Observable<T>): Observable<T> {
  return source.pipe(shareReplay({ bufferSize: 1, refCount: true }));
}

class TabClock implements ClockControl {
  readonly state$: Observable<ClockState>;
  readonly #rpc: RpcClient;
  readonly #onReset: () => void;

  constructor(rpc: RpcClient, onReset: () => void) {
    this.#rpc = rpc;
    this.#onReset = onReset;
    this.state$ = shared(rpc.stream('clock'));
  }

  pause(): Promise<void> {
    return this.#rpc.call('pause');
  }

  resume(): Promise<void> {
    return this.#rpc.call('resume');
  }

  step(unit: StepUnit): Promise<boolean> {
    return this.#rpc.call('step', unit);
  }

  nextTimer(): Promise<boolean> {
    return this.#rpc.call('nextTimer');
  }

  advanceTo(at: number): Promise<void> {
    return this.#rpc.call('advanceTo', at);
  }

  setSpeed(speed: number): Promise<void> {
    return this.#rpc.call('setSpeed', speed);
  }

  setBreakpoints(breakpoints: readonly Breakpoint[]): Promise<void> {
    return this.#rpc.call('setBreakpoints', breakpoints);
  }

  timers(count?: number): Promise<readonly TimerView[]> {
    return this.#rpc.call('timers', count);
  }

  reset(seed: number): Promise<void> {
    this.#onReset();
    return this.#rpc.call('reset', seed);
  }
}

class Workers implements ClientHost {
  readonly clients$: Observable<readonly ClientView[]>;
  readonly logs$: Observable<ClientLog>;
  readonly #rpc: RpcClient;
  readonly #spawn: Spawn;
  readonly #compile: Compile;
  readonly #ends = new Map<string, () => void>();

  constructor(rpc: RpcClient, spawn: Spawn, compile: Compile) {
    this.#rpc = rpc;
    this.#spawn = spawn;
    this.#compile = compile;
    this.clients$ = shared(rpc.stream('clients'));
    this.logs$ = rpc.stream('logs');
  }

  async start(spec: ClientSpec): Promise<void> {
    const compiled = await this.#compile(spec);
    this.#end(spec.name);
    const { port1, port2 } = new MessageChannel();
    this.#ends.set(spec.name, this.#spawn(spec.name, port1));
    await this.#rpc.call('startClient', spec, compiled, port2);
  }

  /** The Worker ends here and now; the broker is told as well, as not every port tells it. */
  async kill(name: string): Promise<void> {
    this.#end(name);
    await this.#rpc.call('killClient', name);
  }

  async remove(name: string): Promise<void> {
    this.#end(name);
    await this.#rpc.call('removeClient', name);
  }

  setPaused(name: string, paused: boolean): Promise<void> {
    return this.#rpc.call('setClientPaused', name, paused);
  }

  setDelay(name: string, delayMs: number): Promise<void> {
    return this.#rpc.call('setClientDelay', name, delayMs);
  }

  end(): void {
    for (const name of [...this.#ends.keys()]) this.#end(name);
  }

  #end(name: string): void {
    this.#ends.get(name)?.();
    this.#ends.delete(name);
  }
}
