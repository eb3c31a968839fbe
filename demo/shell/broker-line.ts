/** How a page reaches the broker of its site: the best way that its browser has. */
import { hasLocks } from '../../browser/life.ts';
import { WorkerRoute } from '../../browser/worker-route.ts';
import type { HomePlace } from '../port/home.ts';

export interface BrokerLine {
  readonly place: HomePlace;
  /** Opens a line: once, and again when the other end is gone. */
  open(): MessagePort;
}

/** Tells of a worker that cannot be had or met with an error of its own. */
type OnFailure = (text: string) => void;

const NAME = 'playground';

export function brokerLine(onFailure: OnFailure): BrokerLine {
  if (isDenied()) return ownLine(onFailure);
  return sharedLine(onFailure) ?? electedLine(onFailure) ?? ownLine(onFailure);
}

/** A site that may keep nothing has no workers to share and no locks to elect with. */
function isDenied(): boolean {
  try {
    return globalThis.localStorage === undefined;
  } catch {
    return true;
  }
}

/** One worker for all tabs, as long as any of them is open. */
function sharedLine(onFailure: OnFailure): BrokerLine | undefined {
  if (globalThis.SharedWorker === undefined) return undefined;
  const shared = new SharedWorker(new URL('../broker/worker.ts', import.meta.url), {
    type: 'module', name: NAME,
  });
  tell(shared, onFailure);
  return { place: 'shared', open: () => shared.port };
}

/** The worker of one of the tabs, which another one takes over when that tab is gone. */
function electedLine(onFailure: OnFailure): BrokerLine | undefined {
  if (!hasLocks() || globalThis.BroadcastChannel === undefined) return undefined;
  return { place: 'elected', open: lineTo(onFailure, NAME) };
}

function ownLine(onFailure: OnFailure): BrokerLine {
  return { place: 'own', open: lineTo(onFailure) };
}

/** Opens lines to a worker of this tab, or to the one that wins the election. */
function lineTo(onFailure: OnFailure, election?: string): () => MessagePort {
  const makeWorker = (): Worker => new Worker(new URL('../broker/worker.ts', import.meta.url), {
    type: 'module', name: NAME,
  });
  const route = new WorkerRoute(makeWorker, election);
  route.onFailure(onFailure);
  return route.open;
}

/** A script that could not be loaded comes without a message. */
function tell(worker: AbstractWorker, onFailure: OnFailure): void {
  worker.addEventListener('error', (event) => onFailure(
    event instanceof ErrorEvent && event.message
      ? `The broker met with an error: ${event.message}. Load the page again.`
      : 'The script of the broker could not be loaded. Load the page again.',
  ));
}
