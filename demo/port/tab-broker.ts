import { shareReplay, type Observable } from 'rxjs';
import { holdLife } from '../../browser/life.ts';
import type { ApiRequest, ApiResponse } from '../../core/management/index.ts';
import type { BrokerPort, Capabilities, TapBatch, TapFilter } from './broker-port.ts';
import type { ClientHost, ClientLog, ClientSpec, ClientView, Marble } from './client-host.ts';
import type {
  Breakpoint, ClockControl, ClockState, StepUnit, TimerView,
} from './clock-control.ts';
import type { Home, HomePlace } from './home.ts';
import type { RecordedInput, Recording } from './recording.ts';
import type { RpcClient } from './rpc.ts';

/**
 * Makes the Worker of a client and hands it a port, or tells in a sentence why there is none.
 * Answers how to end it at once.
 */
export type Spawn = (
  name: string, port: MessagePort, onRefused: (text: string) => void,
) => () => void;

/** Makes what runs of what the user wrote; rejects with its `line` where that is no code. */
export type Compile = (spec: ClientSpec) => Promise<string>;

/** The broker in a worker of this tab. */
export class TabBroker implements BrokerPort {
  readonly capabilities: Capabilities = {
    clock: true, clients: true, frames: true, write: true, server: false,
    makePolicies: false, administer: false,
  };
  readonly clock: ClockControl;
  readonly clients: ClientHost;
  readonly home: Home;
  readonly #rpc: RpcClient;

  /** `workspace`: the one that is to run where none runs yet, whenever that is asked. */
  constructor(
    rpc: RpcClient, spawn: Spawn, compile: Compile, place: HomePlace, workspace: () => string,
  ) {
    this.#rpc = rpc;
    const workers = new Workers(rpc, spawn, compile);
    this.clock = new TabClock(rpc, workers);
    this.clients = workers;
    this.home = homeOf(rpc, place, workspace, () => workers.end());
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

function homeOf(
  rpc: RpcClient, place: HomePlace, workspace: () => string, endClients: () => void,
): Home {
  // Where a page may hold no lock, it has a broker of its own.
  const life = holdLife().catch(() => undefined);
  const enter = async (): Promise<void> => rpc.call('enter', await life, workspace());
  let entered = enter();
  rpc.lost$.subscribe(() => {
    endClients();
    entered = enter();
  });
  return {
    place,
    get entered() {
      return entered;
    },
    state$: shared(rpc.stream('home')),
    lost$: rpc.lost$,
    recover: (seed, at) => rpc.call('recover', seed, at),
    switchTo(to, seed, at) {
      endClients();
      return rpc.call('switchTo', to, seed, at);
    },
    erase: (which) => rpc.call('erase', which),
    restart() {
      endClients();
      return rpc.call('restart');
    },
  };
}

class TabClock implements ClockControl {
  readonly state$: Observable<ClockState>;
  readonly #rpc: RpcClient;
  readonly #workers: Workers;

  constructor(rpc: RpcClient, workers: Workers) {
    this.#rpc = rpc;
    this.#workers = workers;
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

  recording(): Promise<Recording> {
    return this.#rpc.call('recording');
  }

  repeat(inputs: readonly RecordedInput[]): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', ({ data }: MessageEvent<ClientSpec>) => {
      void this.#workers.start(data);
    });
    port1.start();
    return this.#rpc.call('repeat', inputs, port2);
  }

  reset(seed: number): Promise<void> {
    this.#workers.end();
    return this.#rpc.call('reset', seed);
  }
}

class Workers implements ClientHost {
  readonly clients$: Observable<readonly ClientView[]>;
  readonly logs$: Observable<ClientLog>;
  readonly marbles$: Observable<Marble>;
  readonly #rpc: RpcClient;
  readonly #spawn: Spawn;
  readonly #compile: Compile;
  /** The Workers that run. */
  readonly #workers = new Map<string, { readonly end: () => void; run: number }>();

  constructor(rpc: RpcClient, spawn: Spawn, compile: Compile) {
    this.#rpc = rpc;
    this.#spawn = spawn;
    this.#compile = compile;
    this.clients$ = shared(rpc.stream('clients'));
    this.logs$ = rpc.stream('logs');
    this.marbles$ = rpc.stream('marbles');
    this.clients$.subscribe((clients) => this.#endGone(clients));
  }

  async start(spec: ClientSpec): Promise<void> {
    const { name, code, library } = spec;
    const plain: ClientSpec = { name, code, library };
    let compiled: string;
    try {
      compiled = await this.#compile(plain);
    } catch (error) {
      const { message, line = 0 } = error as Error & { readonly line?: number };
      return this.#fail(plain, message, line);
    }
    await this.#run(plain, compiled);
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
    for (const name of [...this.#workers.keys()]) this.#end(name);
  }

  async #run(spec: ClientSpec, compiled: string): Promise<void> {
    this.#end(spec.name);
    const { port1, port2 } = new MessageChannel();
    const onRefused = (text: string): void => void this.#fail(spec, text, 0);
    const worker = { end: this.#spawn(spec.name, port1, onRefused), run: 0 };
    this.#workers.set(spec.name, worker);
    worker.run = await this.#rpc.call('startClient', spec, compiled, port2);
  }

  /** Lists it as a client that could not be made to run. */
  #fail(spec: ClientSpec, text: string, line: number): Promise<void> {
    this.#end(spec.name);
    return this.#rpc.call('failClient', spec, text, line);
  }

  /**
   * What failed is not heard any more, but may well go on: in an endless loop, for one. And what
   * was killed, or ended with its world, was so by another page or by a recording.
   */
  #endGone(clients: readonly ClientView[]): void {
    for (const [name, { run }] of this.#workers) {
      const view = clients.find((client) => client.name === name && client.run === run);
      const isGone = view === undefined || view.status === 'failed' || view.status === 'killed';
      // One without a number has only just begun.
      if (run !== 0 && isGone) this.#end(name);
    }
  }

  #end(name: string): void {
    this.#workers.get(name)?.end();
    this.#workers.delete(name);
  }
}
