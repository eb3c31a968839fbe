import { cannotKeep, STORES_NOTHING } from './cannot-keep.ts';
import { hasLocks, mayLock } from './life.ts';
import type { BrokerSettings } from './line.ts';
import { lastResort, settingsOf } from './settings.ts';
import { TabBroker, TabBrokerError, type Place, type Route } from './tab-broker.ts';
import { whyFailed, WorkerRoute } from './worker-route.ts';

/** Where the broker runs, what it is called, and whether it keeps anything. */
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
  /** Makes the SharedWorker, for bundlers that want the URL of its script in your own code. */
  readonly sharedWorker?: () => SharedWorker;
}

/**
 * Opens the broker of this name for this tab, and starts it where it does not run yet. Rejects
 * with a TabBrokerError that says why it cannot be had. Where no place is named and the first
 * cannot be had, as in frames of other sites, a broker that may forget runs in a worker of this
 * tab; and where there can be no worker, as in a sandboxed frame, in the page itself, if that
 * imports `openBrokerHere` as well.
 */
export async function openBroker(options: OpenBrokerOptions = {}): Promise<TabBroker> {
  const settings = settingsOf(options);
  const { name, storage } = settings;
  if (storage === 'durable' && hasLocks() && !await mayLock()) {
    throw new TabBrokerError(cannotKeep(name, STORES_NOTHING));
  }
  const open = async (place: Place): Promise<TabBroker> =>
    TabBroker.open(await routeTo(place, options, name), settings);
  const { place } = options;
  if (place !== undefined) return open(place);
  return open(defaultPlace()).catch((error: unknown) => {
    if (storage === 'durable') throw error;
    return open('worker').catch((error: unknown) => {
      if (lastResort.open === undefined) throw error;
      return lastResort.open(settings);
    });
  });
}

const NO_LOCKS = 'An elected worker needs Web Locks, which only https and localhost have, ' +
  'and no site that may store nothing: choose another place for the broker.';

async function routeTo(
  place: Place, { worker = makeWorker, sharedWorker = makeSharedWorker }: OpenBrokerOptions,
  name: string,
): Promise<Route> {
  switch (place) {
    case 'shared-worker':
      if (globalThis.SharedWorker === undefined) throw missing('SharedWorker');
      return sharedRoute(sharedWorker);
    case 'worker':
      if (globalThis.Worker === undefined) throw missing('Worker');
      return new WorkerRoute(worker);
    case 'elected-worker':
      if (globalThis.Worker === undefined) throw missing('Worker');
      if (!await mayLock()) {
        throw new TabBrokerError(NO_LOCKS);
      }
      return new WorkerRoute(worker, name);
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
      shared.onerror = (event) => fail(whyFailed(event));
      return shared.port;
    },
    onFailure: (run) => void (fail = run),
  };
}
