/** How a page reaches the broker of its site: the best way that its browser has. */
import { ElectedRoute } from '../../browser/election.ts';
import { hasLocks } from '../../browser/life.ts';
import type { LineMessage } from '../../browser/line.ts';

const NAME = 'playground';

/** Answers how to open a line: once, and again when the other end is gone. */
export function brokerLine(): () => MessagePort {
  if (isDenied()) return ownLine();
  return sharedLine() ?? electedLine() ?? ownLine();
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
function sharedLine(): (() => MessagePort) | undefined {
  if (globalThis.SharedWorker === undefined) return undefined;
  const { port } = new SharedWorker(new URL('../broker/worker.ts', import.meta.url), {
    type: 'module', name: NAME,
  });
  return () => port;
}

/** The worker of one of the tabs, which another one takes over when that tab is gone. */
function electedLine(): (() => MessagePort) | undefined {
  if (!hasLocks() || globalThis.BroadcastChannel === undefined) return undefined;
  const route = new ElectedRoute(NAME, makeWorker);
  return () => route.open();
}

function ownLine(): () => MessagePort {
  const worker = makeWorker();
  return () => {
    const { port1, port2 } = new MessageChannel();
    const message: LineMessage = { kind: 'line', port: port2 };
    worker.postMessage(message, [port2]);
    return port1;
  };
}

function makeWorker(): Worker {
  return new Worker(new URL('../broker/worker.ts', import.meta.url), {
    type: 'module', name: NAME,
  });
}
