import { BrokerHost, type BrokerHostOptions } from './broker-host.ts';
import { hasLocks } from './life.ts';
import type { BrokerSettings, LineMessage } from './line.ts';
import { TabBroker, TabBrokerError, type Place, type Route } from './tab-broker.ts';

export interface OpenBrokerOptions extends Partial<BrokerSettings> {
  /**
   * `shared-worker`: one broker for all tabs, as long as any of them lives. `worker`: one that
   * lives and ends with this tab. `elected-worker`: one for all tabs, in a worker of one of them;
   * when that tab is gone, another one takes over. Default: the first, or the last in browsers
   * without SharedWorker.
   */
  readonly place?: Exclude<Place, 'here'>;
  /** Makes a worker of another script, which calls `hostBrokers`. */
  readonly worker?: () => Worker;
  readonly sharedWorker?: () => SharedWorker;
}

const DEFAULT_NAME = 'broker';
const NO_SCRIPT = 'The script of the worker could not be loaded.';

/**
 * Opens the broker of this name for this tab, and starts it where it does not run yet. Rejects
 * with a TabBrokerError that says why it cannot be had.
 */
export async function openBroker(options: OpenBrokerOptions = {}): Promise<TabBroker> {
  const settings = settingsOf(options);
  return TabBroker.open(await routeOf(options, settings.name), settings);
}

export interface OpenBrokerHereOptions extends Partial<BrokerSettings>, BrokerHostOptions {}

/**
 * Opens a broker in this page or worker itself, whose tasks it shares. A service worker can do
 * this, as it can start no worker; the browser ends it whenever it is idle.
 */
export async function openBrokerHere(options: OpenBrokerHereOptions = {}): Promise<TabBroker> {
  const host = new BrokerHost(options);
  const open = (): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    host.connect(port2);
    return port1;
  };
  return TabBroker.open({ place: 'here', open }, settingsOf(options));
}

const storages: readonly unknown[] = ['durable', 'durable-or-memory', 'memory'];

function settingsOf(options: Partial<BrokerSettings>): BrokerSettings {
  const { name = DEFAULT_NAME, storage = 'durable', salvage = false } = options;
  if (typeof name !== 'string' || name === '') {
    throw new TabBrokerError(`The name of a broker is a text, and '${name}' cannot be one.`);
  }
  if (!storages.includes(storage)) {
    throw new TabBrokerError(`The storage is one of ${storages.join(', ')}, and not '${storage}'.`);
  }
  return { name, storage, salvage };
}

async function routeOf(options: OpenBrokerOptions, name: string): Promise<Route> {
  const { place = defaultPlace(), worker = makeWorker, sharedWorker = makeSharedWorker } = options;
  switch (place) {
    case 'shared-worker':
      if (globalThis.SharedWorker === undefined) throw missing('SharedWorker');
      return sharedRoute(sharedWorker);
    case 'worker':
      if (globalThis.Worker === undefined) throw missing('Worker');
      return workerRoute(worker());
    case 'elected-worker': {
      if (globalThis.Worker === undefined) throw missing('Worker');
      if (!hasLocks()) throw missing('Web Locks, which need https or localhost');
      // Few browsers need it, so that only they load it.
      const { ElectedRoute } = await import('./election.ts');
      return new ElectedRoute(name, worker);
    }
    default:
      throw new TabBrokerError(
        `A broker runs in a shared-worker, a worker or an elected-worker, and not in '${place}'.`,
      );
  }
}

function defaultPlace(): Exclude<Place, 'here'> {
  return globalThis.SharedWorker === undefined ? 'elected-worker' : 'shared-worker';
}

function missing(what: string): TabBrokerError {
  return new TabBrokerError(`There is no ${what} here: choose another place for the broker.`);
}

// Bundlers look for exactly these expressions, and bundle the script as well.
function makeSharedWorker(): SharedWorker {
  return new SharedWorker(new URL('./broker-worker.js', import.meta.url), {
    type: 'module', name: 'tabmq',
  });
}

function makeWorker(): Worker {
  return new Worker(new URL('./broker-worker.js', import.meta.url), { type: 'module' });
}

function sharedRoute(make: () => SharedWorker): Route {
  let fail: (text: string) => void = () => {};
  return {
    place: 'shared-worker',
    open() {
      const shared = make();
      shared.onerror = () => fail(NO_SCRIPT);
      return shared.port;
    },
    onFailure: (run) => void (fail = run),
  };
}

function workerRoute(worker: Worker): Route {
  return {
    place: 'worker',
    open() {
      const { port1, port2 } = new MessageChannel();
      const message: LineMessage = { kind: 'line', port: port2 };
      worker.postMessage(message, [port2]);
      return port1;
    },
    onFailure: (run) => void (worker.onerror = () => run(NO_SCRIPT)),
    close: () => worker.terminate(),
  };
}
