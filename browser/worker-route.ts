import type { LineMessage } from './line.ts';
import type { Route } from './tab-broker.ts';

/**
 * Leads to a worker of this tab, which is started with the first line and again when it is gone.
 * It hosts the broker itself, or where the tabs elect one of their workers, leads to that.
 */
export class WorkerRoute implements Route {
  readonly #make: () => Worker;
  readonly #election: string | undefined;
  #worker: Worker | undefined;
  #fail: (text: string) => void = () => {};

  constructor(make: () => Worker, election?: string) {
    this.#make = make;
    this.#election = election;
  }

  get place(): 'worker' | 'elected-worker' {
    return this.#election === undefined ? 'worker' : 'elected-worker';
  }

  readonly open = (): MessagePort => {
    const worker = this.#worker ??= this.#make();
    worker.onerror = (event) => this.#fail(whyFailed(event));
    const { port1, port2: port } = new MessageChannel();
    const election = this.#election;
    const where = election === undefined ? {} : { election };
    const message: LineMessage = { kind: 'line', port, ...where };
    worker.postMessage(message, [port]);
    return port1;
  };

  readonly onFailure = (run: (text: string) => void): void => void (this.#fail = run);

  readonly renew = (): void => {
    this.#worker?.terminate();
    this.#worker = undefined;
  };

  readonly close = this.renew;
}

/** Why a worker failed, which its page may not always know. */
export function whyFailed(event: Event): string {
  const { message } = event as ErrorEvent;
  if (message) return `The worker failed: ${message}.`;
  return 'The script of the worker could not be loaded. Where a bundler leaves it out, or it is ' +
    'of another origin, have the options worker and sharedWorker make one of a script of your ' +
    'own that calls hostBrokers of tabmq/browser.';
}
